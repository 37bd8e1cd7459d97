//! Rewriting schemas, and a check that others use.

use serde_json::json;

use super::*;

/// Fails where a field has neither a description nor a reference to a schema that has one.
pub(crate) fn described(schema: &Value, path: &str) {
    for keyword in ["items", "additionalProperties"] {
        if let Some(below) = schema.get(keyword) {
            described(below, &format!("{path}.{keyword}"));
        }
    }
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{path}.{name}");
        let text = field.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        assert!(text || field.get("$ref").is_some(), "{path} has no description");
        described(field, &path);
    }
}

#[test]
fn schemas_become_what_kubernetes_writes() {
    for (what, schema, expected) in [
        (
            "an optional scalar",
            json!({"type": ["string", "null"], "default": null, "title": "T"}),
            json!({"type": "string"}),
        ),
        ("a nullable enum", json!({"enum": ["A", null], "nullable": true}), json!({"enum": ["A"]})),
        (
            "an optional reference",
            json!({"anyOf": [{"$ref": "#/a"}, {"type": "null"}], "description": "d"}),
            json!({"$ref": "#/a", "description": "d"}),
        ),
        (
            "documented values",
            json!({"oneOf": [{"const": "A", "type": "string"}, {"const": "B", "type": "string"}]}),
            json!({"type": "string", "enum": ["A", "B"]}),
        ),
        (
            "an unsigned number",
            json!({"type": "integer", "format": "uint64", "minimum": 0.0}),
            json!({"type": "integer", "format": "int64", "minimum": 0}),
        ),
        (
            "a field named as a keyword",
            json!({"properties": {"format": {"type": ["integer", "null"], "format": "uint32"}}}),
            json!({"properties": {"format": {"type": "integer", "format": "int32"}}}),
        ),
        (
            "fields named as keywords that are removed",
            json!({"properties": {"title": {"type": "string"}, "nullable": {"type": "string"}}}),
            json!({"properties": {"title": {"type": "string"}, "nullable": {"type": "string"}}}),
        ),
        ("lines of a comment", json!({"description": "a\nb\n\nc"}), json!({"description": "a b\n\nc"})),
        (
            "real alternatives",
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ),
    ] {
        let mut schema = schema;
        simplify(&mut schema);
        assert_eq!(schema, expected, "{what}");
    }
}
