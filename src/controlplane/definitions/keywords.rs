//! What may be said in a schema of a definition, keyword by keyword.
//!
//! The rules are those of `ValidateCustomResourceDefinitionOpenAPISchema` in
//! `apiextensions-apiserver/pkg/apis/apiextensions/validation`.

mod lists;
mod paths;
mod rules;

use serde_json::Value;

pub(super) use paths::field_at;

use super::{
    structural::{is_set, properties},
    words::{has, items, text},
};
use crate::apiserver::{field::FieldError, schema::META_FIELDS};

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// Where in a schema the walk is.
#[derive(Clone, Default)]
struct Place {
    is_root: bool,
    in_metadata: bool,
    /// Why no default may be here.
    no_defaults: Option<String>,
    /// Above here values cannot be matched with their old ones, so no rule may ask for them.
    uncorrelatable: Option<String>,
    /// Whether rules are compiled: not where the schema is unsound, or a mere value validation.
    with_rules: bool,
}

/// What may stand at the root of a schema beside a status subresource.
pub(super) fn at_root(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    const ALLOWED: [(&str, &str); 22] = [
        ("description", "Description"),
        ("type", "Type"),
        ("format", "Format"),
        ("title", "Title"),
        ("maximum", "Maximum"),
        ("exclusiveMaximum", "ExclusiveMaximum"),
        ("minimum", "Minimum"),
        ("exclusiveMinimum", "ExclusiveMinimum"),
        ("maxLength", "MaxLength"),
        ("minLength", "MinLength"),
        ("pattern", "Pattern"),
        ("maxItems", "MaxItems"),
        ("minItems", "MinItems"),
        ("uniqueItems", "UniqueItems"),
        ("multipleOf", "MultipleOf"),
        ("required", "Required"),
        ("items", "Items"),
        ("properties", "Properties"),
        ("externalDocs", "ExternalDocs"),
        ("example", "Example"),
        ("x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields"),
        ("x-kubernetes-validations", "XValidations"),
    ];
    let kind = text(schema, "type");
    if !kind.is_empty() && kind != "object" {
        let detail = "only \"object\" is allowed as the type at the root of the schema if the status subresource is \
                      enabled";
        return errors.push(FieldError::invalid(format!("{path}.type"), kind, detail));
    }
    let is_empty = |value: &Value| matches!(value, Value::Null | Value::Bool(false)) || value == "";
    let other =
        schema.as_object().into_iter().flatten().find(|(keyword, value)| {
            !is_empty(value) && ALLOWED.iter().all(|(allowed, _)| allowed != keyword)
        });
    if other.is_some() {
        let names: Vec<_> = ALLOWED.iter().map(|(_, name)| *name).collect();
        let detail = format!(
            "only [{}] fields are allowed at the root of the schema if the status subresource is enabled",
            names.join(" ")
        );
        errors.push(FieldError::invalid(path, schema.clone(), detail));
    }
}

/// `is_sound` says that the schema is structural and its defaults are good, so that rules make sense.
pub(super) fn validate(schema: &Value, path: &str, is_sound: bool, errors: &mut Vec<FieldError>) {
    let place = Place { is_root: true, with_rules: is_sound, ..Place::default() };
    let (mut found, mut of_rules) = (Vec::new(), Vec::new());
    node(schema, path, &place, &mut found, &mut of_rules);
    if is_sound && found.is_empty() {
        rules::validate_budget(schema, path, &mut of_rules);
    }
    errors.extend(found);
    errors.extend(of_rules);
}

fn node(
    schema: &Value,
    path: &str,
    place: &Place,
    errors: &mut Vec<FieldError>,
    of_rules: &mut Vec<FieldError>,
) {
    standard(schema, path, place, errors);
    if is_set(schema, "uniqueItems") {
        let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.push(FieldError::forbidden(format!("{path}.uniqueItems"), detail));
    }
    children(schema, path, place, errors, of_rules);
    if schema["x-kubernetes-preserve-unknown-fields"] == false {
        let path = format!("{path}.x-kubernetes-preserve-unknown-fields");
        errors.push(FieldError::invalid(path, false, "must be true or undefined"));
    }
    lists::validate(schema, path, errors);
    rules::validate(schema, path, errors);
    if place.with_rules && errors.is_empty() {
        rules::compile(schema, path, place.is_root, place.uncorrelatable.as_deref(), of_rules);
    }
}

/// What upstream calls the standard rules: keywords that JSON schema has and Kubernetes has not.
fn standard(schema: &Value, path: &str, place: &Place, errors: &mut Vec<FieldError>) {
    let kind = text(schema, "type");
    if !kind.is_empty() && !TYPES.contains(&kind) {
        errors.push(FieldError::not_supported(format!("{path}.type"), kind, &TYPES));
    }
    if let Some(why) = place.no_defaults.as_ref().filter(|_| has(schema, "default")) {
        errors.push(FieldError::forbidden(format!("{path}.default"), format!("must not be set {why}")));
    }
    for keyword in ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"] {
        if has(schema, keyword) {
            errors.push(FieldError::forbidden(
                format!("{path}.{keyword}"),
                format!("{keyword} is not supported"),
            ));
        }
    }
    if kind == "null" {
        let detail = "type cannot be set to null, use nullable as an alternative";
        errors.push(FieldError::forbidden(format!("{path}.type"), detail));
    }
    if schema["items"].is_array() {
        let detail = "items must be a schema object and not an array";
        errors.push(FieldError::forbidden(format!("{path}.items"), detail));
    }
    if place.in_metadata && is_set(schema, "x-kubernetes-embedded-resource") {
        let detail = "must not be used inside of resource meta";
        errors.push(FieldError::forbidden(format!("{path}.x-kubernetes-embedded-resource"), detail));
    }
}

fn children(
    schema: &Value,
    path: &str,
    place: &Place,
    errors: &mut Vec<FieldError>,
    of_rules: &mut Vec<FieldError>,
) {
    let below = Place { is_root: false, ..place.clone() };
    if has(schema, "additionalProperties") {
        let path = format!("{path}.additionalProperties");
        if properties(schema).next().is_some() && schema["additionalProperties"] != true {
            let detail = "additionalProperties and properties are mutual exclusive";
            errors.push(FieldError::forbidden(&*path, detail));
        }
        let mut below = below.clone();
        if place.in_metadata {
            below.no_defaults = Some("inside additionalProperties applying to object metadata".to_owned());
        }
        if schema["additionalProperties"].is_object() {
            node(&schema["additionalProperties"], &path, &below, errors, of_rules);
        }
    }
    for (name, property) in properties(schema) {
        let mut below = below.clone();
        let is_object = place.is_root || is_set(schema, "x-kubernetes-embedded-resource");
        if is_object && META_FIELDS.contains(&name.as_str()) {
            below.in_metadata = true;
            if place.is_root {
                below.no_defaults = Some(format!("in top-level {name}"));
            }
        }
        node(property, &format!("{path}.properties[{name}]"), &below, errors, of_rules);
    }
    let validation = Place { with_rules: false, ..below.clone() };
    for keyword in ["allOf", "oneOf", "anyOf"] {
        for (index, nested) in items(schema, keyword).enumerate() {
            node(nested, &format!("{path}.{keyword}[{index}]"), &validation, errors, of_rules);
        }
    }
    if has(schema, "not") {
        node(&schema["not"], &format!("{path}.not"), &validation, errors, of_rules);
    }
    if schema["items"].is_object() {
        let mut below = below;
        if schema["x-kubernetes-list-type"] != "map" {
            below.uncorrelatable.get_or_insert_with(|| path.to_owned());
        }
        node(&schema["items"], &format!("{path}.items"), &below, errors, of_rules);
    }
}
