//! Pieces of schema that the derives cannot say: conditions, quantities, free-form JSON.
//!
//! Used by the wire types' attributes; it must not know a particular type.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// A workspace path or a logical cluster's name: segments of `[a-z0-9-]`, joined by colons.
pub const WORKSPACE: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(:[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// The name of an APIExport, with the path of its workspace before it when it lives elsewhere.
pub const API_EXPORT: &str = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?:)*[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";

/// `conditions` as a list-map keyed by `type`, so that each writer applies its own entries only. The
/// limits are those of Kubernetes' own types.
pub fn conditions(generator: &mut SchemaGenerator) -> Schema {
    let mut item = Condition::json_schema(generator);
    limit(&mut item, "lastTransitionTime", json!({"type": "string", "format": "date-time"}));
    limit(&mut item, "message", json!({"maxLength": 32_768}));
    limit(&mut item, "observedGeneration", json!({"minimum": 0}));
    let reason = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$";
    limit(&mut item, "reason", json!({"minLength": 1, "maxLength": 1024, "pattern": reason}));
    limit(&mut item, "status", json!({"enum": ["True", "False", "Unknown"]}));
    limit(&mut item, "type", json!({"maxLength": 316}));
    json_schema!({
        "type": "array",
        "items": item,
        "maxItems": 64,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
    })
}

/// A ResourceList: names of resources and their quantities.
pub fn quantities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {"x-kubernetes-int-or-string": true},
    })
}

/// Any JSON value.
pub fn any(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"x-kubernetes-preserve-unknown-fields": true})
}

/// A JSON object whose fields are not known here.
pub fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

fn limit(schema: &mut Schema, property: &str, keywords: Value) {
    let Some(target) = schema.pointer_mut(&format!("/properties/{property}")) else { return };
    let (Some(target), Value::Object(keywords)) = (target.as_object_mut(), keywords) else { return };
    target.remove("$ref");
    target.extend(keywords);
}
