//! Between values and encoded objects: what the store adds for readers and takes away for writers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::ClusterId;
use crate::apiserver::{
    object::{Key, Object, Parts},
    strategy::Strategy,
};

/// On every object that is read: the logical cluster it is in.
pub const CLUSTER_ANNOTATION: &str = "kcp.io/cluster";

/// Encodes an object as one version shows it.
pub(super) fn object(
    strategy: &dyn Strategy,
    cluster: &ClusterId,
    key: &Key,
    mut value: Value,
    resource_version: u64,
) -> Object {
    let info = strategy.info();
    let api_version = info.group_version();
    if let Some(members) = value.as_object_mut() {
        members.insert("apiVersion".into(), api_version.as_str().into());
    }
    let (cells, fields) = (strategy.cells(&value), strategy.selectable(&value));
    let mut members = match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let mut metadata = match members.remove("metadata") {
        Some(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    };
    annotate(&mut metadata, cluster);
    metadata.remove("resourceVersion");
    let labels = labels(&metadata);
    members.remove("apiVersion");
    members.remove("kind");
    let mut object = Object::new(Parts {
        api_version: &api_version,
        kind: &info.kind,
        key: key.clone(),
        resource_version,
        labels,
        cells,
        metadata: &inner(&metadata),
        rest: &inner(&members),
    });
    object.fields = fields;
    object
}

/// The object as a value, without its version and the annotation of the store.
pub(super) fn value(object: &Object) -> Value {
    let mut value: Value = serde_json::from_slice(&object.json()).expect("what is stored is valid JSON");
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("resourceVersion");
        let annotations = metadata.get_mut("annotations").and_then(Value::as_object_mut);
        if let Some(annotations) = annotations {
            annotations.remove(CLUSTER_ANNOTATION);
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
    value
}

pub(super) fn annotate(metadata: &mut Map<String, Value>, cluster: &ClusterId) {
    let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    if !annotations.is_object() {
        *annotations = Value::Object(Map::new());
    }
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert(CLUSTER_ANNOTATION.into(), cluster.as_ref().into());
    }
}

fn labels(metadata: &Map<String, Value>) -> BTreeMap<String, String> {
    let labels = metadata.get("labels").and_then(Value::as_object).into_iter().flatten();
    labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// The members without their braces.
fn inner(members: &Map<String, Value>) -> Vec<u8> {
    let mut json = serde_json::to_vec(members).expect("JSON values always serialize");
    json.pop();
    json.remove(0);
    json
}
