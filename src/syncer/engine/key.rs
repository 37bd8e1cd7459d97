//! What a pass is about.

use std::{fmt, sync::Arc};

use super::object::{Kept, Object};

/// One object of the workspace, a namespace of it, or the SyncTarget itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which of the kinds.
    pub kind: u16,
    /// Empty for an object of the cluster.
    pub namespace: Arc<str>,
    pub name: Arc<str>,
}

/// Of the kind of the SyncTarget.
pub const TARGET: u16 = u16::MAX;
/// Of the kind of namespaces as such.
pub const NAMESPACE: u16 = u16::MAX - 1;

impl Key {
    pub fn object(kind: u16, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }

    /// For the store upstream.
    pub fn object_of(&self, kept: Kept) -> Object {
        Object { namespace: self.namespace.clone(), name: self.name.clone(), kept }
    }

    pub fn namespace(name: &str) -> Self {
        Self { kind: NAMESPACE, namespace: name.into(), name: "".into() }
    }

    pub fn target() -> Self {
        Self { kind: TARGET, namespace: "".into(), name: "".into() }
    }

    /// What is in a store of a kind, without a copy of its names.
    pub fn of(kind: u16, namespace: &Arc<str>, name: &Arc<str>) -> Self {
        Self { kind, namespace: namespace.clone(), name: name.clone() }
    }
}

/// For logs.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
