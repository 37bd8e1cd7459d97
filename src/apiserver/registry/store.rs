//! The seam between the write path and whoever keeps the objects.

use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{
    object::{Key, Object},
    request::ResourceRequest,
    scope::Scope,
    snapshot::Snapshot,
    status::ApiError,
};

/// What a write does to one object.
#[derive(Clone, Debug)]
pub enum Change {
    /// Only where nothing is.
    Create(Value),
    /// Only where the object still has this version.
    Replace(u64, Value),
    /// The same, and the object is gone; the value is its last state.
    Remove(u64, Value),
}

/// Why a change was not made.
#[derive(Debug)]
pub enum Refused {
    /// There is an object already.
    Exists(Arc<Object>),
    /// There is none any more.
    Missing,
    /// It has another version.
    Changed,
    Other(ApiError),
}

/// Keeps the objects of one resource in all scopes. Every change gets one new version and one event.
pub trait Store: Send + Sync + 'static {
    /// The objects of now.
    fn snapshot(&self, scope: &Scope) -> Result<Arc<Snapshot>, ApiError>;

    /// The object as a value, as clients know it but for `metadata.resourceVersion`.
    fn value(&self, object: &Object) -> Value;

    /// The outcome of a dry run as it would be read.
    fn shown(&self, _: &Scope, object: Value) -> Value {
        object
    }

    /// Makes the change; returns the new state, or for a removal the last one under its own version.
    fn commit(&self, scope: &Scope, key: &Key, change: Change) -> Result<Arc<Object>, Refused>;

    /// The answer to a create of what is asked and not kept; `None` for what is kept.
    fn answer(&self, _: &ResourceRequest, _: &Value) -> Option<Result<Value, ApiError>> {
        None
    }

    /// Whether the caller may write `new`, over `old` where it exists; asked before anything else is done with it.
    fn permit(&self, _: &ResourceRequest, _new: &Value, _old: Option<&Value>) -> Result<(), ApiError> {
        Ok(())
    }

    /// What the store itself says of a new object.
    fn prepare(&self, _: &ResourceRequest, _: &mut Value) {}

    /// Whether objects may be created in a namespace: 404 where it is missing, 403 while it goes.
    fn admit(&self, scope: &Scope, namespace: &str, name: &str) -> Result<(), ApiError>;
}
