//! What is wrong with one field of an object, in Kubernetes' own words.
//!
//! Fed by validation of any kind; [`ApiError::invalid`](super::status::ApiError::invalid) makes the 422 of it.
//! The texts are those of `k8s.io/apimachinery/pkg/util/validation/field`.

use std::fmt;

use serde_json::Value;

/// The kind of mistake.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldErrorKind {
    Required,
    /// With the value that is wrong.
    Invalid(Value),
    /// A value that is too large to be shown.
    InvalidPart,
    /// A value that upstream shows in another form than it has here, in that form.
    InvalidShown(String),
    /// The value has the wrong JSON type, which is named.
    TypeInvalid(Value),
    /// With the value and those that would do.
    NotSupported(Value, Vec<String>),
    Duplicate(Value),
    NotFound(Value),
    Forbidden,
    TooLong,
    /// With the number there is.
    TooMany(usize),
}

/// One wrong field; `path` is as Kubernetes writes it: `spec.template.containers[0].name`.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    pub path: String,
    pub kind: FieldErrorKind,
    pub detail: String,
}

impl FieldError {
    pub fn required(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), kind: FieldErrorKind::Required, detail: detail.into() }
    }

    pub fn invalid(path: impl Into<String>, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), kind: FieldErrorKind::Invalid(value.into()), detail: detail.into() }
    }

    /// Of an object or a list, which is not shown.
    pub fn invalid_part(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), kind: FieldErrorKind::InvalidPart, detail: detail.into() }
    }

    /// `shown` is the value as the error shows it.
    pub fn invalid_shown(
        path: impl Into<String>,
        shown: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        let kind = FieldErrorKind::InvalidShown(shown.into());
        Self { path: path.into(), kind, detail: detail.into() }
    }

    pub fn type_invalid(path: impl Into<String>, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), kind: FieldErrorKind::TypeInvalid(value.into()), detail: detail.into() }
    }

    pub fn not_supported(path: impl Into<String>, value: impl Into<Value>, supported: &[&str]) -> Self {
        let supported = supported.iter().map(|value| (*value).to_owned()).collect();
        let kind = FieldErrorKind::NotSupported(value.into(), supported);
        Self { path: path.into(), kind, detail: String::new() }
    }

    pub fn duplicate(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { path: path.into(), kind: FieldErrorKind::Duplicate(value.into()), detail: String::new() }
    }

    pub fn not_found(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { path: path.into(), kind: FieldErrorKind::NotFound(value.into()), detail: String::new() }
    }

    pub fn forbidden(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), kind: FieldErrorKind::Forbidden, detail: detail.into() }
    }

    pub fn too_long(path: impl Into<String>, bytes: usize) -> Self {
        let detail = format!("may not be more than {bytes} bytes");
        Self { path: path.into(), kind: FieldErrorKind::TooLong, detail }
    }

    pub fn too_many(path: impl Into<String>, actual: usize, most: usize) -> Self {
        let detail = format!("must have at most {most} {}", if most == 1 { "item" } else { "items" });
        Self { path: path.into(), kind: FieldErrorKind::TooMany(actual), detail }
    }

    /// Whether a value has another JSON type than it may have.
    pub fn is_type(&self) -> bool {
        matches!(self.kind, FieldErrorKind::TypeInvalid(_))
    }

    /// `reason` of the cause.
    pub fn reason(&self) -> &'static str {
        match self.kind {
            FieldErrorKind::Required => "FieldValueRequired",
            FieldErrorKind::Invalid(_) | FieldErrorKind::InvalidPart | FieldErrorKind::InvalidShown(_) => {
                "FieldValueInvalid"
            }
            FieldErrorKind::TypeInvalid(_) => "FieldValueTypeInvalid",
            FieldErrorKind::NotSupported(..) => "FieldValueNotSupported",
            FieldErrorKind::Duplicate(_) => "FieldValueDuplicate",
            FieldErrorKind::NotFound(_) => "FieldValueNotFound",
            FieldErrorKind::Forbidden => "FieldValueForbidden",
            FieldErrorKind::TooLong => "FieldValueTooLong",
            FieldErrorKind::TooMany(_) => "FieldValueTooMany",
        }
    }

    /// `message` of the cause: everything but the path.
    pub fn body(&self) -> String {
        let head = match &self.kind {
            FieldErrorKind::Required => "Required value".to_owned(),
            FieldErrorKind::Invalid(value) | FieldErrorKind::TypeInvalid(value) => {
                format!("Invalid value: {}", shown(value))
            }
            FieldErrorKind::InvalidPart => "Invalid value".to_owned(),
            FieldErrorKind::InvalidShown(text) => format!("Invalid value: {text}"),
            FieldErrorKind::NotSupported(value, supported) => {
                let supported: Vec<_> = supported.iter().map(|value| format!("{value:?}")).collect();
                let head = format!("Unsupported value: {}", shown(value));
                if supported.is_empty() {
                    head
                } else {
                    format!("{head}: supported values: {}", supported.join(", "))
                }
            }
            FieldErrorKind::Duplicate(value) => format!("Duplicate value: {}", shown(value)),
            FieldErrorKind::NotFound(value) => format!("Not found: {}", shown(value)),
            FieldErrorKind::Forbidden => "Forbidden".to_owned(),
            FieldErrorKind::TooLong => "Too long".to_owned(),
            FieldErrorKind::TooMany(actual) => format!("Too many: {actual}"),
        };
        if self.detail.is_empty() { head } else { format!("{head}: {}", self.detail) }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.body())
    }
}

/// The value as Go shows it: strings quoted, the rest as JSON.
fn shown(value: &Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::FieldError;

    #[test]
    fn texts_are_those_of_kubernetes() {
        for (error, text) in [
            (FieldError::required("metadata.name", ""), "metadata.name: Required value"),
            (FieldError::required("a", "say it"), "a: Required value: say it"),
            (FieldError::invalid("a", "X", "bad"), "a: Invalid value: \"X\": bad"),
            (FieldError::invalid("a", 3, "bad"), "a: Invalid value: 3: bad"),
            (
                FieldError::not_supported("a", "x", &["b", "c"]),
                "a: Unsupported value: \"x\": supported values: \"b\", \"c\"",
            ),
            (FieldError::duplicate("a[1]", "x"), "a[1]: Duplicate value: \"x\""),
            (FieldError::forbidden("a", "no"), "a: Forbidden: no"),
            (FieldError::too_long("a", 63), "a: Too long: may not be more than 63 bytes"),
            (FieldError::too_many("a", 3, 2), "a: Too many: 3: must have at most 2 items"),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}
