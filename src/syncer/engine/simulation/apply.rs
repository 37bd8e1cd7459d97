//! Who has which field, and what an apply makes of an object: server-side apply with lists that are replaced whole.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::server::Managers;
use crate::syncer::api::{ApiError, Cause, Details};

const IDENTITY: [&str; 3] = ["/apiVersion", "/kind", "/metadata/name"];
const SERVERS: [&str; 7] = [
    "/metadata/uid",
    "/metadata/resourceVersion",
    "/metadata/generation",
    "/metadata/namespace",
    "/metadata/deletionTimestamp",
    "/metadata/finalizers",
    "/status",
];

/// The JSON pointers of all leaves that a manager can have.
pub(super) fn leaves(object: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(object, String::new(), &mut found);
    found.retain(|leaf| {
        !IDENTITY.contains(&leaf.as_str()) && !SERVERS.iter().any(|server| leaf.starts_with(server))
    });
    found
}

fn walk(value: &Value, path: String, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let token = name.replace('~', "~0").replace('/', "~1");
                walk(value, format!("{path}/{token}"), found);
            }
        }
        _ => drop(found.insert(path)),
    }
}

/// Leaves that are not the same in both.
pub(super) fn changed_leaves(before: &Value, after: &Value) -> BTreeSet<String> {
    let all: BTreeSet<_> = leaves(before).union(&leaves(after)).cloned().collect();
    all.into_iter().filter(|leaf| before.pointer(leaf) != after.pointer(leaf)).collect()
}

/// Gives fields to one manager alone.
pub(super) fn own(managers: &mut Managers, manager: &str, fields: &BTreeSet<String>) {
    for owned in managers.values_mut() {
        owned.retain(|field| !fields.contains(field));
    }
    managers.entry(manager.to_owned()).or_default().extend(fields.iter().cloned());
    managers.retain(|_, owned| !owned.is_empty());
}

/// The live object with the fields applied.
pub(super) fn merge(
    live: &Value,
    fields: &Value,
    managers: &mut Managers,
    manager: &str,
    force: bool,
) -> Result<Value, ApiError> {
    let wanted = leaves(fields);
    let mut causes = Vec::new();
    for (other, owned) in managers.iter().filter(|(other, _)| *other != manager) {
        for leaf in owned.intersection(&wanted).filter(|leaf| live.pointer(leaf) != fields.pointer(leaf)) {
            causes.push(Cause {
                reason: "FieldManagerConflict".into(),
                message: format!("conflict with \"{other}\" using v1"),
                field: leaf.replace('/', ".").replace("~1", "/").replace("~0", "~"),
            });
        }
    }
    if !causes.is_empty() && !force {
        return Err(ApiError::Status {
            code: 409,
            reason: "Conflict".into(),
            message: "Apply failed".into(),
            details: Box::new(Details { causes, ..Details::default() }),
            retry_after: None,
        });
    }
    let mut merged = live.clone();
    let mine = managers.get(manager).cloned().unwrap_or_default();
    for leaf in mine.difference(&wanted) {
        let others = managers.iter().any(|(other, owned)| other != manager && owned.contains(leaf));
        if !others {
            remove(&mut merged, leaf);
        }
    }
    for leaf in &wanted {
        set(&mut merged, leaf, fields.pointer(leaf).cloned().unwrap_or_default());
    }
    for (other, owned) in managers.iter_mut() {
        if other != manager {
            owned.retain(|leaf| !wanted.contains(leaf) || live.pointer(leaf) == fields.pointer(leaf));
        }
    }
    managers.insert(manager.to_owned(), wanted);
    managers.retain(|_, owned| !owned.is_empty());
    Ok(merged)
}

/// `spec.immutable` cannot be changed once it is set.
pub(super) fn check_immutable(live: &Value, merged: &Value) -> Result<(), ApiError> {
    let there = &live["spec"]["immutable"];
    match there.is_null() || *there == merged["spec"]["immutable"] {
        true => Ok(()),
        false => Err(ApiError::status(422, "Invalid", "spec.immutable: field is immutable")),
    }
}

fn tokens(leaf: &str) -> Vec<String> {
    leaf.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

fn set(object: &mut Value, leaf: &str, value: Value) {
    let mut at = object;
    for token in tokens(leaf) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[token];
    }
    *at = value;
}

fn remove(object: &mut Value, leaf: &str) {
    let mut tokens = tokens(leaf);
    let Some(last) = tokens.pop() else { return };
    let at = tokens.into_iter().try_fold(object, |at, token| at.get_mut(token));
    if let Some(fields) = at.and_then(Value::as_object_mut) {
        fields.remove(&last);
    }
}
