//! Upstream's tables, plus properties.

mod ratcheting;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::apiserver::schema::{Schema, samples};

/// Checks a schema for `field` against values and the errors each gets.
fn check(field: Value, cases: &[(Value, &[&str])]) {
    let schema = Schema::parse_plain(&json!({"type": "object", "properties": {"field": field}})).unwrap();
    for (value, expected) in cases {
        let found = schema.validate(&json!({"field": value}), None);
        let mut found: Vec<_> = found.iter().map(ToString::to_string).collect();
        let mut expected = expected.to_vec();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{value} for {field}");
    }
}

/// Every value but those of the types named is refused.
fn check_types(field: Value, names: &str, accepted: &[&str]) {
    for (name, value) in [
        ("string", json!("foo")),
        ("integer", json!(42)),
        ("boolean", json!(true)),
        ("number", json!(1.2)),
        ("array", json!([])),
        ("object", json!({})),
        ("null", json!(null)),
    ] {
        let text = format!("field: Invalid value: {name:?}: field in body must be of type {names}: {name:?}");
        let errors: &[&str] = if accepted.contains(&name) { &[] } else { &[&text] };
        check(field.clone(), &[(value, errors)]);
    }
}

#[test]
fn types() {
    check_types(json!({"type": "object"}), "object", &["object"]);
    check_types(json!({"type": "object", "nullable": true}), "object", &["object", "null"]);
    check_types(json!({"type": "number"}), "number", &["integer", "number"]);
    check_types(json!({"type": "boolean"}), "boolean", &["boolean"]);
    let all = ["string", "integer", "boolean", "number", "array", "object", "null"];
    check_types(json!({"nullable": true}), "", &all);
    let either = json!({"x-kubernetes-int-or-string": true});
    check_types(either, "integer,string", &["string", "integer"]);
    let either = json!({"x-kubernetes-int-or-string": true, "nullable": true});
    check_types(either, "integer,string", &["string", "integer", "null"]);
    check(json!({"type": "integer"}), &[(json!(1.0), &[])]);
}

#[test]
fn alternatives() {
    let one = json!([{"type": "integer"}, {"type": "string"}]);
    let either = json!({"nullable": true, "x-kubernetes-int-or-string": true, "anyOf": one});
    let none = "<nil>: Invalid value: \"\": \"field\" must validate at least one schema (anyOf)";
    check(
        either,
        &[
            (json!(null), &[]),
            (json!(42), &[]),
            (json!("foo"), &[]),
            (
                json!(true),
                &[
                    none,
                    "field: Invalid value: \"boolean\": field in body must be of type integer,string: \"boolean\"",
                    "field: Invalid value: \"boolean\": field in body must be of type integer: \"boolean\"",
                ],
            ),
            (
                json!(1.2),
                &[
                    none,
                    "field: Invalid value: \"number\": field in body must be of type integer,string: \"number\"",
                    "field: Invalid value: \"number\": field in body must be of type integer: \"number\"",
                    "<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in field",
                ],
            ),
        ],
    );
    let all = json!({"nullable": true, "x-kubernetes-int-or-string": true, "allOf": [{"anyOf": one}]});
    check(
        all,
        &[
            (json!(42), &[]),
            (
                json!([]),
                &[
                    "<nil>: Invalid value: \"\": \"field\" must validate all the schemas (allOf). None validated",
                    none,
                    "field: Invalid value: \"array\": field in body must be of type integer,string: \"array\"",
                    "field: Invalid value: \"array\": field in body must be of type integer: \"array\"",
                ],
            ),
        ],
    );
    let exactly = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}]});
    let found = |text: &str| {
        format!("<nil>: Invalid value: \"\": \"field\" must validate one and only one schema (oneOf). {text}")
    };
    check(
        exactly,
        &[
            (json!({"a": "x"}), &[]),
            (json!({}), &[&found("Found none valid"), "field.a: Required value"]),
            (json!({"a": "x", "b": "x"}), &[&found("Found 2 valid alternatives")]),
        ],
    );
    let not = "<nil>: Invalid value: \"\": \"field\" must not validate the schema (not)";
    check(json!({"type": "string", "not": {"enum": ["a"]}}), &[(json!("b"), &[]), (json!("a"), &[not])]);
}

#[test]
fn enums_and_required_fields() {
    check(
        json!({
            "type": "object", "required": ["int", "text"],
            "properties": {"int": {"type": "integer", "enum": [1, 2]}, "text": {"type": "string", "enum": ["a"]}},
        }),
        &[
            (json!({}), &["field.int: Required value", "field.text: Required value"]),
            (json!({"int": 2, "text": "a"}), &[]),
            (
                json!({"int": "x", "text": true}),
                &[
                    "field.int: Invalid value: \"string\": field.int in body must be of type integer: \"string\"",
                    "field.int: Unsupported value: \"x\": supported values: \"1\", \"2\"",
                    "field.text: Invalid value: \"boolean\": field.text in body must be of type string: \"boolean\"",
                    "field.text: Unsupported value: true: supported values: \"a\"",
                ],
            ),
        ],
    );
}

#[test]
fn sizes_and_patterns() {
    let two = json!({"type": "object", "maxProperties": 1, "minProperties": 1});
    let few = "field: Invalid value: 0: field in body should have at least 1 properties";
    let many = "field: Too many: 2: must have at most 1 item";
    check(two, &[(json!({}), &[few]), (json!({"a": 1, "b": 2}), &[many])]);
    let items = json!({"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true});
    let few = "field: Invalid value: 0: field in body should have at least 1 items";
    let many = "field: Too many: 3: must have at most 2 items";
    let double = "field: Invalid value: \"\": field in body shouldn't contain duplicates";
    check(items, &[(json!([]), &[few]), (json!([1, 2, 3]), &[many]), (json!([1, 1]), &[double])]);
    check(
        json!({"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^a+$"}),
        &[
            (json!("aa"), &[]),
            (json!("a"), &["field: Invalid value: \"a\": field in body should be at least 2 chars long"]),
            (json!("aaaa"), &["field: Too long: may not be more than 3 bytes"]),
            (json!("ab"), &["field: Invalid value: \"ab\": field in body should match '^a+$'"]),
        ],
    );
    check(
        json!({"type": "string", "format": "date-time"}),
        &[
            (json!("2020-01-01T00:00:00Z"), &[]),
            (json!("x"), &["field: Invalid value: \"x\": field in body must be of type date-time: \"x\""]),
        ],
    );
    check(json!({"type": "string", "format": "unheard-of"}), &[(json!("x"), &[])]);
}

#[test]
fn limits_of_numbers() {
    check(
        json!({"type": "integer", "minimum": 1, "maximum": 5, "multipleOf": 2}),
        &[
            (json!(4), &[]),
            (json!(0), &["field: Invalid value: 0: field in body should be greater than or equal to 1"]),
            (json!(6), &["field: Invalid value: 6: field in body should be less than or equal to 5"]),
            (json!(3), &["field: Invalid value: 3: field in body should be a multiple of 2"]),
        ],
    );
    check(
        json!({"type": "number", "minimum": 0.5, "exclusiveMinimum": true, "maximum": 1, "exclusiveMaximum": true}),
        &[
            (json!(0.7), &[]),
            (json!(0.5), &["field: Invalid value: 0.5: field in body should be greater than 0.5"]),
            (json!(1.0), &["field: Invalid value: 1: field in body should be less than 1"]),
        ],
    );
    let range =
        "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in field";
    check(json!({"type": "integer", "format": "int32"}), &[(json!(1i64 << 31), &[range]), (json!(1), &[])]);
}

#[test]
fn a_part_is_named_by_its_own_paths() {
    let schema =
        json!({"type": "object", "properties": {"a": {"type": "integer"}}, "not": {"required": ["b"]}});
    let schema = Schema::parse_plain(&schema).unwrap();
    let found = schema.validate_part("status", &json!({"a": "x", "b": 1}), None);
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "status: Invalid value: \"\": \"\" must not validate the schema (not)",
            "status.a: Invalid value: \"string\": a in body must be of type integer: \"string\"",
        ]
    );
}

proptest! {
    #[test]
    fn never_panics(schema in samples::schemas(), object in samples::values(), old in samples::values()) {
        let Ok(schema) = Schema::parse_plain(&schema) else { return Ok(()) };
        schema.validate(&object, None);
        schema.validate(&object, Some(&old));
    }
}
