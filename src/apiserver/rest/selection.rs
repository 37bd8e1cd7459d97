//! Which rows a request selects, and which of them its caller may see.

use crate::apiserver::{
    identity::Access,
    object::{Key, Object},
    options::ListOptions,
    request::ResourceRequest,
    resource::ResourceInfo,
    scope::Scope,
    selector::{FieldSelector, LabelSelector},
    snapshot::Snapshot,
    status::ApiError,
    storage::Storage,
};

/// The namespace of the path and the selectors of the query.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    /// Empty for every namespace.
    pub(super) namespace: String,
    labels: LabelSelector,
    fields: FieldSelector,
    /// Over all logical clusters: a name may be there many times.
    across: bool,
}

impl Selection {
    /// 400 for a field that the kind does not have.
    pub(super) fn new(
        request: &ResourceRequest,
        options: &ListOptions,
        storage: &dyn Storage,
    ) -> Result<Self, ApiError> {
        options.fields.check(storage.selectable_fields()).map_err(ApiError::bad_request)?;
        Ok(Self {
            namespace: if storage.info().namespaced { request.namespace().to_owned() } else { String::new() },
            labels: options.labels.clone(),
            fields: options.fields.clone(),
            across: *request.scope() == Scope::Wildcard,
        })
    }

    pub(super) fn has_selectors(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }

    pub(super) fn is_everything(&self) -> bool {
        self.namespace.is_empty() && !self.has_selectors()
    }

    pub(super) fn matches(&self, object: &Object) -> bool {
        (self.namespace.is_empty() || self.namespace_of(&object.key) == self.namespace)
            && self.fields.matches(object)
            && self.labels.matches(&object.labels)
    }

    /// The only key that can match, where the request says so: found without a walk.
    pub(super) fn key(&self, info: &ResourceInfo) -> Option<Key> {
        let name = self.fields.name().filter(|_| !self.across)?;
        let namespace = match (info.namespaced, self.namespace.as_str()) {
            (false, _) => "",
            (true, "") => self.fields.namespace()?,
            (true, namespace) => namespace,
        };
        Some(Key { namespace: namespace.into(), name: name.into() })
    }

    /// Where a walk through the snapshot begins: all keys after this one may match.
    pub(super) fn floor(&self) -> Key {
        // Over all logical clusters the objects of one namespace are not neighbours.
        let namespace = if self.across { "" } else { self.namespace.as_str() };
        Key { namespace: namespace.into(), name: "".into() }
    }

    fn namespace_of<'a>(&self, key: &'a Key) -> &'a str {
        if self.across { key.bare_namespace() } else { &key.namespace }
    }

    /// Whether a walk has left the namespace.
    pub(super) fn is_past(&self, key: &Key) -> bool {
        !self.across && !self.namespace.is_empty() && *key.namespace != *self.namespace
    }

    /// How many objects of the namespace come after the key; only meaningful without selectors.
    pub(super) fn count_after(&self, snapshot: &Snapshot, key: &Key) -> usize {
        let rest = snapshot.after(key).take_while(|object| !self.is_past(&object.key));
        rest.filter(|object| self.matches(object)).count()
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
