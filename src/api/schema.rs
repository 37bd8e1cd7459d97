//! Pieces of schema that the derives cannot say: conditions, quantities, free-form JSON.
//!
//! Used by the wire types' attributes; it must not know a particular type.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::described;

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

/// What Kubernetes reads as a quantity: `500m`, `1.5Gi`, `1e3`.
const QUANTITY: &str =
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?[0-9]+))?$";

/// A ResourceList: names of resources and their quantities.
pub fn quantities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {"x-kubernetes-int-or-string": true, "pattern": QUANTITY},
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

/// Rewrites a schema and all below it into what Kubernetes writes itself: no null beside a type, an enum
/// of strings instead of alternatives, and number formats that it knows.
pub fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            drop_null(keywords);
            join_constants(keywords);
            signed_format(keywords);
            whole_bounds(keywords);
            join_lines(keywords);
            for (keyword, below) in keywords.iter_mut() {
                match keyword.as_str() {
                    "default" | "enum" | "required" | "x-kubernetes-validations" => {}
                    "properties" => {
                        below.as_object_mut().into_iter().flatten().for_each(|(_, s)| simplify(s))
                    }
                    _ => simplify(below),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

/// A field that is optional is absent, never null. (The title, a Rust name, goes too.)
fn drop_null(keywords: &mut Map<String, Value>) {
    keywords.remove("nullable");
    keywords.remove("title");
    if keywords.get("default") == Some(&Value::Null) {
        keywords.remove("default");
    }
    if let Some(Value::Array(values)) = keywords.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(types)) = keywords.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            keywords.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(mut choices)) = keywords.remove("anyOf") {
        choices.retain(|choice| choice != &json!({"type": "null"}));
        match choices.pop() {
            Some(Value::Object(only)) if choices.is_empty() => {
                only.into_iter().for_each(|(keyword, value)| {
                    keywords.entry(keyword).or_insert(value);
                });
            }
            last => {
                choices.extend(last);
                keywords.insert("anyOf".into(), Value::Array(choices));
            }
        }
    }
}

/// `oneOf` with one constant each, as an enum with documented values comes, is an enum.
fn join_constants(keywords: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = keywords.get("oneOf") else { return };
    let constants: Option<Vec<Value>> = choices.iter().map(|choice| choice.get("const").cloned()).collect();
    if let Some(constants) = constants {
        keywords.remove("oneOf");
        keywords.insert("type".into(), json!("string"));
        keywords.insert("enum".into(), Value::Array(constants));
    }
}

/// API servers warn of the unsigned formats; `minimum: 0` says the same.
fn signed_format(keywords: &mut Map<String, Value>) {
    let signed = match keywords.get("format").and_then(Value::as_str) {
        Some("uint64") => "int64",
        Some("uint32") => "int32",
        _ => return,
    };
    keywords.insert("format".into(), json!(signed));
}

/// The CRD types of k8s-openapi hold bounds as floats; `10` reads better than `10.0`.
fn whole_bounds(keywords: &mut Map<String, Value>) {
    for keyword in ["minimum", "maximum"] {
        let Some(bound) = keywords.get_mut(keyword) else { continue };
        if let Some(float) = bound.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e15) {
            *bound = json!(float as i64);
        }
    }
}

/// A comment's line breaks are not a paragraph's; an empty line is.
fn join_lines(keywords: &mut Map<String, Value>) {
    let Some(Value::String(text)) = keywords.get_mut("description") else { return };
    let paragraphs: Vec<_> = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
    *text = paragraphs.join("\n\n");
}
