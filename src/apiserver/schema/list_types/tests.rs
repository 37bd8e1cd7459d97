//! Upstream's table.

use serde_json::{Value, json};

use crate::apiserver::schema::Schema;

fn check(schema: Value, object: Value, paths: &[&str]) {
    let found = Schema::parse_plain(&schema).unwrap().validate_lists(&object);
    let found: Vec<_> = found.iter().map(|error| error.path.clone()).collect();
    assert_eq!(found, paths, "{object}");
}

#[test]
fn sets_hold_nothing_twice() {
    let set = json!({"type": "array", "x-kubernetes-list-type": "set", "items": {}});
    let of = |list: &Value| json!({"type": "object", "properties": {"array": list}});
    let array = |items: Value| json!({"array": items});
    check(of(&json!({"type": "array"})), array(json!(["a", "b", "a"])), &[]);
    check(of(&set), array(json!(["a"])), &[]);
    check(of(&set), array(json!(["a", "b"])), &[]);
    check(of(&set), array(json!(["a", "a"])), &["array[1]"]);
    check(of(&set), array(json!(["a", "a", "b", "c", "d", "c"])), &["array[1]", "array[5]"]);
    let map = json!({"type": "object", "additionalProperties": set});
    check(map, array(json!(["a", "b", "a"])), &["[array][2]"]);
    let nested = json!({"type": "array", "items": set});
    let lists = json!([["a", "b", "a"], ["b", "b", "a"]]);
    check(of(&nested), array(lists), &["array[0][2]", "array[1][1]"]);
    let both = json!({"type": "array", "x-kubernetes-list-type": "set", "items": set});
    check(of(&both), array(json!(["a", "b", "a", ["b", "b", "a"]])), &["array[2]", "array[3][1]"]);
    for (items, paths) in [
        (json!([1, 2, 1]), &["array[2]"][..]),
        (json!([false, true, true]), &["array[2]"]),
        (json!([1.0, 2.0, 2.0]), &["array[2]"]),
        (json!(["a", null, null]), &["array[2]"]),
        (json!([{"a": "b"}, {}, {}]), &["array[2]"]),
        (json!([{"a": "b"}, {"a": "c"}, {"a": "b"}]), &["array[2]"]),
        (json!([{"a": null}, {"b": "c", "a": null}]), &[]),
        (json!([[], ["a"], ["b"], ["a"]]), &["array[3]"]),
        (json!([[], [null], [null, null], [null], ["a"]]), &["array[3]"]),
        (json!([{"a": "b"}, {"a": "c"}, {"a": "b"}, {"a": "c"}, {"a": "c"}]), &["array[2]", "array[3]"]),
    ] {
        check(of(&set), array(items), paths);
    }
}

#[test]
fn map_lists_hold_no_key_twice() {
    let schema = |keys: Value| {
        let list = json!({
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys,
            "items": {"type": "object"},
        });
        json!({"type": "object", "properties": {"array": list}})
    };
    for (keys, items, paths) in [
        (json!(["a"]), json!([{"a": 1}, {"a": 2}]), &[][..]),
        (json!(["a"]), json!([{"a": 1, "b": 1}, {"a": 1, "b": 2}]), &["array[1]"]),
        (json!(["a"]), json!([{"b": 1}, {"b": 2}]), &["array[1]"]),
        (json!(["a"]), json!([null, {"b": 2}]), &["array[1]"]),
        (json!(["a"]), json!([{"a": null}, {"b": 2}]), &[]),
        (json!(["a", "b"]), json!([{"a": 1, "b": 1}, {"a": 1, "b": 2}]), &[]),
        (json!(["a", "b"]), json!([{"a": 1, "c": 1}, {"a": 1, "c": 2}]), &["array[1]"]),
        (json!(["a"]), json!([{"a": 1}, "x"]), &["array[1]"]),
    ] {
        check(schema(keys), json!({"array": items}), paths);
    }
    let found = Schema::parse_plain(&schema(json!(["a"])))
        .unwrap()
        .validate_lists(&json!({"array": [{"a": 1, "b": 1}, {"a": 1}]}));
    assert_eq!(found[0].to_string(), "array[1]: Duplicate value: {\"a\":1}");
}
