//! The fields of ObjectMeta and their types.

use serde_json::{Map, Value};

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Flag,
    /// An RFC 3339 time.
    Time,
    /// `map[string]string`
    Texts,
    Names,
    List(&'static [(&'static str, Kind)], &'static str),
    /// Anything, kept as it is: `fieldsV1`.
    Raw,
}

const OWNER: &[(&str, Kind)] = &[
    ("apiVersion", Kind::Text),
    ("kind", Kind::Text),
    ("name", Kind::Text),
    ("uid", Kind::Text),
    ("controller", Kind::Flag),
    ("blockOwnerDeletion", Kind::Flag),
];

const MANAGED: &[(&str, Kind)] = &[
    ("manager", Kind::Text),
    ("operation", Kind::Text),
    ("apiVersion", Kind::Text),
    ("time", Kind::Time),
    ("fieldsType", Kind::Text),
    ("fieldsV1", Kind::Raw),
    ("subresource", Kind::Text),
];

const OBJECT_META: &[(&str, Kind)] = &[
    ("name", Kind::Text),
    ("generateName", Kind::Text),
    ("namespace", Kind::Text),
    ("selfLink", Kind::Text),
    ("uid", Kind::Text),
    ("resourceVersion", Kind::Text),
    ("generation", Kind::Number),
    ("creationTimestamp", Kind::Time),
    ("deletionTimestamp", Kind::Time),
    ("deletionGracePeriodSeconds", Kind::Number),
    ("labels", Kind::Texts),
    ("annotations", Kind::Texts),
    ("ownerReferences", Kind::List(OWNER, "v1.OwnerReference")),
    ("finalizers", Kind::Names),
    ("managedFields", Kind::List(MANAGED, "v1.ManagedFieldsEntry")),
];

/// Drops unknown fields, naming them, and empty ones; what is of the wrong type is told as Go's decoder tells it.
pub(super) fn coerce(metadata: &mut Value, unknown: &mut Vec<String>) -> Result<(), String> {
    match metadata {
        Value::Null => {
            *metadata = Value::Object(Map::new());
            Ok(())
        }
        Value::Object(fields) => object(fields, OBJECT_META, "ObjectMeta", "", true, unknown),
        other => {
            Err(format!("json: cannot unmarshal {} into Go value of type v1.ObjectMeta", json_name(other)))
        }
    }
}

fn object(
    fields: &mut Map<String, Value>,
    known: &[(&str, Kind)],
    go_type: &str,
    path: &str,
    omit_empty: bool,
    unknown: &mut Vec<String>,
) -> Result<(), String> {
    let mut failure = None;
    fields.retain(|name, value| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let Some((_, kind)) = known.iter().find(|(known, _)| known == name) else {
            unknown.push(path);
            return false;
        };
        if let Err(problem) = check(value, *kind, go_type, &path, unknown) {
            failure.get_or_insert(problem);
        }
        // OwnerReference's text fields are written even when empty.
        !(value.is_null() || omit_empty && is_empty(value))
    });
    failure.map_or(Ok(()), Err)
}

fn check(
    value: &mut Value,
    kind: Kind,
    go_type: &str,
    path: &str,
    unknown: &mut Vec<String>,
) -> Result<(), String> {
    let wrong = |value: &Value, expected: &str| {
        let found = json_name(value);
        Err(format!(
            "json: cannot unmarshal {found} into Go struct field {go_type}.{path} of type {expected}"
        ))
    };
    match (kind, &mut *value) {
        (_, Value::Null) | (Kind::Raw, _) | (Kind::Text, Value::String(_)) | (Kind::Flag, Value::Bool(_)) => {
            Ok(())
        }
        (Kind::Number, Value::Number(number)) if number.is_i64() => Ok(()),
        (Kind::Time, Value::String(text)) => match text.parse::<jiff::Timestamp>() {
            Ok(_) => Ok(()),
            Err(_) => Err(format!(
                "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
            )),
        },
        (Kind::Texts, Value::Object(texts)) => {
            for text in texts.values_mut() {
                match text {
                    Value::String(_) => {}
                    Value::Null => *text = Value::from(""),
                    other => return wrong(other, "string"),
                }
            }
            Ok(())
        }
        (Kind::Names, Value::Array(names)) => {
            names.iter().find(|name| !name.is_string()).map_or(Ok(()), |name| wrong(name, "string"))
        }
        (Kind::List(known, item), Value::Array(items)) => {
            let go_type = item.trim_start_matches("v1.");
            for (index, value) in items.iter_mut().enumerate() {
                let path = format!("{path}[{index}]");
                match value {
                    Value::Object(fields) => object(fields, known, go_type, &path, false, unknown)?,
                    other => return wrong(other, item),
                }
            }
            Ok(())
        }
        (kind, value) => wrong(value, kind.go_name()),
    }
}

impl Kind {
    fn go_name(self) -> &'static str {
        match self {
            Kind::Text => "string",
            Kind::Number => "int64",
            Kind::Flag => "bool",
            Kind::Time => "v1.Time",
            Kind::Texts => "map[string]string",
            Kind::Names => "[]string",
            Kind::List(_, "v1.OwnerReference") => "[]v1.OwnerReference",
            Kind::List(..) => "[]v1.ManagedFieldsEntry",
            Kind::Raw => "v1.FieldsV1",
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Null | Value::Bool(_) => false,
    }
}

fn json_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
