//! ConfigMaps: keys, sizes, and what cannot change when `immutable` is set. Secrets share these rules.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{Rules, cells, info, values};
use crate::apiserver::{
    field::FieldError,
    object::Cell,
    object_meta::{self, names},
    resource::ResourceInfo,
};

/// Of the data of a ConfigMap or Secret.
pub const MAX_SIZE: usize = 1024 * 1024;

pub fn rules() -> Rules {
    let info =
        ResourceInfo { short_names: vec!["cm".into()], ..info::namespaced("", "configmaps", "ConfigMap") };
    let validate_update =
        |new: &Value, old: &Value| immutable(new, old, &[("data", "/data"), ("binaryData", "/binaryData")]);
    Rules { validate, validate_update, ..Rules::new(info, cells) }
}

fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut size = 0;
    for (key, value) in values::members(object, "/data") {
        let path = format!("data[{key}]");
        errors.extend(object_meta::invalid(&path, key, config_key(key)));
        if values::at(object, "/binaryData").get(key).is_some() {
            let detail = "duplicate of key present in binaryData";
            errors.push(FieldError::invalid(path, key.as_str(), detail));
        }
        size += value.as_str().map_or(0, str::len);
    }
    for (key, value) in values::members(object, "/binaryData") {
        errors.extend(object_meta::invalid(&format!("binaryData[{key}]"), key, config_key(key)));
        size += decoded(value).len();
    }
    if size > MAX_SIZE {
        // The whole object: a path without a name.
        errors.push(FieldError::too_long("[]", MAX_SIZE));
    }
    errors
}

/// Fields that cannot change once `immutable` is set; nor can that be unset.
pub fn immutable(new: &Value, old: &Value, fields: &[(&str, &str)]) -> Vec<FieldError> {
    const DETAIL: &str = "field is immutable when `immutable` is set";
    let mut errors = Vec::new();
    if values::flag(old, "/immutable") {
        if !values::flag(new, "/immutable") {
            errors.push(FieldError::forbidden("immutable", DETAIL));
        }
        let changed =
            fields.iter().filter(|(_, pointer)| values::at(new, pointer) != values::at(old, pointer));
        errors.extend(changed.map(|(field, _)| FieldError::forbidden(*field, DETAIL)));
    }
    errors
}

/// A key that may be the name of a file.
pub fn config_key(key: &str) -> Vec<String> {
    const MESSAGE: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    let mut errors = Vec::new();
    if key.len() > 253 {
        errors.push("must be no more than 253 characters".to_owned());
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if key.is_empty() || !key.bytes().all(legal) {
        errors.push(names::pattern_error(MESSAGE, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"]));
    }
    match key {
        "." | ".." => errors.push(format!("must not be '{key}'")),
        key if key.starts_with("..") => errors.push("must not start with '..'".to_owned()),
        _ => {}
    }
    errors
}

pub fn decoded(value: &Value) -> Vec<u8> {
    value.as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default()
}

fn cells(object: &Value) -> Vec<Cell> {
    let count = values::members(object, "/data").chain(values::members(object, "/binaryData")).count();
    vec![cells::name(object), cells::number(count as i64), cells::age(object)]
}
