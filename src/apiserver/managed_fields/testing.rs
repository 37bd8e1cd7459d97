//! Schemas for tests, written as OpenAPI, sets of fields as text, and requests.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Request, path, set::Set};
use crate::apiserver::schema::Schema;

/// The schema `openapi` describes.
pub fn schema(openapi: &Value) -> Schema {
    Schema::parse_plain(openapi).expect("tests write good schemas")
}

/// The members of a set as errors name them.
pub fn shown(set: &Set) -> Vec<String> {
    set.paths().iter().map(|path| path::display(path)).collect()
}

/// A ConfigMap of name `c` as one applies it.
pub fn configmap(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})
}

/// A write of a ConfigMap.
pub fn request(manager: &str) -> Request<'_> {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        schema(&json!({"type": "object", "properties": {
            "data": {"type": "object", "additionalProperties": {"type": "string"}},
        }}))
    });
    static NOTHING: LazyLock<Set> = LazyLock::new(Set::default);
    static EMPTY: LazyLock<Value> = LazyLock::new(|| json!({"metadata": {}}));
    Request {
        manager,
        subresource: "",
        api_version: "v1",
        kind: "ConfigMap",
        time: Timestamp::UNIX_EPOCH,
        schema: &SCHEMA,
        reset: &NOTHING,
        empty: &EMPTY,
    }
}
