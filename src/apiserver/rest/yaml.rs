//! Answers in YAML, item by item, so that a list is never held as a whole.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::{document::Document, frames::Pieces};
use crate::apiserver::object::Object;

/// A JSON object as a YAML document.
pub(super) fn object(json: &[u8]) -> Bytes {
    yaml(json).into()
}

/// A list: its head, then each item as an element of the array.
pub(super) fn list(document: Document) -> Pieces {
    let mut head = yaml(format!("{}}}", document.open).as_bytes());
    head.push_str(document.array);
    if document.rows.is_empty() {
        head.push_str(": []\n");
        return Box::new(std::iter::once(head.into()));
    }
    head.push_str(":\n");
    let format = document.format;
    let item = move |object: Arc<Object>| {
        let mut json = Vec::new();
        format.write(&mut json, &object);
        Bytes::from(element(&yaml(json.strip_prefix(b",").unwrap_or(&json))))
    };
    Box::new(std::iter::once(head.into()).chain(document.rows.into_objects().map(item)))
}

/// `- ` before the first line, two spaces before the others that are not empty.
fn element(yaml: &str) -> String {
    let mut out = String::with_capacity(yaml.len() + yaml.len() / 8);
    for (at, line) in yaml.lines().enumerate() {
        if !line.is_empty() {
            out.push_str(if at == 0 { "- " } else { "  " });
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn yaml(json: &[u8]) -> String {
    let value: Value = serde_json::from_slice(json).expect("what is served is valid JSON");
    serde_saphyr::to_string(&value).expect("JSON values always serialize")
}
