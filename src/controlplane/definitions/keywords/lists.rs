//! Lists that are sets or maps, and maps that are atomic.

use serde_json::Value;

use crate::{
    apiserver::field::FieldError,
    controlplane::definitions::{
        structural::is_set,
        words::{has, items, text},
    },
};

const LIST_TYPE: &str = "x-kubernetes-list-type";
const MAP_TYPE: &str = "x-kubernetes-map-type";
const MAP_KEYS: &str = "x-kubernetes-list-map-keys";

pub(super) fn validate(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    typed(schema, path, MAP_TYPE, "object", &["atomic", "granular"], errors);
    if !typed(schema, path, LIST_TYPE, "array", &["atomic", "set", "map"], errors) {
        set_items(schema, path, errors);
    }
    let (list_type, type_path) = (text(schema, LIST_TYPE), format!("{path}.{LIST_TYPE}"));
    if items(schema, MAP_KEYS).next().is_some() && list_type != "map" {
        let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
        errors.push(match list_type {
            "" => FieldError::required(type_path, detail),
            other => FieldError::invalid(type_path, other, detail),
        });
    }
    if list_type == "map" {
        map(schema, path, errors);
    }
    if list_type == "map" || list_type == "set" {
        nullable(schema, list_type, path, errors);
    }
}

/// Whether the keyword stands beside another type than it is for.
fn typed(
    schema: &Value,
    path: &str,
    keyword: &str,
    expected: &str,
    values: &[&str],
    errors: &mut Vec<FieldError>,
) -> bool {
    let (value, kind) = (text(schema, keyword), text(schema, "type"));
    if value.is_empty() {
        return false;
    }
    let is_misplaced = kind != expected;
    if is_misplaced {
        let (path, detail) =
            (format!("{path}.type"), format!("must be {expected} if {keyword} is specified"));
        errors.push(match kind {
            "" => FieldError::required(path, detail),
            kind => FieldError::invalid(path, kind, detail),
        });
    }
    if !values.contains(&value) {
        errors.push(FieldError::not_supported(format!("{path}.{keyword}"), value, values));
    }
    is_misplaced
}

/// Items of a set are compared as a whole.
fn set_items(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let of = &schema["items"];
    if text(schema, LIST_TYPE) != "set" || !of.is_object() {
        return;
    }
    let keyword = match text(of, "type") {
        "array" if !matches!(text(of, LIST_TYPE), "" | "atomic") => LIST_TYPE,
        "object" if text(of, MAP_TYPE) != "atomic" => MAP_TYPE,
        _ => return,
    };
    let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
    errors.push(FieldError::invalid(format!("{path}.items.{keyword}"), of[LIST_TYPE].clone(), detail));
}

fn map(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let keys: Vec<&str> = items(schema, MAP_KEYS).filter_map(Value::as_str).collect();
    let keys_path = format!("{path}.{MAP_KEYS}");
    if keys.is_empty() {
        let detail = "must not be empty if x-kubernetes-list-type is map";
        errors.push(FieldError::required(&*keys_path, detail));
    }
    let of = &schema["items"];
    if of.is_null() {
        let detail = "must have a schema if x-kubernetes-list-type is map";
        return errors.push(FieldError::required(format!("{path}.items"), detail));
    }
    let kind = text(of, "type");
    if kind != "object" {
        let detail = "must be object if parent array's x-kubernetes-list-type is map";
        return errors.push(FieldError::invalid(format!("{path}.items.type"), kind, detail));
    }
    for (index, key) in keys.iter().enumerate() {
        match of["properties"].get(key) {
            Some(property) if matches!(text(property, "type"), "array" | "object") => {
                let path = format!("{path}.items.properties[{key}].type");
                let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                errors.push(FieldError::invalid(path, kind, detail));
            }
            Some(_) => {}
            None => {
                let detail = "entries must all be names of item properties";
                errors.push(FieldError::invalid(&*keys_path, schema[MAP_KEYS].clone(), detail));
            }
        }
        if keys[..index].contains(key) {
            let detail = "must not contain duplicate entries";
            errors.push(FieldError::invalid(&*keys_path, schema[MAP_KEYS].clone(), detail));
        }
    }
}

/// Keys are always there.
fn nullable(schema: &Value, list_type: &str, path: &str, errors: &mut Vec<FieldError>) {
    let of = &schema["items"];
    if is_set(of, "nullable") {
        let detail = format!("cannot be nullable when x-kubernetes-list-type is {list_type}");
        errors.push(FieldError::forbidden(format!("{path}.items.nullable"), detail));
    }
    if list_type == "set" {
        return;
    }
    for key in items(schema, MAP_KEYS).filter_map(Value::as_str) {
        let Some(property) = of["properties"].get(key) else { continue };
        let path = format!("{path}.items.properties[{key}]");
        let is_required = items(of, "required").any(|required| required == key);
        if !is_required && !has(property, "default") {
            let detail = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required \
                          property";
            errors.push(FieldError::required(format!("{path}.default"), detail));
        }
        if is_set(property, "nullable") {
            let detail = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            errors.push(FieldError::forbidden(format!("{path}.nullable"), detail));
        }
    }
}
