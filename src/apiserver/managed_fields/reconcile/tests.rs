//! Sets of fields after a change of the schema.

use serde_json::json;

use super::reconcile;
use crate::apiserver::managed_fields::{node::Node, set::Set, testing::schema};

#[test]
fn what_has_become_atomic_is_owned_as_a_whole() {
    let schema = schema(&json!({"type": "object", "properties": {
        "list": {"type": "array", "items": {"type": "object"}},
        "map": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {"type": "string"}}},
        "granular": {"type": "object", "properties": {"a": {"type": "string"}}},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }}));
    for (before, after) in [
        (json!({"f:list": {"k:{\"name\":\"a\"}": {".": {}, "f:x": {}}}}), Some(json!({"f:list": {}}))),
        (json!({"f:list": {}}), None),
        (json!({"f:map": {"f:a": {}}}), Some(json!({"f:map": {}}))),
        (json!({"f:map": {".": {}, "f:a": {}}}), Some(json!({"f:map": {}}))),
        (json!({"f:map": {}}), None),
        (json!({"f:granular": {}}), None),
        (json!({"f:granular": {"f:a": {}}, "f:gone": {"f:b": {}}}), None),
        (json!({"f:any": {"f:a": {"f:b": {}}}}), None),
        (
            json!({"f:map": {"f:a": {}}, "f:granular": {"f:a": {}}}),
            Some(json!({"f:map": {}, "f:granular": {"f:a": {}}})),
        ),
    ] {
        let set = Set::from_fields_v1(&before).expect("these are sets");
        let found = reconcile(Node::of(&schema), &set).map(|set| set.to_fields_v1());
        assert_eq!(found, after, "{before}");
    }
}
