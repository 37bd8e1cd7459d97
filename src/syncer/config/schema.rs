//! What the file may hold. Rules and policies are those of a Placement, field by field.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::{api::crds, apiserver::schema::Schema};

/// Every field that is not known, and every value that may not stand where it does: field and problem.
pub(super) fn faults(value: &Value) -> Vec<(String, String)> {
    let Ok(schema) = SCHEMA.as_ref() else { return Vec::new() };
    let problem = "is not known: see docs/tmc/configuration.md for what there is".to_owned();
    let mut known = value.clone();
    let unknown = schema.prune_part(&mut known).into_iter().map(|field| (field, problem.clone()));
    let mut errors = schema.validate_values(&known, None);
    errors.extend(schema.validate_lists(&known));
    unknown.chain(errors.into_iter().map(|error| (field(&error.path), error.body()))).collect()
}

/// The file as a whole has no path.
fn field(path: &str) -> String {
    if path == "<nil>" { String::new() } else { path.to_owned() }
}

static SCHEMA: LazyLock<Result<Schema, crate::apiserver::schema::SchemaError>> =
    LazyLock::new(|| Schema::parse_plain(&document()));

fn document() -> Value {
    let placement = crds::definitions()
        .into_iter()
        .find(|definition| definition.pointer("/spec/names/kind") == Some(&json!("Placement")))
        .unwrap_or_default();
    let of_placement = |field: &str| {
        let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
        let mut schema = placement.pointer(&format!("{spec}/{field}")).cloned().unwrap_or_default();
        // What is valid for a file is only described.
        schema.as_object_mut().and_then(|schema| schema.remove("description"));
        schema
    };
    let text = json!({"type": "string"});
    let texts = json!({"type": "array", "items": text});
    let kind = json!({"group": {"type": "string", "maxLength": 253}, "resource": {"type": "string", "minLength": 1}});
    let mut with_policy = kind.clone();
    with_policy["applyPolicy"] = of_placement("applyPolicy");
    let by_kind = |properties: Value| {
        json!({
            "type": "array",
            "maxItems": 256,
            "items": {"type": "object", "properties": properties, "required": ["resource"]},
        })
    };
    json!({
        "type": "object",
        "properties": {
            "filter": {"type": "object", "properties": {
                "namespaces": texts,
                "resourceTypes": texts,
                "namespaceSelector": text,
                "labelSelector": text,
                "annotations": {"type": "object", "additionalProperties": text},
            }},
            "secrets": {"type": "object", "properties": {
                "policy": {"type": "string", "enum": ["Selected", "Referenced", "All", "None"]},
                "named": {"type": "array", "items": {
                    "type": "object",
                    "properties": {"namespace": text, "name": text},
                    "required": ["namespace", "name"],
                }},
            }},
            "inClusterAccess": {
                "type": "object",
                "properties": {"server": {"type": "string", "minLength": 1}},
                "required": ["server"],
            },
            "transforms": of_placement("overrides"),
            "applyPolicy": of_placement("applyPolicy"),
            "kinds": by_kind(with_policy),
            "upsync": {"type": "array", "items": {
                "type": "string",
                "enum": ["endpoints", "persistentvolumes", "pods"],
            }},
            "allowRecreate": by_kind(kind),
        },
    })
}

#[cfg(test)]
mod tests;
