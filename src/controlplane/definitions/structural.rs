//! A schema is structural: every value has a type, and value validations speak of described values only.
//!
//! The rules are those of `apiextensions-apiserver/pkg/apiserver/schema/validation.go`.

mod nested;

use serde_json::{Map, Value, json};

use super::words::{has, text};
use crate::apiserver::{field::FieldError, schema::Pattern};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// Everything that is not structural about a schema, sorted.
pub(super) fn validate(schema: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    node(schema, Level::Root, path, &mut errors);
    nested::complete(schema, Some(schema), path, path, &mut errors);
    errors.sort_by_key(ToString::to_string);
    errors
}

pub(super) fn is_set(schema: &Value, keyword: &str) -> bool {
    schema[keyword] == true
}

/// The schemas of the named fields.
pub(super) fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

fn node(schema: &Value, level: Level, path: &str, errors: &mut Vec<FieldError>) {
    let kind = text(schema, "type");
    if kind == "array" && !has(schema, "items") {
        errors.push(FieldError::required(format!("{path}.items"), "must be specified"));
    }
    if has(schema, "items") {
        node(&schema["items"], Level::Item, &format!("{path}.items"), errors);
    }
    for (name, property) in properties(schema) {
        node(property, Level::Field, &format!("{path}.properties[{name}]"), errors);
    }
    if has(schema, "additionalProperties") {
        let path = format!("{path}.additionalProperties");
        if level == Level::Root {
            errors.push(FieldError::forbidden(&*path, "must not be used at the root"));
        }
        if schema["additionalProperties"].is_object() {
            node(&schema["additionalProperties"], Level::Field, &path, errors);
        }
    }
    extensions(schema, path, errors);
    value_validations(schema, path, errors);
    kind_of(schema, level, path, errors);
    metadata(schema, level, path, errors);
}

fn extensions(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for keyword in ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] {
        if is_set(schema, "x-kubernetes-int-or-string") && is_set(schema, keyword) {
            let detail = "must be false if x-kubernetes-int-or-string is true";
            errors.push(FieldError::invalid(format!("{path}.{keyword}"), true, detail));
        }
    }
}

fn kind_of(schema: &Value, level: Level, path: &str, errors: &mut Vec<FieldError>) {
    let kind = text(schema, "type");
    let type_path = format!("{path}.type");
    let embedded = is_set(schema, "x-kubernetes-embedded-resource");
    let preserving = is_set(schema, "x-kubernetes-preserve-unknown-fields");
    if embedded && kind != "object" {
        let detail = "must be object if x-kubernetes-embedded-resource is true";
        errors.push(match kind {
            "" => FieldError::required(&*type_path, detail),
            kind => FieldError::invalid(&*type_path, kind, detail),
        });
    } else if kind.is_empty() && !is_set(schema, "x-kubernetes-int-or-string") && !preserving {
        let detail = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        errors.push(FieldError::required(&*type_path, detail));
    }
    if embedded && has(schema, "additionalProperties") {
        let detail = "must not be used if x-kubernetes-embedded-resource is set";
        errors.push(FieldError::forbidden(format!("{path}.additionalProperties"), detail));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        errors.push(FieldError::invalid(type_path, kind, "must be object at the root"));
    }
    if embedded && !preserving && properties(schema).next().is_none() {
        let detail = "must not be empty if x-kubernetes-embedded-resource is true without \
                      x-kubernetes-preserve-unknown-fields";
        errors.push(FieldError::required(format!("{path}.properties"), detail));
    }
}

/// What objects are called is not for a schema to say.
fn metadata(schema: &Value, level: Level, path: &str, errors: &mut Vec<FieldError>) {
    let is_object = level == Level::Root || is_set(schema, "x-kubernetes-embedded-resource");
    let properties = &schema["properties"];
    let mut must_be = |name: &str, expected: &str| {
        let kind = text(&properties[name], "type");
        if is_object && has(properties, name) && kind != expected {
            let path = format!("{path}.properties[{name}].type");
            errors.push(FieldError::invalid(path, kind, format!("must be {expected}")));
        }
    };
    must_be("kind", "string");
    must_be("apiVersion", "string");
    must_be("metadata", "object");
    if level != Level::Root || !has(properties, "metadata") {
        return;
    }
    let names =
        |fields: &Map<String, Value>| fields.keys().all(|name| name == "name" || name == "generateName");
    let says_more = properties["metadata"].as_object().into_iter().flatten().any(|(keyword, value)| {
        match (keyword.as_str(), value) {
            ("type" | "default", _) | (_, Value::Null) => false,
            ("properties", Value::Object(fields)) => !names(fields),
            _ => true,
        }
    });
    if says_more {
        let detail = "must not specify anything other than name and generateName, but metadata is implicitly \
                      specified";
        errors.push(FieldError::forbidden(format!("{path}.properties[metadata]"), detail));
    }
}

/// The one place where value validations may name types.
fn is_int_or_string(any_of: &Value) -> bool {
    *any_of == json!([{"type": "integer"}, {"type": "string"}])
}

fn value_validations(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let skip_any = is_int_or_string(&schema["anyOf"]);
    nested::validations(schema, skip_any, is_int_or_string(&schema["allOf"][0]["anyOf"]), path, errors);
    pattern(schema, path, errors);
}

fn pattern(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let pattern = text(schema, "pattern");
    if let Err(problem) = Pattern::new(pattern) {
        let detail = format!("must be a valid regular expression, but isn't: {problem}");
        errors.push(FieldError::invalid(format!("{path}.pattern"), pattern, detail));
    }
}
