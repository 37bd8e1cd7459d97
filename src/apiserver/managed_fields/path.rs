//! One step from a value to a part of it, and the way a step is written: in an error and in FieldsV1.

use std::{cmp::Ordering, fmt};

use serde_json::{Map, Value};

use super::order;
use crate::apiserver::go_format;

/// A value inside a path, ordered as Kubernetes orders values.
#[derive(Clone, Debug)]
pub struct Scalar(pub Value);

impl Ord for Scalar {
    fn cmp(&self, other: &Self) -> Ordering {
        order::compare(&self.0, &other.0)
    }
}

impl PartialOrd for Scalar {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        order::compare(&self.0, &other.0) == Ordering::Equal
    }
}

impl Eq for Scalar {}

/// One step. The order of the variants is the order they are sorted in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A field of a map or struct.
    Field(String),
    /// The item of a list whose keys have these values, sorted by name.
    Key(Vec<(String, Scalar)>),
    /// The item of a set.
    Value(Scalar),
    /// The item of a list without keys.
    Index(i64),
}

/// A way from the object to a part of it.
pub type Path = Vec<Step>;

/// Why a step of FieldsV1 cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    #[error("key must be 2 characters long:")]
    TooShort,
    #[error("missing colon: {0}")]
    NoColon(String),
    #[error("parsing key as path element: {0}")]
    Malformed(String),
}

impl Step {
    pub fn field(name: &str) -> Self {
        Self::Field(name.to_owned())
    }

    /// How FieldsV1 names the step: `f:name`, `k:{"name":"a"}`, `v:"a"`, `i:0`.
    pub fn to_fields_v1(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), compact_json(&value.0)))
                    .collect();
                format!("k:{{{}}}", fields.join(","))
            }
            Self::Value(value) => format!("v:{}", compact_json(&value.0)),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    /// The step FieldsV1 means; none when the kind of step is not known, which is ignored.
    pub fn from_fields_v1(text: &str) -> Result<Option<Self>, StepError> {
        let bytes = text.as_bytes();
        if bytes.len() < 2 {
            return Err(StepError::TooShort);
        }
        if bytes[1] != b':' {
            return Err(StepError::NoColon(text.to_owned()));
        }
        let malformed = |_| StepError::Malformed(text.to_owned());
        let rest = &text[2..];
        Ok(Some(match bytes[0] {
            b'f' => Self::field(rest),
            b'v' => Self::Value(Scalar(serde_json::from_str(rest).map_err(malformed)?)),
            b'k' => {
                let fields: Map<String, Value> = serde_json::from_str(rest).map_err(malformed)?;
                Self::Key(fields.into_iter().map(|(name, value)| (name, Scalar(value))).collect())
            }
            b'i' => Self::Index(rest.parse().map_err(|_| StepError::Malformed(text.to_owned()))?),
            _ => return Ok(None),
        }))
    }
}

/// As an error names it: `.spec`, `[name="a"]`, `[="a"]`, `[0]`.
impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(formatter, ".{name}"),
            Self::Key(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| format!("{name}={}", shown(&value.0))).collect();
                write!(formatter, "[{}]", fields.join(","))
            }
            Self::Value(value) => write!(formatter, "[={}]", shown(&value.0)),
            Self::Index(index) => write!(formatter, "[{index}]"),
        }
    }
}

/// The whole path as an error names it.
pub fn display(path: &[Step]) -> String {
    path.iter().map(Step::to_string).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => go_format::quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| format!("{key}={}", shown(value))).collect()
        }
        other => go_format::plain(other),
    }
}

/// JSON as Go writes it: `<`, `>`, `&` and the line separators escaped, whole floats without a fraction.
pub fn compact_json(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(whole) if number.is_f64() && whole.fract() == 0.0 && whole.abs() < 1e21 => {
                format!("{whole}")
            }
            _ => number.to_string(),
        },
        Value::Array(items) => {
            format!("[{}]", items.iter().map(compact_json).collect::<Vec<_>>().join(","))
        }
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(key, value)| {
                    format!("{}:{}", html_safe(&Value::from(key.as_str())), compact_json(value))
                })
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        other => html_safe(other),
    }
}

fn html_safe(value: &Value) -> String {
    let text = value.to_string();
    if !text.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\u{7f}']) {
        return text;
    }
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests;
