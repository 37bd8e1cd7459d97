//! Arbitrary schemas and values for properties: sane ones, and ones nobody would write.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Few names, so that schemas and values meet.
fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "spec", "metadata", "kind", "apiVersion", "status", "x"])
        .prop_map(str::to_owned)
}

/// Any JSON.
pub(super) fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..300).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f32>().prop_map(|number| json!(number)),
        "[a-c0-9.:-]{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn keyword() -> impl Strategy<Value = (String, Value)> {
    let of = |name: &'static str, value: BoxedStrategy<Value>| {
        value.prop_map(move |value| (name.to_owned(), value)).boxed()
    };
    let yes = || any::<bool>().prop_map(Value::from).boxed();
    let count = || (0u64..4).prop_map(Value::from).boxed();
    let kinds = ["object", "array", "string", "integer", "number", "boolean", ""];
    let formats = ["date-time", "ipv4", "duration", "int32", "byte", "k8s-short-name", "nonsense"];
    prop_oneof![
        4 => of("type", prop::sample::select(kinds.to_vec()).prop_map(Value::from).boxed()),
        1 => of("format", prop::sample::select(formats.to_vec()).prop_map(Value::from).boxed()),
        2 => of("default", values().boxed()),
        1 => of("nullable", yes()),
        1 => of("x-kubernetes-int-or-string", yes()),
        1 => of("x-kubernetes-preserve-unknown-fields", yes()),
        1 => of("x-kubernetes-embedded-resource", yes()),
        1 => of("x-kubernetes-list-type",
            prop::sample::select(vec!["set", "map", "atomic"]).prop_map(Value::from).boxed()),
        1 => of("x-kubernetes-list-map-keys",
            prop::collection::vec(names(), 0..3).prop_map(Value::from).boxed()),
        1 => of("required", prop::collection::vec(names(), 0..3).prop_map(Value::from).boxed()),
        1 => of("enum", prop::collection::vec(values(), 0..3).prop_map(Value::from).boxed()),
        1 => of("pattern", "[\\[\\]a-c^$\\\\dw{}*.-]{0,6}".prop_map(Value::from).boxed()),
        1 => of("minimum", (-3i64..3).prop_map(Value::from).boxed()),
        1 => of("maximum", any::<f64>().prop_map(|number| json!(number)).boxed()),
        1 => of("multipleOf", (0i64..3).prop_map(Value::from).boxed()),
        1 => of("minLength", count()),
        1 => of("maxLength", count()),
        1 => of("maxItems", count()),
        1 => of("minProperties", count()),
        1 => of("maxProperties", count()),
        1 => of("uniqueItems", yes()),
    ]
}

/// A schema that may be structural, or not even one.
pub(super) fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop::collection::btree_map(names(), keyword(), 0..5)
        .prop_map(|keywords| Value::Object(keywords.into_values().collect::<Map<_, _>>()));
    leaf.prop_recursive(4, 24, 4, |inner| {
        let properties = prop::collection::btree_map(names(), inner.clone(), 0..4);
        let place =
            prop::sample::select(vec!["items", "additionalProperties", "not", "anyOf", "oneOf", "allOf"]);
        (prop::collection::vec(keyword(), 0..4), properties, place, inner).prop_map(
            |(keywords, properties, place, child)| {
                let mut schema: Map<String, Value> = keywords.into_iter().collect();
                let child = if place.ends_with("Of") { json!([child]) } else { child };
                schema.insert(place.to_owned(), child);
                schema.insert("properties".to_owned(), json!(properties));
                Value::Object(schema)
            },
        )
    })
}
