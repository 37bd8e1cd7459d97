//! What changed, in which set.

use serde_json::{Value, json};

use super::compare;
use crate::apiserver::managed_fields::{
    node::Node,
    set::Set,
    testing::{schema, shown},
};

type Case<'a> = (Value, Value, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

fn check(openapi: &Value, cases: &[Case<'_>]) {
    let schema = schema(openapi);
    let sorted = |set: &Set| {
        let mut shown = shown(set);
        shown.sort();
        shown
    };
    for (old, new, removed, modified, added) in cases {
        let found = compare(Node::of(&schema), old, new);
        let found = [&found.removed, &found.modified, &found.added].map(sorted);
        assert_eq!(found, [removed.to_vec(), modified.to_vec(), added.to_vec()], "{old} -> {new}");
    }
}

#[test]
fn maps_structs_and_lists() {
    let openapi = json!({"type": "object", "properties": {
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "atomic": {"type": "array", "items": {"type": "string"}},
        "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "list": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "n": {"type": "integer"}}}},
    }});
    let list = |items: Value| json!({ "list": items });
    check(
        &openapi,
        &[
            (json!({}), json!({"map": {}}), &[], &[], &[".map"]),
            (json!({"map": null}), json!({"map": {}}), &[], &[".map"], &[]),
            (json!({"map": {"a": "b"}}), json!({"map": {"c": "b"}}), &[".map.a"], &[], &[".map.c"]),
            (json!({"map": {"a": "b"}}), json!({}), &[".map", ".map.a"], &[], &[]),
            (json!({"map": {"a": "b"}}), json!({"map": {"a": "c"}}), &[], &[".map.a"], &[]),
            (json!({"atomic": ["a"]}), json!({"atomic": ["b", "a"]}), &[], &[".atomic"], &[]),
            (json!({"set": ["a"]}), json!({"set": ["b", "a"]}), &[], &[], &[".set[=\"b\"]"]),
            (json!({"set": ["a"]}), json!({"set": ["a", "a"]}), &[".set[=\"a\"]"], &[], &[".set[=\"a\"]"]),
            (json!({"set": ["a", "a"]}), json!({"set": ["a", "a"]}), &[], &[], &[]),
            (json!({"set": ["a", "a"]}), json!({"set": ["a", "a", "a"]}), &[], &[".set[=\"a\"]"], &[]),
            (
                list(json!([{"name": "a", "n": 1}])),
                list(json!([{"name": "b"}, {"name": "a", "n": 2}])),
                &[],
                &[".list[name=\"a\"].n"],
                &[".list[name=\"b\"]", ".list[name=\"b\"].name"],
            ),
            (
                list(json!([{"name": "a", "n": 1}, {"name": "b"}])),
                list(json!([{"name": "b"}, {"name": "a", "n": 1}])),
                &[],
                &[],
                &[],
            ),
        ],
    );
}

#[test]
fn what_nothing_is_known_of() {
    check(
        &json!({}),
        &[
            (json!({"a": {}}), json!({"a": {"b": {}}}), &[], &[], &[".a.b"]),
            (json!({"a": null}), json!({"a": {"b": {}}}), &[], &[], &[".a.b"]),
            (json!({"a": {"b": {}}}), json!({"a": null}), &[".a.b"], &[], &[]),
            (json!({"a": []}), json!({"a": ["b"]}), &[], &[".a"], &[]),
            (json!({"a": null}), json!({"a": ["b"]}), &[], &[".a"], &[]),
            (json!({"a": {"b": 1}}), json!({"a": ["b"]}), &[".a.b"], &[".a"], &[]),
            (json!({"a": "b"}), json!({"a": {"b": 1}}), &[], &[".a"], &[".a.b"]),
            (json!({"a": 1}), json!({"a": 1.0}), &[], &[], &[]),
        ],
    );
}
