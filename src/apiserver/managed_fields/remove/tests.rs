//! Values with fields and items taken out.

use serde_json::json;

use super::remove;
use crate::apiserver::managed_fields::{node::Node, set::Set, testing::schema};

#[test]
fn fields_and_items_go_and_what_is_left_empty_is_null() {
    let schema = schema(&json!({"type": "object", "properties": {
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "atomic": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {"type": "string"}}},
        "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "list": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "n": {"type": "integer"}}}},
    }}));
    let value = json!({
        "map": {"a": "1", "b": "2"},
        "atomic": {"a": "1"},
        "set": ["x", "y"],
        "list": [{"name": "p", "n": 1}, {"name": "q", "n": 2}],
    });
    for (fields, expected) in [
        (json!({}), value.clone()),
        (json!({"f:map": {"f:a": {}}, "f:set": {"v:\"x\"": {}}, "f:list": {"k:{\"name\":\"p\"}": {}}}), {
            json!({"map": {"b": "2"}, "atomic": {"a": "1"}, "set": ["y"], "list": [{"name": "q", "n": 2}]})
        }),
        (json!({"f:map": {}, "f:atomic": {}, "f:set": {}}), json!({"list": value["list"]})),
        (
            json!({"f:map": {"f:a": {}, "f:b": {}}, "f:atomic": {"f:a": {}}, "f:list": {}}),
            json!({"map": null, "atomic": null, "set": ["x", "y"]}),
        ),
        (
            json!({"f:list": {"k:{\"name\":\"p\"}": {"f:n": {}}}, "f:set": {"v:\"x\"": {}, "v:\"y\"": {}}}),
            json!({"map": value["map"], "atomic": {"a": "1"}, "set": null, "list": [{"name": "p"}, {"name": "q", "n": 2}]}),
        ),
    ] {
        let set = Set::from_fields_v1(&fields).expect("these are sets");
        assert_eq!(remove(Node::of(&schema), &value, &set), expected, "{fields}");
    }
}
