//! Taking off what the workspace's server and its controllers wrote, and what means something there alone.

use serde_json::{Map, Value};

use super::RenderError;
use crate::syncer::{kind::Kind, ownership::is_reserved};

/// Annotations that speak of the workspace's copy.
const ANNOTATIONS: [&str; 11] = [
    "batch.kubernetes.io/job-tracking",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubernetes.io/service-account.uid",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-provisioner",
];

/// The object without it; of its metadata the labels and annotations are left, and the names of the workspace.
pub(super) fn strip(upstream: &Value, kind: &Kind) -> Result<Value, RenderError> {
    let fields = upstream.as_object().ok_or(RenderError::malformed("object", "must be a map"))?;
    let mut stripped = Map::new();
    for (name, value) in fields.iter().filter(|(name, _)| !matches!(name.as_str(), "metadata" | "status")) {
        stripped.insert(name.clone(), value.clone());
    }
    let metadata = upstream.get("metadata");
    let mut kept = Map::new();
    for name in ["name", "namespace"] {
        if let Some(value) = metadata.and_then(|metadata| metadata.get(name)) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    for (map, field) in [("annotations", "metadata.annotations"), ("labels", "metadata.labels")] {
        let Some(value) = metadata.and_then(|metadata| metadata.get(map)).filter(|value| !value.is_null())
        else {
            continue;
        };
        let entries = value.as_object().filter(|entries| entries.values().all(Value::is_string));
        let entries = entries.ok_or(RenderError::malformed(field, "must be a map of texts"))?.iter();
        let entries = entries.filter(|(key, _)| !is_reserved(key) && !ANNOTATIONS.contains(&key.as_str()));
        kept.insert(map.to_owned(), entries.map(|(key, value)| (key.clone(), value.clone())).collect());
    }
    stripped.insert("metadata".to_owned(), kept.into());
    let mut object = Value::Object(stripped);
    if kind.is_builtin() {
        drop_nulls(&mut object);
    }
    Ok(object)
}

/// To Kubernetes' own kinds null means that a field is not there. To server-side apply it would be a field.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
