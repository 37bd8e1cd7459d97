//! What an object of the workspace is to be on the cluster.
//!
//! Pure: the same object and context give the same bytes, whatever is on the cluster. The steps are: strip what the
//! workspace's server wrote, the rules of built-in kinds, in-cluster access, the placement's override, the transform rules, the stamps.
//! What the cluster itself allocates is never rendered, so that server-side apply leaves it alone. It must not know
//! what is there already, nor how objects are written.

pub mod access;
mod hash;
mod kinds;
pub(in crate::syncer) mod places;
pub mod references;
mod spec_override;
mod strip;

use serde_json::{Map, Value};

pub use self::{access::Granted, hash::HashKey, kinds::PRESERVE_NODE_PORTS, spec_override::SPEC_OVERRIDE};
use super::{
    identity::Identity,
    json::entry,
    kind::Kind,
    naming::{self, NamingError, Place},
    ownership::{self, Owner},
    transform::{TransformError, Transforms},
};

/// Label of an object of the workspace: `true` leaves `spec.replicas` to the cluster, where an autoscaler sets it.
pub const RETAIN_REPLICAS: &str = "workload.kcp.io/retain-replicas";

/// What rendering depends on beside the object.
#[derive(Clone, Copy)]
pub struct RenderContext<'a> {
    pub identity: &'a Identity,
    pub kind: &'a Kind,
    /// Under which the hashes of Secrets are made.
    pub hash_key: &'a HashKey,
    /// Applied one after the other: those of the configuration, then those of the Placement.
    pub transforms: &'a [&'a Transforms],
    /// To the API of the workspace, for the object's pods.
    pub access: Option<Granted<'a>>,
}

/// What is to be on the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    pub object: Value,
    /// As stamped on it: equal hashes mean equal objects, as far as they are of one key.
    pub hash: String,
}

impl Rendered {
    /// Whether the hash on a live Secret was made by another process.
    pub fn is_of_another_key(&self, live: Option<&str>) -> bool {
        live.is_some_and(|live| hash::are_of_two_keys(live, &self.hash))
    }
}

/// Why an object cannot be rendered. No message holds a value of the object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error(transparent)]
    Naming(#[from] NamingError),
    /// The object has not the form of its kind, which its server did not check.
    #[error("{field} {problem}")]
    Malformed { field: &'static str, problem: &'static str },
    /// The placement's changes do not fit the object.
    #[error("annotation {annotation}: {problem}")]
    Override { annotation: String, problem: String },
    #[error(transparent)]
    Transform(#[from] TransformError),
}

impl RenderError {
    fn malformed(field: &'static str, problem: &'static str) -> Self {
        Self::Malformed { field, problem }
    }
}

/// Renders an object as the workspace's server returned it.
pub fn render(upstream: &Value, context: &RenderContext<'_>) -> Result<Rendered, RenderError> {
    let RenderContext { identity, kind, .. } = *context;
    let owner = Owner::of(identity, kind, upstream)
        .ok_or(RenderError::malformed("metadata", "must have a name, a uid and the kind's namespace"))?;
    let place = naming::downstream(identity, kind, &owner.namespace, &owner.name)?;
    let mut object = strip::strip(upstream, kind)?;
    kinds::apply(&mut object, upstream, context)?;
    if let Some(granted) = context.access {
        access::apply(&mut object, kind, &owner.namespace, granted)?;
    }
    references::follow_names(&mut object, kind);
    spec_override::apply(&mut object, upstream, identity)?;
    for transforms in context.transforms {
        transforms.apply(&mut object, kind)?;
    }
    if entry(upstream, "labels", RETAIN_REPLICAS) == Some("true")
        && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
    {
        spec.remove("replicas");
    }
    object = identified(object, kind, place);
    let generation = upstream.pointer("/metadata/generation").and_then(Value::as_i64);
    ownership::stamp(&mut object, &owner, identity, generation);
    let hash = hash::hash(&object, kind.is_core("secrets").then_some(context.hash_key));
    ownership::stamp_hash(&mut object, &hash);
    Ok(Rendered { object, hash })
}

/// The object with nothing in its metadata but its new place, labels and annotations, none of them ours.
fn identified(object: Value, kind: &Kind, place: Place) -> Value {
    let mut fields = map(Some(object));
    let mut known = map(fields.remove("metadata"));
    let mut metadata = Map::new();
    for name in ["annotations", "labels"] {
        let mut kept = map(known.remove(name));
        kept.retain(|key, value| value.is_string() && !ownership::is_reserved(key));
        if !kept.is_empty() {
            metadata.insert(name.to_owned(), kept.into());
        }
    }
    metadata.insert("name".to_owned(), place.name.into());
    if kind.namespaced {
        metadata.insert("namespace".to_owned(), place.namespace.into());
    }
    fields.remove("status");
    fields.insert("apiVersion".to_owned(), kind.api_version().into());
    fields.insert("kind".to_owned(), kind.kind.clone().into());
    fields.insert("metadata".to_owned(), metadata.into());
    Value::Object(fields)
}

/// What is no map is an empty one.
fn map(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
