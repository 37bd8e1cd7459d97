//! Where a scale finds its numbers, and whether they are numbers.

use serde_json::Value;

use crate::{apiserver::strategy::ScalePaths, controlplane::definitions::words::text};

/// Simple paths as JSON pointers.
pub(super) fn paths(scale: &Value) -> Option<ScalePaths> {
    let pointer = |field: &str| Some(text(scale, field).replace('.', "/")).filter(|path| !path.is_empty());
    Some(ScalePaths {
        spec_replicas: pointer("specReplicasPath")?,
        status_replicas: pointer("statusReplicasPath")?,
        selector: pointer("labelSelectorPath"),
    })
}

/// A number of an object, 0 where it is not said; what is in its place is told as Go tells it.
pub(super) fn count_at(object: &Value, pointer: &str) -> Result<i64, String> {
    let wrong = |way: &str, value: &Value, expected: &str| {
        let (shown, kind) = (go_text(value), go_type(value));
        Err(format!(
            "{} accessor error: {shown} is of the type {kind}, expected {expected}",
            way.replace('/', ".")
        ))
    };
    let (mut value, mut way) = (object, String::new());
    for name in pointer.split('/').skip(1) {
        way = format!("{way}/{name}");
        match value {
            Value::Object(fields) => match fields.get(name) {
                Some(child) => value = child,
                None => return Ok(0),
            },
            Value::Null => return Ok(0),
            other => return wrong(&way, other, "map[string]interface{}"),
        }
    }
    value.as_i64().map_or_else(|| wrong(&way, value, "int64"), Ok)
}

/// `%v` of a value in Go.
fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64().unwrap_or_default().to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("{name}:{}", go_text(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
        other => other.to_string(),
    }
}

/// `%T` of a value in Go.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
