//! Which rows a request selects, and which of them its caller may see.

use crate::apiserver::{
    identity::Access,
    object::{Key, Object},
    options::ListOptions,
    request::ResourceRequest,
    resource::ResourceInfo,
    selector::{FieldSelector, LabelSelector},
    snapshot::Snapshot,
    status::ApiError,
};

/// The namespace of the path and the selectors of the query.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    /// Empty for every namespace.
    pub(super) namespace: String,
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    pub(super) fn new(request: &ResourceRequest, options: &ListOptions, info: &ResourceInfo) -> Self {
        let namespace = if info.namespaced { request.namespace.clone() } else { String::new() };
        Self { namespace, labels: options.labels.clone(), fields: options.fields.clone() }
    }

    pub(super) fn has_selectors(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }

    pub(super) fn is_everything(&self) -> bool {
        self.namespace.is_empty() && !self.has_selectors()
    }

    pub(super) fn matches(&self, object: &Object) -> bool {
        (self.namespace.is_empty() || *object.key.namespace == *self.namespace)
            && self.fields.matches(&object.key)
            && self.labels.matches(&object.labels)
    }

    /// The only key that can match, where the request says so: found without a walk.
    pub(super) fn key(&self, info: &ResourceInfo) -> Option<Key> {
        let name = self.fields.name()?;
        let namespace = match (info.namespaced, self.namespace.as_str()) {
            (false, _) => "",
            (true, "") => self.fields.namespace()?,
            (true, namespace) => namespace,
        };
        Some(Key { namespace: namespace.into(), name: name.into() })
    }

    /// Where a walk through the snapshot begins: all keys after this one may match.
    pub(super) fn floor(&self) -> Key {
        Key { namespace: self.namespace.as_str().into(), name: "".into() }
    }

    /// Whether a walk has left the namespace.
    pub(super) fn is_past(&self, key: &Key) -> bool {
        !self.namespace.is_empty() && *key.namespace != *self.namespace
    }

    /// How many objects of the namespace come after the key; only meaningful without selectors.
    pub(super) fn count_after(&self, snapshot: &Snapshot, key: &Key) -> usize {
        snapshot.after(key).take_while(|object| !self.is_past(&object.key)).count()
    }
}

/// Whether the caller may see the row; asks where that is not decided.
pub(super) async fn visible(access: &dyn Access, name: &str) -> Result<bool, ApiError> {
    if access.all() {
        return Ok(true);
    }
    match access.peek(name) {
        Some(answer) => Ok(answer),
        None => access.decide(name).await,
    }
}
