//! Upstream's tables, plus properties.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::apiserver::schema::{Schema, samples};

fn filled(schema: &Value, mut object: Value) -> Value {
    Schema::parse_plain(schema).unwrap().fill(&mut object);
    object
}

#[test]
fn what_is_missing_is_filled() {
    let of = |default: &str| json!({"default": default});
    let abc = json!({"properties": {"a": of("A"), "b": of("B"), "c": of("C")}});
    let ab = |a: &str, b: &str| json!({"properties": {"a": of(a), "b": of(b)}});
    for (schema, object, expected) in [
        (json!({}), json!(null), json!(null)),
        (of("foo"), json!(4), json!(4)),
        (json!({"items": of("foo")}), json!([1, 2]), json!([1, 2])),
        (
            json!({"items": abc}),
            json!([{"a": 1}, {"b": 1}, {"c": 1}]),
            json!([{"a": 1, "b": "B", "c": "C"}, {"a": "A", "b": 1, "c": "C"}, {"a": "A", "b": "B", "c": 1}]),
        ),
        (
            json!({"properties": {
                "array": {"items": ab("A", "B")},
                "object": ab("N", "O"),
                "map": {"additionalProperties": ab("alpha", "beta")},
                "foo": of("bar"),
            }}),
            json!({"array": [{"a": 1}, {"b": 2}], "object": {"a": 1}, "map": {"x": {"a": 1}, "y": {"b": 2}}}),
            json!({
                "array": [{"a": 1, "b": "B"}, {"a": "A", "b": 2}],
                "object": {"a": 1, "b": "O"},
                "map": {"x": {"a": 1, "b": "beta"}, "y": {"a": "alpha", "b": 2}},
                "foo": "bar",
            }),
        ),
        (
            json!({"items": {"properties": {"a": of("A")}}}),
            json!([{}, {"a": 1}, {"a": 0}, {"a": 0.0}, {"a": ""}, {"a": null}, {"a": []}, {"a": {}}]),
            json!([
                {"a": "A"}, {"a": 1}, {"a": 0}, {"a": 0.0}, {"a": ""}, {"a": "A"}, {"a": []}, {"a": {}}
            ]),
        ),
        (
            json!({"properties": {"a": {"default": {}, "properties": {"b": {"default": {"c": 1}}}}}}),
            json!({}),
            json!({"a": {"b": {"c": 1}}}),
        ),
    ] {
        assert_eq!(filled(&schema, object), expected, "{schema}");
    }
}

#[test]
fn nulls_that_may_not_be_are_replaced() {
    let nullable = json!({"nullable": true, "default": "A"});
    let not = json!({"default": "A"});
    for (schema, object, expected) in [
        (json!({"nullable": true, "items": {"properties": {"a": not}}}), json!([null]), json!([null])),
        (json!({"items": not}), json!([null]), json!(["A"])),
        (json!({"properties": {"a": nullable}}), json!({"a": null}), json!({"a": null})),
        (json!({"properties": {"a": not}}), json!({"a": null}), json!({"a": "A"})),
        (json!({"additionalProperties": nullable}), json!({"a": null}), json!({"a": null})),
        (json!({"additionalProperties": not}), json!({"a": null}), json!({"a": "A"})),
        (json!({"additionalProperties": true}), json!({"a": null}), json!({"a": null})),
    ] {
        assert_eq!(filled(&schema, object), expected, "{schema}");
    }
}

#[test]
fn nulls_without_a_default_go() {
    let items = json!({"items": {"properties": {
        "a": {"default": "A"},
        "b": {"nullable": true},
        "c": {"nullable": true, "default": "C"},
        "d": {},
    }}});
    let object = json!([{"a": null}, {"b": null}, {"c": null}, {"d": null}, {"e": null}]);
    for (schema, object, expected) in [
        (json!({}), json!(null), json!(null)),
        (json!({"default": "foo"}), json!(4), json!(4)),
        (json!({}), json!([1, null]), json!([1, null])),
        (items, object, json!([{"a": null}, {"b": null}, {"c": null}, {}, {"e": null}])),
    ] {
        let mut result = object;
        Schema::parse_plain(&schema).unwrap().drop_nulls(&mut result);
        assert_eq!(result, expected, "{schema}");
    }
}

proptest! {
    #[test]
    fn never_panics(schema in samples::schemas(), mut object in samples::values()) {
        let Ok(schema) = Schema::parse_plain(&schema) else { return Ok(()) };
        schema.set_defaults(&mut object);
    }

    /// A default with a null that may not be in it would be cleaned the second time: definitions refuse it.
    #[test]
    fn filling_twice_is_filling_once(schema in samples::schemas(), mut object in samples::values()) {
        let Ok(schema) = Schema::parse_plain(&schema) else { return Ok(()) };
        schema.fill(&mut object);
        let once = object.clone();
        schema.fill(&mut object);
        prop_assert_eq!(object, once);
    }
}
