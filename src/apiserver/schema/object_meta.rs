//! The type data and metadata of objects: the whole one, and those embedded in it.
//!
//! What `apiextensions-apiserver/pkg/apiserver/schema/objectmeta` does by decoding into Go's ObjectMeta is done
//! here by a table of its fields: unknown ones go, empty ones go, and ones of the wrong type are refused.

mod fields;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::{Schema, path::Path};
use crate::apiserver::field::FieldError;

/// Cleans `metadata` of one object in place; the paths of the unknown fields in it, below `metadata`.
pub fn coerce_object_meta(metadata: &mut Value) -> Result<Vec<String>, String> {
    let mut unknown = Vec::new();
    fields::coerce(metadata, &mut unknown)?;
    Ok(unknown)
}

impl Schema {
    /// Cleans the metadata of every embedded object; the paths of the unknown fields in them, or the first that
    /// has the wrong type.
    pub fn coerce_embedded(&self, object: &mut Value) -> Result<Vec<String>, FieldError> {
        let mut unknown = Vec::new();
        self.coerce(object, &Path::Root, &mut unknown)?;
        unknown.sort();
        Ok(unknown)
    }

    fn coerce(
        &self,
        value: &mut Value,
        path: &Path<'_>,
        unknown: &mut Vec<String>,
    ) -> Result<(), FieldError> {
        match value {
            Value::Object(fields) => {
                if self.embedded_resource {
                    coerce_object(fields, path, unknown)?;
                }
                for (name, value) in fields {
                    let Some(child) = self.child(name) else { continue };
                    child.coerce(value, &path.field(name), unknown)?;
                }
            }
            Value::Array(items) => {
                let Some(child) = &self.items else { return Ok(()) };
                for (index, item) in items.iter_mut().enumerate() {
                    child.coerce(item, &path.index(index), unknown)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Embedded objects say what they are.
    pub fn validate_embedded(&self, object: &Value) -> Vec<FieldError> {
        let mut errors = Vec::new();
        self.embedded(object, &Path::Root, &mut errors);
        errors
    }

    fn embedded(&self, value: &Value, path: &Path<'_>, errors: &mut Vec<FieldError>) {
        match value {
            Value::Object(fields) => {
                if self.embedded_resource {
                    validate_object(fields, path, errors);
                }
                for (name, value) in fields {
                    let Some(child) = self.child(name) else { continue };
                    child.embedded(value, &path.field(name), errors);
                }
            }
            Value::Array(items) => {
                let Some(child) = &self.items else { return };
                for (index, item) in items.iter().enumerate() {
                    child.embedded(item, &path.index(index), errors);
                }
            }
            _ => {}
        }
    }
}

fn coerce_object(
    object: &mut Map<String, Value>,
    path: &Path<'_>,
    unknown: &mut Vec<String>,
) -> Result<(), FieldError> {
    for name in ["apiVersion", "kind"] {
        if let Some(value) = object.get(name).filter(|value| !value.is_string()) {
            return Err(FieldError::invalid(path.field(name).to_string(), value.clone(), "must be a string"));
        }
    }
    let Some(metadata) = object.get_mut("metadata") else { return Ok(()) };
    let path = path.field("metadata");
    let before = unknown.len();
    fields::coerce(metadata, unknown)
        .map_err(|problem| FieldError::invalid(path.to_string(), metadata.clone(), problem))?;
    for name in &mut unknown[before..] {
        *name = format!("{path}.{name}");
    }
    Ok(())
}

fn validate_object(object: &Map<String, Value>, path: &Path<'_>, errors: &mut Vec<FieldError>) {
    for name in ["apiVersion", "kind"] {
        let path = path.field(name).to_string();
        match object.get(name) {
            None => errors.push(FieldError::required(path, "")),
            Some(Value::String(text)) if text.is_empty() => {
                errors.push(FieldError::invalid(path, "", "must not be empty"));
            }
            Some(Value::String(text)) => {
                let problem = if name == "kind" { wrong_kind(text) } else { wrong_version(text) };
                errors.extend(problem.map(|problem| FieldError::invalid(path, text.as_str(), problem)));
            }
            Some(value) => errors.push(FieldError::invalid(path, value.clone(), "must be a string")),
        }
    }
    if let Some(metadata) = object.get("metadata") {
        let problem = fields::coerce(&mut metadata.clone(), &mut Vec::new()).err();
        let path = path.field("metadata").to_string();
        errors.extend(problem.map(|problem| FieldError::invalid(path, metadata.clone(), problem)));
    }
}

fn wrong_version(text: &str) -> Option<String> {
    (text.matches('/').count() > 1).then(|| format!("unexpected GroupVersion string: {text}"))
}

/// A kind is a DNS label, but for its case.
fn wrong_kind(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let mut bytes = lower.bytes();
    let is_label = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !lower.ends_with('-');
    if lower.len() > 63 {
        return Some(
            "may have mixed case, but should otherwise match: must be no more than 63 bytes".to_owned(),
        );
    }
    (!is_label).then(|| {
        "may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case \
         alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric \
         character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
            .to_owned()
    })
}
