//! Marks for values that are new in every run, and one order for what comes in none. Pure; knows the shapes of
//! Kubernetes' answers, no sequence.

use serde_json::Value;

pub(super) fn mark(value: &mut Value, with: &str) {
    if value.as_str().is_some_and(|text| !text.is_empty()) {
        *value = with.into();
    }
}

/// Brings what comes in no order into one.
pub(super) fn sort(value: &mut Value, by: &[&str]) {
    let key = |entry: &Value| by.iter().map(|name| entry[name].to_string()).collect::<Vec<_>>();
    value.as_array_mut().into_iter().for_each(|entries| entries.sort_by_key(key));
}

/// Errors of custom resources and conflicts of field managers come in the order of a map.
pub(super) fn unordered(status: &mut Value) {
    let custom = status.pointer("/details/group").and_then(Value::as_str);
    let custom = custom.is_some_and(|group| group.ends_with("example.com"));
    let Some(causes) = status.pointer_mut("/details/causes") else { return };
    let several = causes.as_array().is_some_and(|causes| causes.len() > 1);
    if several && (custom || causes[0]["reason"] == "FieldManagerConflict") {
        sort(causes, &["field", "message"]);
    }
    if several && custom {
        let message = status["message"].as_str().unwrap_or_default().trim_end_matches(']');
        let (start, errors) = message.split_once(": [").unwrap_or(("", message));
        let mut errors: Vec<_> = errors.split(", ").collect();
        errors.sort_unstable();
        status["message"] = format!("{start}: [{}]", errors.join(", ")).into();
    }
}

pub(super) fn versions(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(versions),
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| match name.as_str() {
            "resourceVersion" => mark(member, "<version>"),
            _ => versions(member),
        }),
        _ => {}
    }
}

pub(super) fn number(known: &mut Vec<String>, text: &str) -> usize {
    known.iter().position(|old| old == text).unwrap_or_else(|| {
        known.push(text.to_owned());
        known.len() - 1
    })
}

pub(super) fn uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 36
        && bytes[..36].iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
        })
}

pub(super) fn address(value: &mut Value) {
    match value {
        Value::String(text) if !text.is_empty() && text != "None" && !text.starts_with("10.96.0.") => {
            *value = "<address>".into();
        }
        Value::Number(port) if port.as_u64() != Some(0) => *value = "<port>".into(),
        Value::Array(values) => values.iter_mut().for_each(address),
        _ => {}
    }
}

/// Ages of seconds in tables, and addresses.
pub(super) fn cells(value: &mut Value) {
    for cell in value.as_array_mut().into_iter().flatten() {
        let Some(text) = cell.as_str() else { continue };
        let age = text.strip_suffix('s').is_some_and(|n| n.parse::<u16>().is_ok());
        if age {
            *cell = "<age>".into();
        } else if text.starts_with("10.") && text.split('.').count() == 4 {
            *cell = "<address>".into();
        }
    }
}
