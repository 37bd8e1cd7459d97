//! What was wrong before may stay.

use serde_json::{Value, json};

use crate::apiserver::schema::Schema;

fn check(schema: &Value, old: Value, new: Value, paths: &[&str]) {
    let found = Schema::parse_plain(schema).unwrap().validate_values(&new, Some(&old));
    let found: Vec<_> = found.iter().map(|error| error.path.clone()).collect();
    assert_eq!(found, paths, "{old} to {new}");
}

#[test]
fn unchanged_scalars_and_objects_are_let_stand() {
    let medium = json!({"type": "number", "minimum": 50, "maximum": 10000});
    check(&medium, json!(1), json!(1), &[]);
    check(&medium, json!(1), json!(2), &["<nil>"]);
    let object = json!({"type": "object", "properties": {"small": {"type": "number", "maximum": 50}, "medium": medium}});
    check(&object, json!({"small": 500}), json!({"small": 500}), &[]);
    check(&object, json!({"small": 501, "medium": 500}), json!({"small": 501}), &[]);
    check(&object, json!({"small": 501}), json!({"small": 500}), &["small"]);
    let nested = json!({"type": "object", "properties": {"nested": object}});
    let of = |inner: Value| json!({"nested": inner});
    check(&nested, of(json!({"small": 501, "medium": 500})), of(json!({"small": 501})), &[]);
    check(&nested, of(json!({"small": 501})), of(json!({"small": 500})), &["nested.small"]);
}

#[test]
fn items_are_let_stand_by_their_keys() {
    let item = json!({"type": "object", "properties": {"name": {"type": "string"}, "n": {"type": "number", "maximum": 5}}});
    let map = json!({"type": "object", "properties": {"list": {
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": item,
    }}});
    let atomic = json!({"type": "object", "properties": {"list": {"type": "array", "items": item}}});
    let item = |name: &str, n: i64| json!({"name": name, "n": n});
    let list = |items: &[Value]| json!({"list": items});
    let old = list(&[item("a", 9), item("b", 1)]);
    check(&map, old.clone(), list(&[item("c", 1), item("a", 9)]), &[]);
    check(&map, old.clone(), list(&[item("c", 9), item("a", 8)]), &["list[0].n", "list[1].n"]);
    check(&atomic, old.clone(), list(&[item("a", 9)]), &["list[0].n"]);
    check(&atomic, old.clone(), old, &[]);
}

#[test]
fn a_required_field_missing_before_may_stay_missing() {
    let schema = json!({"type": "object", "properties": {
        "spec": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
        "other": {"type": "string"},
    }});
    check(&schema, json!({"spec": {"b": "x"}}), json!({"spec": {"b": "x"}, "other": "y"}), &[]);
    check(&schema, json!({"spec": {"b": "x"}}), json!({"spec": {"b": "y"}}), &["spec.a"]);
}
