//! References, wrappers, and schemas that are none.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::SchemaError;
use crate::apiserver::schema::{ListType, Schema, Type, samples};

fn components() -> Value {
    json!({
        "Pod": {
            "type": "object",
            "properties": {
                "spec": {"allOf": [{"$ref": "#/components/schemas/Spec"}], "default": {}},
                "raw": {"$ref": "#/components/schemas/RawExtension"},
                "tree": {"$ref": "#/components/schemas/Tree"},
                "quantity": {"$ref": "#/components/schemas/Quantity"},
            },
        },
        "Spec": {
            "type": "object",
            "properties": {
                "containers": {
                    "type": "array",
                    "items": {"allOf": [{"$ref": "#/components/schemas/Container"}], "default": {}},
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "x-kubernetes-patch-strategy": "merge,retainKeys",
                    "x-kubernetes-patch-merge-key": "name",
                },
                "port": {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
            },
        },
        "Container": {"type": "object", "properties": {"name": {"type": "string", "default": ""}}},
        "RawExtension": {"type": "object"},
        "Tree": {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Tree"}}},
        "Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    })
}

fn parsed(components: &Value, name: &str) -> Result<Schema, SchemaError> {
    Schema::parse(&components[name], &|reference| components.get(reference.rsplit('/').next()?))
}

#[test]
fn references_and_wrappers_are_followed() {
    let components = components();
    let pod = parsed(&components, "Pod").unwrap();
    let spec = &pod.properties["spec"];
    assert_eq!((spec.kind, &spec.default), (Type::Object, &Some(json!({}))));
    let containers = &spec.properties["containers"];
    assert_eq!((containers.list_type, &containers.list_map_keys[..]), (ListType::Map, &["name".into()][..]));
    assert!(containers.patch.merge && containers.patch.retain_keys);
    assert_eq!(containers.patch.merge_key.as_deref(), Some("name"));
    assert!(containers.items.as_ref().unwrap().properties.contains_key("name"));
    assert!(spec.properties["port"].int_or_string);
    assert!(pod.properties["raw"].preserve_unknown_fields);
    assert!(!pod.properties["quantity"].preserve_unknown_fields);
    let tree = &pod.properties["tree"];
    assert!(!tree.preserve_unknown_fields);
    assert!(tree.properties["child"].preserve_unknown_fields, "a schema inside itself is anything");
}

#[test]
fn what_is_no_schema_is_refused_by_name() {
    let nested = (0..200).fold(json!({}), |child, _| json!({"type": "array", "items": child}));
    for (schema, text) in [
        (json!(4), ": schema must be an object"),
        (json!({"properties": {"a": {"type": "strin"}}}), "a: type must be a JSON type"),
        (json!({"properties": {"a": {"pattern": "("}}}), "a: pattern \"(\" is not a regular expression"),
        (json!({"$ref": "#/nowhere"}), ": no schema \"#/nowhere\""),
        (json!({"items": {"nullable": 1}}), "items: nullable must be true or false"),
        (nested, "nested deeper than 100 levels"),
    ] {
        let error = Schema::parse_plain(&schema).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}

proptest! {
    #[test]
    fn any_json_is_a_schema_or_an_error(schema in prop_oneof![samples::schemas(), samples::values()]) {
        let _ = Schema::parse_plain(&schema);
    }
}
