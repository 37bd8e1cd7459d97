//! Ways into the JSON of an object that nobody has validated.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A text of `metadata`; empty if it is not there.
pub fn meta<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get("metadata").and_then(|meta| meta.get(field)).and_then(Value::as_str).unwrap_or_default()
}

/// An entry of `metadata.labels` or `metadata.annotations`.
pub fn entry<'a>(object: &'a Value, map: &str, key: &str) -> Option<&'a str> {
    object.get("metadata")?.get(map)?.get(key)?.as_str()
}

/// The labels or annotations, without those that are no text.
pub fn entries(object: &Value, map: &str) -> BTreeMap<String, String> {
    let fields = object.get("metadata").and_then(|meta| meta.get(map)).and_then(Value::as_object);
    let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    fields.into_iter().flatten().filter_map(text).collect()
}

/// Sets a label or annotation.
pub fn set_entry(object: &mut Value, map: &str, key: &str, value: String) {
    let place = into_map(object).and_then(|object| child_map(object, "metadata"));
    if let Some(entries) = place.and_then(|metadata| child_map(metadata, map)) {
        entries.insert(key.to_owned(), value.into());
    }
}

/// The map of this name, made if need be. What is in its way is no map, and goes.
fn child_map<'a>(fields: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    into_map(fields.entry(name).or_insert(Value::Null))
}

fn into_map(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}
