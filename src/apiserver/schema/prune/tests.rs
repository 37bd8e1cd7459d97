//! Upstream's table, plus properties.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::apiserver::schema::{Schema, samples};

fn check(schema: Value, mut object: Value, expected: Value, unknown: &[&str]) {
    let schema = Schema::parse_plain(&schema).unwrap();
    assert_eq!(schema.prune(&mut object), unknown);
    assert_eq!(object, expected);
    assert_eq!(schema.prune(&mut object), Vec::<String>::new(), "the second time nothing is left to drop");
}

#[test]
fn scalars_and_lists() {
    check(json!({}), json!(null), json!(null), &[]);
    check(json!({}), json!(4), json!(4), &[]);
    check(json!({"items": {}}), json!([1, 2]), json!([1, 2]), &[]);
    let items = json!({"items": {"properties": {"a": {}, "c": {}}}});
    let list = json!([{"a": 1}, {"b": 1}, {"a": 1, "b": 2, "c": 3}]);
    check(items, list.clone(), json!([{"a": 1}, {}, {"a": 1, "c": 3}]), &["[1].b", "[2].b"]);
    let unknown = ["[0].a", "[1].b", "[2].a", "[2].b", "[2].c"];
    check(json!({}), list, json!([{}, {}, {}]), &unknown);
}

#[test]
fn objects_in_lists_in_objects() {
    let of = json!({"properties": {"a": {}, "c": {}}});
    check(
        json!({"properties": {"array": {"items": of}, "specified": of}}),
        json!({
            "array": [{"a": 1}, {"b": 1}, {"a": 1, "b": 2, "c": 3}],
            "unspecified": {"a": 1},
            "specified": {"a": 1, "b": 2, "c": 3},
        }),
        json!({"array": [{"a": 1}, {}, {"a": 1, "c": 3}], "specified": {"a": 1, "c": 3}}),
        &["array[1].b", "array[2].b", "specified.b", "unspecified"],
    );
}

#[test]
fn additional_properties() {
    let object = json!({"a": 1, "b": 1, "c": {"a": 1, "b": 2, "c": {"a": 1, "apiVersion": "unknown"}}});
    let expected = json!({"a": 1, "c": {"a": 1, "b": 2, "c": {}}});
    for of_values in [json!({"type": "integer"}), json!(true), json!(false)] {
        let schema = json!({"properties": {"a": {}, "c": {"additionalProperties": of_values}}});
        check(schema, object.clone(), expected.clone(), &["b", "c.c.a", "c.c.apiVersion"]);
    }
}

#[test]
fn nested_preserve_unknown_fields() {
    let preserving = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let of_values = json!({"type": "object", "properties": {"specified": {"type": "object"}}});
    let schema = json!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
        "properties": {
            "alpha": {"type": "string"},
            "beta": {"type": "number"},
            "pruning": {
                "type": "object",
                "properties": {"preserving": preserving, "pruning": {"type": "object"}},
            },
            "preserving": {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": true,
                "properties": {
                    "preserving": preserving,
                    "preservingUnknownType": {"x-kubernetes-preserve-unknown-fields": true},
                    "pruning": {"type": "object"},
                },
            },
            "notInherited": {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": true,
                "additionalProperties": of_values,
            },
            "values": {"type": "object", "additionalProperties": of_values},
        },
    });
    let unspecified = json!({"unspecified": "bar"});
    let values = json!({"foo": {"specified": unspecified, "unspecified": "bar"}});
    let object = json!({
        "unspecified": "bar",
        "alpha": "abc",
        "beta": 42.0,
        "unspecifiedObject": unspecified,
        "pruning": {
            "unspecified": "bar",
            "unspecifiedObject": unspecified,
            "pruning": unspecified,
            "apiVersion": "unknown",
            "preserving": unspecified,
        },
        "preserving": {
            "unspecified": "bar",
            "unspecifiedObject": unspecified,
            "pruning": unspecified,
            "preserving": unspecified,
            "preservingUnknownType": [{"foo": true}, {"bar": true}],
        },
        "notInherited": values,
        "values": values,
    });
    let mut expected = object.clone();
    expected["pruning"] = json!({"pruning": {}, "preserving": unspecified});
    expected["preserving"]["pruning"] = json!({});
    expected["notInherited"] = json!({"foo": {"specified": {}}});
    expected["values"] = json!({"foo": {"specified": {}}});
    let unknown = [
        "notInherited.foo.specified.unspecified",
        "notInherited.foo.unspecified",
        "preserving.pruning.unspecified",
        "pruning.apiVersion",
        "pruning.pruning.unspecified",
        "pruning.unspecified",
        "pruning.unspecifiedObject",
        "values.foo.specified.unspecified",
        "values.foo.unspecified",
    ];
    check(schema, object, expected, &unknown);
}

#[test]
fn embedded_resources() {
    let embedded = |properties: Value| json!({"type": "object", "x-kubernetes-embedded-resource": true, "properties": properties});
    let spec = json!({"type": "object"});
    let mut preserving = embedded(json!({}));
    preserving["x-kubernetes-preserve-unknown-fields"] = true.into();
    let with_metadata = json!({"metadata": {"type": "object"}, "spec": spec});
    let inner = json!({"type": "object", "properties": {"embedded": embedded(json!({"spec": spec}))}});
    let schema = json!({"type": "object", "properties": {
        "metadata": {"type": "object"},
        "pruned": embedded(with_metadata),
        "preserving": preserving,
        "nested": embedded(json!({"metadata": {"type": "object"}, "spec": inner})),
    }});
    let metadata = json!({"name": "instance", "unspecified": "bar"});
    let kept = |spec: Value| json!({"apiVersion": "v1", "kind": "Foo", "metadata": metadata, "spec": spec});
    let whole = |spec: Value| {
        let mut object = kept(spec);
        object["unspecified"] = "bar".into();
        object
    };
    let bar = json!({"unspecified": "bar"});
    let object = json!({
        "apiVersion": "foo/v1", "kind": "Foo", "metadata": metadata, "unspecified": "bar",
        "pruned": whole(bar.clone()),
        "preserving": whole(bar.clone()),
        "nested": whole(json!({"unspecified": "bar", "embedded": whole(bar.clone())})),
    });
    let expected = json!({
        "apiVersion": "foo/v1", "kind": "Foo", "metadata": metadata,
        "pruned": kept(json!({})),
        "preserving": whole(bar),
        "nested": kept(json!({"embedded": kept(json!({}))})),
    });
    let unknown = [
        "nested.spec.embedded.spec.unspecified",
        "nested.spec.embedded.unspecified",
        "nested.spec.unspecified",
        "nested.unspecified",
        "pruned.spec.unspecified",
        "pruned.unspecified",
        "unspecified",
    ];
    check(schema, object, expected, &unknown);
}

proptest! {
    #[test]
    fn pruning_twice_is_pruning_once(schema in samples::schemas(), mut object in samples::values()) {
        let Ok(schema) = Schema::parse_plain(&schema) else { return Ok(()) };
        schema.prune(&mut object);
        let once = object.clone();
        prop_assert_eq!(schema.prune(&mut object), Vec::<String>::new());
        prop_assert_eq!(object, once);
    }
}
