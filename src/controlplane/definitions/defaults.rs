//! A default is a value that its schema accepts, and has no unknown fields.
//!
//! The rules are those of `apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go`. Defaults in the
//! metadata of embedded objects are checked against their schema only.

use serde_json::Value;

use super::{
    structural::{is_set, properties},
    words::has,
};
use crate::apiserver::{
    field::FieldError,
    schema::{META_FIELDS, Schema},
};

/// Everything that is wrong with the defaults of a structural schema.
pub(super) fn validate(schema: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    node(schema, true, false, path, &mut errors);
    errors
}

fn node(schema: &Value, is_root: bool, in_metadata: bool, path: &str, errors: &mut Vec<FieldError>) {
    let embedded = is_root || is_set(schema, "x-kubernetes-embedded-resource");
    let in_metadata = in_metadata && !embedded;
    if has(schema, "default") {
        default(schema, embedded, in_metadata, path, errors);
    }
    if has(schema, "items") {
        node(&schema["items"], false, in_metadata, &format!("{path}.items"), errors);
    }
    for (name, property) in properties(schema) {
        let in_metadata = in_metadata || (embedded && META_FIELDS.contains(&name.as_str()));
        node(property, false, in_metadata, &format!("{path}.properties[{name}]"), errors);
    }
}

fn default(schema: &Value, embedded: bool, in_metadata: bool, path: &str, errors: &mut Vec<FieldError>) {
    // A schema that cannot be read is told of elsewhere.
    let Ok(parsed) = Schema::parse_plain(schema) else { return };
    let (path, value) = (format!("{path}.default"), &schema["default"]);
    if !in_metadata {
        let mut pruned = value.clone();
        let unknown = if embedded { parsed.prune(&mut pruned) } else { parsed.prune_part(&mut pruned) };
        if !unknown.is_empty() || pruned != *value {
            errors.push(FieldError::invalid(&*path, value.clone(), "must not have unknown fields"));
        }
        if let Err(mut error) = parsed.coerce_embedded(&mut value.clone()) {
            error.path = format!("{path}.{}", error.path);
            return errors.push(error);
        }
        let mut wrong = parsed.validate_embedded(value);
        if !wrong.is_empty() {
            wrong.iter_mut().for_each(|error| error.path = format!("{path}.{}", error.path));
            return errors.extend(wrong);
        }
    }
    errors.extend(parsed.validate_part(&path, value, None));
}
