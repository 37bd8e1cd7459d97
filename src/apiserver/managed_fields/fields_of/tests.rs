//! What counts as a field of a value, by its schema.

use serde_json::{Value, json};

use super::fields_of;
use crate::apiserver::managed_fields::{
    node::Node,
    testing::{schema, shown},
};

fn openapi() -> Value {
    json!({"type": "object", "properties": {
        "number": {"type": "number"},
        "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "list": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "proto"],
            "items": {"type": "object", "properties": {
                "port": {"type": "integer"}, "proto": {"type": "string", "default": "TCP"},
                "value": {"type": "object", "additionalProperties": {"type": "string"}}}}},
        "atomic": {"type": "array", "items": {"type": "object"}},
        "color": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"r": {"type": "integer"}}},
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "struct": {"type": "object", "properties": {"a": {"type": "string"}}},
        "any": {"x-kubernetes-preserve-unknown-fields": true},
    }})
}

#[test]
fn leaves_items_and_what_is_one_field() {
    let schema = schema(&openapi());
    for (value, fields) in [
        (json!({"number": 1}), &[".number"][..]),
        (json!({"number": null}), &[".number"]),
        (json!({"set": ["b", "a"]}), &[".set[=\"a\"]", ".set[=\"b\"]"]),
        (json!({"set": ["a", "b", "a"]}), &[".set[=\"a\"]", ".set[=\"b\"]"]),
        (json!({"set": []}), &[]),
        (json!({"set": null}), &[".set"]),
        (json!({"atomic": [{"a": 1}]}), &[".atomic"]),
        (json!({"atomic": []}), &[".atomic"]),
        (json!({"color": {"r": 1}}), &[".color"]),
        (json!({"color": {}}), &[".color"]),
        (json!({"map": {"x": "y"}}), &[".map.x"]),
        (json!({"map": {}}), &[".map"]),
        (json!({"struct": {"a": "b"}}), &[".struct.a"]),
        (json!({"struct": {}}), &[".struct"]),
        (json!({"any": {"a": {"b": [1]}, "c": "d"}}), &[".any.a", ".any.a.b", ".any.c"]),
        (json!({"any": ["a"]}), &[".any"]),
        (json!({"any": 1}), &[".any"]),
    ] {
        let mut found = shown(&fields_of(Node::of(&schema), &value));
        found.sort();
        assert_eq!(found, fields, "{value}");
    }
}

#[test]
fn a_default_is_part_of_the_key_and_duplicates_are_one_field() {
    let schema = schema(&openapi());
    let value = json!({"list": [
        {"port": 80},
        {"port": 80, "proto": "UDP", "value": {"a": "b"}},
        {"port": 443},
        {"port": 443, "proto": "TCP"},
    ]});
    let mut found = shown(&fields_of(Node::of(&schema), &value));
    found.sort();
    let expected = [
        ".list[port=443,proto=\"TCP\"]",
        ".list[port=80,proto=\"TCP\"]",
        ".list[port=80,proto=\"TCP\"].port",
        ".list[port=80,proto=\"UDP\"]",
        ".list[port=80,proto=\"UDP\"].port",
        ".list[port=80,proto=\"UDP\"].proto",
        ".list[port=80,proto=\"UDP\"].value.a",
    ];
    assert_eq!(found, expected);
}
