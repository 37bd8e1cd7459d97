//! The write of a status, and whether it is needed.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value, json};

use super::shape::Shape;

/// A merge patch that makes the status of that very object the wanted one. It holds all of it, not the difference:
/// what was read may be old.
pub fn status_patch(object: &Value, wanted: &Map<String, Value>) -> Value {
    let status = with_nulls(object["status"].as_object(), wanted);
    json!({"metadata": {"uid": object["metadata"]["uid"]}, "status": status})
}

/// A merge patch of annotations of that very object.
pub fn annotations_patch(object: &Value, annotations: Map<String, Value>) -> Value {
    json!({"metadata": {"uid": object["metadata"]["uid"], "annotations": annotations}})
}

/// `wanted`, and a null for every member that is there and not wanted.
fn with_nulls(there: Option<&Map<String, Value>>, wanted: &Map<String, Value>) -> Map<String, Value> {
    let mut patch: Map<_, _> = wanted
        .iter()
        .map(|(name, value)| match value {
            Value::Object(members) => {
                let there = there.and_then(|there| there.get(name)).and_then(Value::as_object);
                (name.clone(), Value::Object(with_nulls(there, members)))
            }
            value => (name.clone(), value.clone()),
        })
        .collect();
    let gone = there.into_iter().flatten().filter(|(name, _)| !wanted.contains_key(*name));
    patch.extend(gone.map(|(name, _)| (name.clone(), Value::Null)));
    patch
}

/// What a server made of what was written: it may fill in defaults and leave out what it does not know. That is no
/// difference until either side changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    wanted: u64,
    live: u64,
}

impl Settled {
    /// After a write: `live` is the object that the server answered with.
    pub fn after(wanted: &Map<String, Value>, live: &Value) -> Self {
        Self { wanted: fingerprint(wanted), live: fingerprint(&live["status"]) }
    }

    /// Whether the status that is there is what the server makes of the wanted one.
    pub fn holds(settled: Option<Self>, wanted: &Map<String, Value>, there: &Value) -> bool {
        settled == Some(Self { wanted: fingerprint(wanted), live: fingerprint(there) })
    }
}

/// Whether both say the same. Of the kinds that it has itself Kubernetes leaves out what is zero or empty.
pub fn is_same(shape: Option<&Shape>, wanted: &Map<String, Value>, there: &Value) -> bool {
    let is_nothing = |value: &Value| if shape.is_some() { is_nothing(value) } else { value.is_null() };
    let says_same = |name: &String, value: &Value| match there.get(name) {
        Some(known) => known == value || (is_nothing(known) && is_nothing(value)),
        None => is_nothing(value),
    };
    let mut more = there.as_object().into_iter().flatten().filter(|(name, _)| !wanted.contains_key(*name));
    wanted.iter().all(|(name, value)| says_same(name, value)) && more.all(|(_, value)| is_nothing(value))
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

fn fingerprint(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
