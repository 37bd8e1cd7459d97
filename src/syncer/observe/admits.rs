//! Which objects count: the seam to the filter, and what no filter brings back.

use std::collections::BTreeMap;

use crate::syncer::{filter::ResourceFilter, kind::Kind, naming::is_system_namespace};

/// Labels or annotations.
pub type Labels = BTreeMap<String, String>;

/// What a filter may look at.
#[derive(Clone, Copy, Debug)]
pub struct Meta<'a> {
    /// Empty for a cluster-scoped object.
    pub namespace: &'a str,
    pub name: &'a str,
    pub labels: &'a Labels,
    /// Empty unless [`Admits::by_annotations`].
    pub annotations: &'a Labels,
}

/// The filter of the target, in two halves: an object counts if both admit it. A namespace is judged once for all
/// that is in it, so that nothing but a mark has to be kept of an object.
pub trait Admits: Send + Sync + 'static {
    /// Whether what is in the namespace counts. Its labels are `None` while they are not known, or nobody looks.
    fn namespace(&self, name: &str, labels: Option<&Labels>) -> bool;

    /// Whether [`namespace`](Self::namespace) looks at labels; they are followed only then.
    fn by_namespace_labels(&self) -> bool;

    /// Whether the object counts, wherever it is.
    fn object(&self, kind: &Kind, meta: &Meta<'_>) -> bool;

    /// Whether [`object`](Self::object) looks at annotations.
    fn by_annotations(&self) -> bool;
}

/// The filter of who gives none.
#[derive(Clone, Copy, Debug)]
pub struct Everything;

impl Admits for Everything {
    fn namespace(&self, _: &str, _: Option<&Labels>) -> bool {
        true
    }

    fn by_namespace_labels(&self) -> bool {
        false
    }

    fn object(&self, _: &Kind, _: &Meta<'_>) -> bool {
        true
    }

    fn by_annotations(&self) -> bool {
        false
    }
}

/// Kinds are chosen before anything of them is followed.
impl Admits for ResourceFilter {
    fn namespace(&self, name: &str, labels: Option<&Labels>) -> bool {
        self.admits_namespace(name, labels).is_ok()
    }

    fn by_namespace_labels(&self) -> bool {
        self.needs_namespaces()
    }

    fn object(&self, _: &Kind, meta: &Meta<'_>) -> bool {
        self.admits_marks(meta.labels, meta.annotations).is_ok()
    }

    fn by_annotations(&self) -> bool {
        self.needs_annotations()
    }
}

/// As [`Admits::namespace`]; those of a control plane never count.
pub(super) fn namespace(admits: &dyn Admits, name: &str, labels: Option<&Labels>) -> bool {
    !is_system_namespace(name) && admits.namespace(name, labels)
}
