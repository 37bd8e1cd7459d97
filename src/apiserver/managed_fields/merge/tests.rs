//! What an applied configuration makes of an object, above all of the order of its lists.

use serde_json::{Value, json};

use super::merge;
use crate::apiserver::{
    managed_fields::{node::Node, order, testing::schema},
    schema::Schema,
};

/// Letters as a list.
fn letters(text: &str) -> Value {
    text.chars().map(|letter| json!(letter.to_string())).collect()
}

#[test]
fn sets_keep_the_live_order_where_nothing_else_is_asked() {
    let set = schema(&json!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}));
    for (live, config, merged) in [
        ("abc", "ab", "abc"),
        ("ab", "abc", "abc"),
        ("abc", "", "abc"),
        ("", "abc", "abc"),
        ("ab", "ba", "ba"),
        ("abc", "def", "abcdef"),
        ("abc", "cdef", "abcdef"),
        ("abcgf", "cdef", "abcgdef"),
        ("cdef", "ace", "acdef"),
        ("abcxyz", "def", "abcxyzdef"),
        ("abcxyz", "defxyz", "abcdefxyz"),
        ("cagf", "cfag", "cfag"),
        ("abcd", "defa", "bcdefa"),
        ("cdefghij", "2h3e4kl", "cdfg2hij3e4kl"),
        ("abcdefghij", "1b2h3e4kl", "a1bcdfg2hij3e4kl"),
        // What the live list has twice stays, unless it is applied.
        ("abb", "c", "abbc"),
        ("abb", "b", "ab"),
        ("abb", "a", "abb"),
        ("abcdec", "1b2ed", "a1bc2ecd"),
        ("abcdec", "1b2ced", "a1b2ced"),
        ("aabb", "bcd", "aabcd"),
        ("aabb", "", "aabb"),
        ("cagfca", "cfag", "cfag"),
    ] {
        let found = merge(Node::of(&set), &letters(live), &letters(config));
        assert_eq!(found, letters(merged), "{live} + {config}");
    }
}

fn parts() -> Schema {
    schema(&json!({"type": "object", "properties": {
        "list": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["key", "id"],
            "items": {"type": "object", "properties": {
                "key": {"type": "string"}, "id": {"type": "integer"}, "n": {"type": "integer"},
                "value": {"type": "object", "additionalProperties": {"type": "string"}}}}},
        "atomic": {"type": "array", "items": {"type": "string"}},
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "color": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {
            "r": {"type": "integer"}, "g": {"type": "integer"}}},
        "any": {"x-kubernetes-preserve-unknown-fields": true},
    }}))
}

#[test]
fn parts_are_merged_or_replaced_by_their_kind() {
    let schema = parts();
    for (live, config, merged) in [
        (
            json!({"list": [{"key": "a", "id": 1, "value": {"a": "b"}}, {"key": "b", "id": 1}]}),
            json!({"list": [{"key": "a", "id": 1, "value": {"c": "d"}}, {"key": "a", "id": 2}]}),
            json!({"list": [{"key": "a", "id": 1, "value": {"a": "b", "c": "d"}}, {"key": "b", "id": 1}, {"key": "a", "id": 2}]}),
        ),
        (
            json!({"list": [{"key": "a", "id": 1, "n": 1}, {"key": "b", "id": 2}, {"key": "a", "id": 1, "n": 2}]}),
            json!({"list": [{"key": "a", "id": 1, "n": 3}, {"key": "c", "id": 3}, {"key": "b", "id": 2}]}),
            json!({"list": [{"key": "a", "id": 1, "n": 3}, {"key": "c", "id": 3}, {"key": "b", "id": 2}]}),
        ),
        (json!({"atomic": ["a", "b"]}), json!({"atomic": ["c"]}), json!({"atomic": ["c"]})),
        (json!({"atomic": ["a", "b"]}), json!({"atomic": []}), json!({"atomic": []})),
        (json!({"color": {"r": 1}}), json!({"color": {"g": 2}}), json!({"color": {"g": 2}})),
        (json!({"map": {"a": "b"}}), json!({"map": {}}), json!({"map": {"a": "b"}})),
        (json!({"map": null}), json!({"map": {}}), json!({"map": {}})),
        (json!({"map": {}}), json!({"map": null}), json!({"map": null})),
        (json!({"any": {"a": 1}}), json!({"any": {"b": [1]}}), json!({"any": {"a": 1, "b": [1]}})),
        (json!({"any": {"a": 1}}), json!({"any": [1]}), json!({"any": [1]})),
        (json!({"any": "a"}), json!({"any": {"a": 1}}), json!({"any": {"a": 1}})),
    ] {
        let found = merge(Node::of(&schema), &live, &config);
        assert!(order::equal(&found, &merged), "{live} + {config} = {found}");
    }
}
