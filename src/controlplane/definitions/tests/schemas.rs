//! Mistakes in schemas.

use serde_json::{Value, json};

use super::check;
use crate::controlplane::definitions::structural;

const AT: &str = "spec.validation.openAPIV3Schema";

/// Adds a field to the spec of a CronTab and checks what is wrong with it, below its path.
fn field(schema: Value, expected: &[&str]) {
    let path = format!("{AT}.properties[spec].properties[x]");
    let expected: Vec<String> = expected.iter().map(|text| format!("{path}{text}")).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let pointer = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/x";
    check(pointer, schema, &expected);
}

#[test]
fn every_value_has_a_type() {
    field(json!({}), &[".type: Required value: must not be empty for specified object fields"]);
    field(json!({"type": "array"}), &[".items: Required value: must be specified"]);
    field(
        json!({"type": "array", "items": {}}),
        &[".items.type: Required value: must not be empty for specified array items"],
    );
    field(
        json!({"type": "strin"}),
        &[
            ".type: Unsupported value: \"strin\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"",
        ],
    );
    field(json!({"x-kubernetes-preserve-unknown-fields": true}), &[]);
    field(
        json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]}),
        &[],
    );
    field(json!({"type": "object", "additionalProperties": {"type": "string"}}), &[]);
}

#[test]
fn value_validations_describe_nothing() {
    field(
        json!({"type": "string", "anyOf": [{"type": "string", "minLength": 1}]}),
        &[".anyOf[0].type: Forbidden: must be empty to be structural"],
    );
    let root = json!({"type": "object", "not": {"properties": {"y": {"minLength": 1}}}});
    let found: Vec<_> = structural::validate(&root, "s").iter().map(ToString::to_string).collect();
    assert_eq!(found, ["s.properties[y]: Required value: because it is defined in s.not.properties[y]"]);
    field(
        json!({"type": "string", "pattern": "("}),
        &[
            ".pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`",
        ],
    );
    field(
        json!({"type": "string", "allOf": [{"nullable": true, "default": "x", "description": "y"}]}),
        &[
            ".allOf[0].default: Forbidden: must be undefined to be structural",
            ".allOf[0].description: Forbidden: must be empty to be structural",
            ".allOf[0].nullable: Forbidden: must be false to be structural",
        ],
    );
}

#[test]
fn forbidden_keywords() {
    field(
        json!({"type": "array", "items": {"type": "string"}, "uniqueItems": true}),
        &[
            ".uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        ],
    );
    field(
        json!({"type": "object", "$ref": "#/x", "id": "x", "definitions": {"a": {}}}),
        &[
            ".id: Forbidden: id is not supported",
            ".definitions: Forbidden: definitions is not supported",
            ".$ref: Forbidden: $ref is not supported",
        ],
    );
    field(
        json!({"type": "object", "properties": {"y": {"type": "string"}}, "additionalProperties": {"type": "string"}}),
        &[".additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"],
    );
    field(
        json!({"type": "string", "x-kubernetes-preserve-unknown-fields": false}),
        &[".x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined"],
    );
}

#[test]
fn lists_and_maps() {
    let item = json!({"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}, "n": {"type": "string"}}});
    let list = |list_type: &str, keys: Value, item: &Value| json!({"type": "array", "items": item, "x-kubernetes-list-type": list_type, "x-kubernetes-list-map-keys": keys});
    field(list("map", json!(["k"]), &item), &[]);
    field(
        list("map", json!([]), &item),
        &[".x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"],
    );
    field(
        list("map", json!(["z"]), &item),
        &[
            ".x-kubernetes-list-map-keys: Invalid value: [\"z\"]: entries must all be names of item properties",
        ],
    );
    field(
        list("map", json!(["n"]), &item),
        &[
            ".items.properties[n].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
        ],
    );
    field(
        list("set", json!([]), &item),
        &[
            ".items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set",
        ],
    );
    field(
        json!({"type": "string", "x-kubernetes-list-type": "set"}),
        &[".type: Invalid value: \"string\": must be array if x-kubernetes-list-type is specified"],
    );
    field(
        json!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "bag"}),
        &[
            ".x-kubernetes-list-type: Unsupported value: \"bag\": supported values: \"atomic\", \"set\", \"map\"",
        ],
    );
}

#[test]
fn defaults_fit_their_schema() {
    field(json!({"type": "string", "default": "x"}), &[]);
    field(
        json!({"type": "string", "default": 1}),
        &[".default: Invalid value: \"integer\":  in body must be of type string: \"integer\""],
    );
    let object =
        json!({"type": "object", "properties": {"a": {"type": "string"}}, "default": {"a": "x", "b": 1}});
    field(object, &[".default: Invalid value: {\"a\":\"x\",\"b\":1}: must not have unknown fields"]);
}

#[test]
fn metadata_is_implicit() {
    let pointer = "/spec/versions/0/schema/openAPIV3Schema/properties/metadata";
    check(pointer, json!({"type": "object"}), &[]);
    let names = json!({"type": "object", "properties": {"name": {"type": "string", "maxLength": 10}}});
    check(pointer, names, &[]);
    check(
        pointer,
        json!({"type": "object", "properties": {"labels": {"type": "object"}}}),
        &[
            "spec.validation.openAPIV3Schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
        ],
    );
    check(
        "/spec/versions/0/schema/openAPIV3Schema/type",
        json!("string"),
        &[
            "spec.validation.openAPIV3Schema.type: Invalid value: \"string\": only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled",
            "spec.validation.openAPIV3Schema.type: Invalid value: \"string\": must be object at the root",
        ],
    );
}

#[test]
fn rules_are_compiled() {
    let ruled = |rule: Value| json!({"type": "string", "x-kubernetes-validations": [rule]});
    field(ruled(json!({"rule": "self == 'x'"})), &[]);
    field(
        ruled(json!({"rule": " "})),
        &[".x-kubernetes-validations[0].rule: Required value: rule is not specified"],
    );
    field(
        ruled(json!({"rule": "self == 'x'", "reason": "Other"})),
        &[
            ".x-kubernetes-validations[0].reason: Unsupported value: \"Other\": supported values: \"FieldValueDuplicate\", \"FieldValueForbidden\", \"FieldValueInvalid\", \"FieldValueRequired\"",
        ],
    );
    field(
        ruled(json!({"rule": "other == 'x'"})),
        &[
            ".x-kubernetes-validations[0].rule: Invalid value: {\"Rule\":\"other == 'x'\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: undeclared reference to 'other' (in container '')",
        ],
    );
    field(
        ruled(json!({"rule": "self == 'x'", "optionalOldSelf": true})),
        &[
            ".x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule",
        ],
    );
    let item = ruled(json!({"rule": "self == oldSelf"}));
    field(
        json!({"type": "array", "items": item}),
        &[
            ".items.x-kubernetes-validations[0].rule: Invalid value: \"self == oldSelf\": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[spec].properties[x]",
        ],
    );
}
