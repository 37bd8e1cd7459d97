//! Value validations below `anyOf`, `oneOf`, `allOf` and `not`: they add to what is described, and describe nothing.

use serde_json::Value;

use super::{is_int_or_string, is_set, pattern, properties};
use crate::{
    apiserver::field::FieldError,
    controlplane::definitions::words::{has, items, text},
};

/// The schemas that `schema` combines, with their paths.
fn combined<'a>(schema: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let of = items(schema, keyword).enumerate();
        found.extend(of.map(|(index, nested)| (format!("{path}.{keyword}[{index}]"), nested)));
    }
    if has(schema, "not") {
        found.push((format!("{path}.not"), &schema["not"]));
    }
    found
}

/// `skip_any` and `skip_first` name the one use of types that is allowed: int-or-string.
pub(super) fn validations(
    schema: &Value,
    skip_any: bool,
    skip_first: bool,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let first = format!("{path}.allOf[0]");
    for (place, nested) in combined(schema, path) {
        if skip_any && place.starts_with(&format!("{path}.anyOf[")) {
            continue;
        }
        node(nested, skip_first && place == first, &place, errors);
    }
}

fn node(schema: &Value, skip_any: bool, path: &str, errors: &mut Vec<FieldError>) {
    validations(schema, skip_any && is_int_or_string(&schema["anyOf"]), false, path, errors);
    pattern(schema, path, errors);
    if has(schema, "items") {
        node(&schema["items"], false, &format!("{path}.items"), errors);
    }
    for (name, property) in properties(schema) {
        node(property, false, &format!("{path}.properties[{name}]"), errors);
    }
    forbidden(schema, path, errors);
    if has(&schema["properties"], "metadata") {
        let path = format!("{path}.properties[metadata]");
        errors.push(FieldError::forbidden(path, "must not be specified in a nested context"));
    }
}

fn forbidden(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let is_text = |keyword: &str| !text(schema, keyword).is_empty();
    let has_items = |keyword: &str| items(schema, keyword).next().is_some();
    for (keyword, is_there, detail) in [
        ("type", is_text("type"), "must be empty to be structural"),
        ("additionalProperties", has(schema, "additionalProperties"), "must be undefined to be structural"),
        ("default", has(schema, "default"), "must be undefined to be structural"),
        ("title", is_text("title"), "must be empty to be structural"),
        ("description", is_text("description"), "must be empty to be structural"),
        ("nullable", is_set(schema, "nullable"), "must be false to be structural"),
        (
            "x-kubernetes-preserve-unknown-fields",
            is_set(schema, "x-kubernetes-preserve-unknown-fields"),
            "must be false to be structural",
        ),
        (
            "x-kubernetes-embedded-resource",
            is_set(schema, "x-kubernetes-embedded-resource"),
            "must be false to be structural",
        ),
        (
            "x-kubernetes-int-or-string",
            is_set(schema, "x-kubernetes-int-or-string"),
            "must be false to be structural",
        ),
        (
            "x-kubernetes-list-map-keys",
            has_items("x-kubernetes-list-map-keys"),
            "must be empty to be structural",
        ),
        (
            "x-kubernetes-list-type",
            has(schema, "x-kubernetes-list-type"),
            "must be undefined to be structural",
        ),
        ("x-kubernetes-map-type", has(schema, "x-kubernetes-map-type"), "must be undefined to be structural"),
        ("x-kubernetes-validations", has_items("x-kubernetes-validations"), "must be empty to be structural"),
    ] {
        if is_there {
            errors.push(FieldError::forbidden(format!("{path}.{keyword}"), detail));
        }
    }
}

/// Every field and item that a value validation names is described: `schema` is the description of the value that
/// `validation` speaks of.
pub(super) fn complete(
    validation: &Value,
    schema: Option<&Value>,
    schema_path: &str,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    for (place, nested) in combined(validation, path) {
        complete_node(nested, schema, schema_path, &place, errors);
    }
}

fn complete_node(
    nested: &Value,
    schema: Option<&Value>,
    schema_path: &str,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let Some(described) = schema else {
        let detail = format!("because it is defined in {path}");
        return errors.push(FieldError::required(schema_path, detail));
    };
    complete(nested, schema, schema_path, path, errors);
    if has(nested, "items") {
        let items = described.get("items").filter(|items| !items.is_null());
        let (schema_path, path) = (format!("{schema_path}.items"), format!("{path}.items"));
        complete_node(&nested["items"], items, &schema_path, &path, errors);
    }
    for (name, property) in properties(nested) {
        let schema_path = format!("{schema_path}.properties[{name}]");
        let path = format!("{path}.properties[{name}]");
        complete_node(property, described["properties"].get(name), &schema_path, &path, errors);
    }
}
