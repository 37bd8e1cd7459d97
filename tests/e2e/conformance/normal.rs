//! An answer without what two servers cannot have in common: uids, times, versions, tokens, and the name
//! of the group. Everything else counts.

use serde_json::{Value, json};

use crate::conformance::{GROUP, reference};
use crate::wire::Answer;

const HEADERS: [&str; 8] = [
    "content-type",
    "cache-control",
    "retry-after",
    "allow",
    "vary",
    "content-encoding",
    "x-content-type-options",
    "www-authenticate",
];

/// Status code, headers and body as one value.
pub(super) fn normal(answer: &Answer) -> Value {
    let headers: Vec<_> = HEADERS
        .iter()
        .map(|name| (*name, answer.header(name)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let text = answer.body.replace(reference::GROUP, GROUP);
    let mut body = if answer.header("content-type") == "application/yaml" {
        serde_saphyr::from_str(&text).expect("YAML")
    } else {
        // One document, or one on each line.
        serde_json::from_str(&text).unwrap_or_else(|_| text.lines().map(line).collect())
    };
    clean(&mut body);
    json!({"code": answer.status, "headers": headers, "body": body})
}

fn line(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| line.into())
}

fn clean(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::Object(members) => {
            members.values_mut().for_each(clean);
            for (name, member) in members {
                match name.as_str() {
                    "metadata" => metadata(member),
                    "message" => *member = without_numbers(member),
                    "status" => drop(member.as_object_mut().and_then(|status| status.remove("cells"))),
                    "cells" if member.is_array() => member[reference::AGE] = "".into(),
                    // The first column of a custom resource always has the same description.
                    "columnDefinitions" if member.is_array() => member[0]["description"] = "".into(),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn metadata(metadata: &mut Value) {
    let Some(members) = metadata.as_object_mut() else { return };
    for own in ["uid", "creationTimestamp", "generation", "managedFields"] {
        members.remove(own);
    }
    // Lists of custom resources have an empty one, those of built-in resources none.
    if members.get("continue").is_some_and(|token| token == "") {
        members.remove("continue");
    }
    for given in ["resourceVersion", "continue"] {
        if let Some(value) = members.get_mut(given) {
            *value = (!value.as_str().unwrap_or_default().is_empty()).into();
        }
    }
}

/// Versions in messages.
fn without_numbers(message: &Value) -> Value {
    let Some(text) = message.as_str() else { return message.clone() };
    let mut out = String::new();
    for c in text.chars() {
        match c.is_ascii_digit() {
            true if out.ends_with('#') => {}
            true => out.push('#'),
            false => out.push(c),
        }
    }
    out.into()
}

/// The places where two answers differ, and what is there.
pub(super) fn differences(theirs: &Value, ours: &Value) -> String {
    let mut found = Vec::new();
    collect(theirs, ours, "", &mut found);
    found.join("\n")
}

fn collect(theirs: &Value, ours: &Value, path: &str, found: &mut Vec<String>) {
    match (theirs, ours) {
        _ if theirs == ours => {}
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            names.into_iter().for_each(|name| {
                collect(&theirs[name], &ours[name], &format!("{path}.{name}"), found);
            });
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            (0..a.len()).for_each(|at| collect(&a[at], &b[at], &format!("{path}[{at}]"), found));
        }
        _ => found.push(format!("    {path}\n      {theirs}\n      {ours}")),
    }
}
