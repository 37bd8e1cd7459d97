//! What is wrong with a value, in kube-apiserver's words.
//!
//! The checks, their order and their texts are those of kube-openapi's `validation/validate` and of
//! `apiextensions-apiserver/pkg/apiserver/validation`. On an update a mistake in a part that has not changed is
//! let stand, so that a schema may become stricter under objects that exist.

mod alternatives;
mod numbers;
mod outcome;
mod shape;
#[cfg(test)]
mod tests;

use serde_json::Value;

use self::outcome::{Check, Outcome};
use super::{Schema, path::Path};
use crate::apiserver::field::FieldError;

impl Schema {
    /// Everything the value validations, the embedded objects and the list types say of the object; with the
    /// stored object, mistakes that were there before are let stand.
    pub fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
        let mut errors = self.validate_values(object, old);
        errors.extend(self.validate_embedded(object));
        if old.is_none_or(|old| self.validate_lists(old).is_empty()) {
            errors.extend(self.validate_lists(object));
        }
        errors
    }

    /// The value validations alone.
    pub fn validate_values(&self, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
        self.ratcheted(object, old, &Path::Root).into_errors()
    }

    /// The same for one part of an object, say its status: messages speak of the part, paths of the whole.
    pub fn validate_part(&self, name: &str, part: &Value, old: Option<&Value>) -> Vec<FieldError> {
        let mut errors = self.validate_values(part, old);
        for error in &mut errors {
            error.path = match error.path.as_str() {
                outcome::NO_PATH => name.to_owned(),
                path => format!("{name}.{path}"),
            };
        }
        errors
    }

    fn ratcheted(&self, value: &Value, old: Option<&Value>, path: &Path<'_>) -> Outcome {
        let outcome = self.node(value, old, path);
        match old {
            Some(old) if !outcome.is_valid() && self.is_unchanged(value, old) => outcome.without_errors(),
            _ => outcome,
        }
    }

    /// One value and all below it. `checks` counts what was asked: the alternative with the most is the likeliest
    /// to have been meant.
    fn node(&self, value: &Value, old: Option<&Value>, path: &Path<'_>) -> Outcome {
        let mut check = Check::new(path);
        if value.is_null() {
            self.check_type(value, &mut check);
            self.check_enum(value, &mut check);
            return check.outcome;
        }
        let has_type = !self.type_names().is_empty() || !self.format().is_empty();
        if has_type {
            self.check_type(value, &mut check);
            check.outcome.checks += 1;
        }
        self.check_alternatives(value, old, &mut check);
        check.outcome.checks += 1;
        match value {
            Value::String(text) => self.check_string(text, &mut check),
            Value::Number(number) => self.check_number(number, &mut check),
            Value::Array(items) => self.check_items(items, old, &mut check),
            Value::Object(_) | Value::Bool(_) | Value::Null => {}
        }
        self.check_enum(value, &mut check);
        check.outcome.checks += 1;
        if let Value::Object(fields) = value {
            self.check_fields(fields, old, &mut check);
            check.outcome.checks += 1;
        }
        check.outcome.checks += 1;
        check.outcome
    }

    fn format(&self) -> &str {
        self.validations.as_ref().map_or("", |validations| &validations.format)
    }
}
