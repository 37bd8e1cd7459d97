//! Reading and writing `metadata` of an object that is a JSON value.

use serde_json::{Map, Value};

/// `metadata`, made when it is not there or no object.
pub fn metadata(object: &mut Value) -> &mut Map<String, Value> {
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let members = object.as_object_mut().expect("it was made an object");
    let meta = members.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    if !meta.is_object() {
        *meta = Value::Object(Map::new());
    }
    meta.as_object_mut().expect("it was made an object")
}

/// A string of `metadata`; empty when it is absent.
pub fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

/// `metadata.finalizers`.
pub fn finalizers(object: &Value) -> Vec<&str> {
    let finalizers = object["metadata"]["finalizers"].as_array().map(Vec::as_slice).unwrap_or_default();
    finalizers.iter().filter_map(Value::as_str).collect()
}

pub fn is_deleting(object: &Value) -> bool {
    !text(object, "deletionTimestamp").is_empty()
}

/// Sets a field of `metadata`, or takes it away for null.
pub fn set(object: &mut Value, field: &str, value: Value) {
    let meta = metadata(object);
    if value.is_null() {
        meta.remove(field);
    } else {
        meta.insert(field.to_owned(), value);
    }
}

/// The object without `metadata` and, where that is a resource of its own, without `status`: what a generation
/// counts the changes of.
pub fn desired(object: &Value, has_status: bool) -> Map<String, Value> {
    let mut members = object.as_object().cloned().unwrap_or_default();
    for ignored in ["apiVersion", "kind", "metadata"] {
        members.remove(ignored);
    }
    if has_status {
        members.remove("status");
    }
    members
}

/// Now, as Kubernetes writes times: whole seconds.
pub fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
