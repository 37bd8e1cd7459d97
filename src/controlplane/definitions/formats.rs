//! Formats that a schema names and nobody checks.

use serde_json::Value;

use super::{
    structural::properties,
    words::{has, items, text},
};
use crate::apiserver::schema::is_known_format;

/// Every one in the schema and below it, as often as it is there.
pub(super) fn unknown(schema: &Value, found: &mut Vec<String>) {
    let format = text(schema, "format");
    if !format.is_empty() && !is_known_format(text(schema, "type"), format) {
        found.push(format.to_owned());
    }
    for keyword in ["items", "additionalProperties", "not"] {
        if has(schema, keyword) && schema[keyword].is_object() {
            unknown(&schema[keyword], found);
        }
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        items(schema, keyword).for_each(|nested| unknown(nested, found));
    }
    properties(schema).for_each(|(_, property)| unknown(property, found));
}
