//! The changes to `spec` that the placement wrote for this target, in an annotation of the object.

use json_patch::PatchOperation;
use serde_json::Value;

use super::RenderError;
use crate::syncer::{identity::Identity, json::entry, transform::patch};

/// Annotation, with the target's key after it: a JSON patch of `spec`, whose paths begin there (`/replicas`).
pub const SPEC_OVERRIDE: &str = "override.workload.kcp.io/";
/// What the original wrote instead.
const SPEC_DIFF: &str = "experimental.spec-diff.workload.kcp.io/";

pub(super) fn apply(object: &mut Value, upstream: &Value, identity: &Identity) -> Result<(), RenderError> {
    let key = identity.key();
    let named = |prefix: &str| {
        let annotation = format!("{prefix}{key}");
        entry(upstream, "annotations", &annotation).map(|text| (annotation.clone(), text))
    };
    let Some((annotation, text)) = named(SPEC_OVERRIDE).or_else(|| named(SPEC_DIFF)) else { return Ok(()) };
    if text.is_empty() {
        return Ok(());
    }
    let wrong = |problem: String| RenderError::Override { annotation: annotation.clone(), problem };
    let operations: Vec<PatchOperation> =
        serde_json::from_str(text).map_err(|_| wrong("is not a JSON patch (RFC 6902)".to_owned()))?;
    let spec = object.get_mut("spec").ok_or_else(|| wrong("the object has no spec".to_owned()))?;
    patch::apply(spec, &operations).map_err(|error| wrong(error.to_string()))?;
    // An operation on the root could make anything of it.
    if spec.is_object() { Ok(()) } else { Err(wrong("leaves a spec that is no map".to_owned())) }
}
