//! Reads values by JSON pointer as Go reads struct fields: what is absent is empty.

use serde_json::{Map, Value};

use crate::apiserver::field::FieldError;

pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub fn integer(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

pub fn flag(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or_default()
}

pub fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub fn texts(value: &Value, pointer: &str) -> Vec<String> {
    items(value, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub fn members<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// Whether the member is there and not `null`.
pub fn has(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).is_some_and(|value| !value.is_null())
}

/// The value at `pointer`, `null` when there is none.
pub fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// Writes a member that is absent or empty text.
pub fn default(object: &mut Value, member: &str, value: impl Into<Value>) {
    let absent = matches!(&object[member], Value::Null) || object[member] == "";
    if absent && object.is_object() {
        object[member] = value.into();
    }
}

/// The same for numbers, where Go takes zero for absent.
pub fn default_number(object: &mut Value, member: &str, value: i64) {
    if object.is_object() && (object[member].is_null() || object[member] == 0) {
        object[member] = value.into();
    }
}

/// Takes away a member.
pub fn remove(object: &mut Value, member: &str) {
    if let Some(members) = object.as_object_mut() {
        members.remove(member);
    }
}

pub fn each(object: &mut Value, pointer: &str, change: impl FnMut(&mut Value)) {
    if let Some(items) = object.pointer_mut(pointer).and_then(Value::as_array_mut) {
        items.iter_mut().for_each(change);
    }
}

pub fn not_negative(value: &Value, pointer: &str, path: &str) -> Option<FieldError> {
    let number = integer(value, pointer);
    (number < 0).then(|| FieldError::invalid(path, number, "must be greater than or equal to 0"))
}

pub fn port(number: i64, path: &str) -> Option<FieldError> {
    let valid = (1..=65535).contains(&number);
    (!valid).then(|| FieldError::invalid(path, number, "must be between 1 and 65535, inclusive"))
}

/// `fieldErrors` for a value that is none of those supported; empty text is asked for first.
pub fn one_of(value: &str, supported: &[&str], path: &str) -> Option<FieldError> {
    match value {
        "" => Some(FieldError::required(path, "")),
        value if supported.contains(&value) => None,
        value => Some(FieldError::not_supported(path, value, supported)),
    }
}
