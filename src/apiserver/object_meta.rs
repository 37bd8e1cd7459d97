//! The rules of `metadata`, the same for every kind.
//!
//! Fed with `metadata` as the write path has filled it, by create and update. The texts are those of
//! `k8s.io/apimachinery/pkg/api/validation/objectmeta.go`. It must not know any kind.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{field::FieldError, strategy::NameRule};

pub mod names;
mod owners;

pub use owners::dedup as dedup_owners;

const MAX_ANNOTATIONS: usize = 256 * 1024;
const IMMUTABLE: &str = "field is immutable";

/// What is wrong with the `metadata` of an object, its name generated already.
pub fn validate(meta: &Value, namespaced: bool, rule: NameRule) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let generate_name = text(meta, "generateName");
    if !generate_name.is_empty() {
        let wrong = name_errors(rule, &masked(generate_name));
        errors.extend(invalid("metadata.generateName", generate_name, wrong));
    }
    match text(meta, "name") {
        "" => errors.push(FieldError::required("metadata.name", "name or generateName is required")),
        name => errors.extend(invalid("metadata.name", name, name_errors(rule, name))),
    }
    errors.extend(namespace(text(meta, "namespace"), namespaced));
    if let Some(generation) = meta["generation"].as_i64().filter(|generation| *generation < 0) {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("metadata.generation", generation, detail));
    }
    errors.extend(labels(&meta["labels"], "metadata.labels"));
    errors.extend(annotations(&meta["annotations"], "metadata.annotations"));
    errors.extend(owners::validate(&meta["ownerReferences"]));
    errors.extend(finalizers(&meta["finalizers"]));
    errors.extend(managed_fields(&meta["managedFields"]));
    errors
}

/// What is wrong with the change of `metadata`.
pub fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !old["deletionTimestamp"].is_null() {
        errors.extend(no_new_finalizers(new, old));
    }
    if text(new, "resourceVersion").is_empty() {
        let detail = "must be specified for an update";
        errors.push(FieldError::invalid("metadata.resourceVersion", "", detail));
    }
    let generation = |meta: &Value| meta["generation"].as_i64().unwrap_or(0);
    if generation(new) < generation(old) {
        errors.push(FieldError::invalid("metadata.generation", generation(new), "must not be decremented"));
    }
    for member in ["name", "namespace", "uid"] {
        errors.extend(immutable(member, Value::from(text(new, member)), Value::from(text(old, member))));
    }
    for member in ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        errors.extend(immutable(member, new[member].clone(), old[member].clone()));
    }
    errors.extend(labels(&new["labels"], "metadata.labels"));
    errors.extend(annotations(&new["annotations"], "metadata.annotations"));
    errors.extend(owners::validate(&new["ownerReferences"]));
    errors.extend(managed_fields(&new["managedFields"]));
    errors
}

/// Labels anywhere: keys and values are written as labels are.
pub fn labels(labels: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, value) in labels.as_object().into_iter().flatten() {
        errors.extend(invalid(path, key, names::qualified_name(key)));
        let value = value.as_str().unwrap_or_default();
        errors.extend(invalid(path, value, names::label_value(value)));
    }
    errors
}

/// Annotations anywhere: keys as labels have them, in any case, and not too much in all.
pub fn annotations(annotations: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut size = 0;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        errors.extend(invalid(path, key, names::qualified_name(&key.to_lowercase())));
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > MAX_ANNOTATIONS {
        errors.push(FieldError::too_long(path, MAX_ANNOTATIONS));
    }
    errors
}

/// A `metav1.LabelSelector` at `path`.
pub fn label_selector(selector: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = labels(&selector["matchLabels"], &format!("{path}.matchLabels"));
    for (index, requirement) in items(&selector["matchExpressions"]).iter().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        let values = items(&requirement["values"]);
        match text(requirement, "operator") {
            "In" | "NotIn" if values.is_empty() => {
                let detail = "must be specified when `operator` is 'In' or 'NotIn'";
                errors.push(FieldError::required(format!("{path}.values"), detail));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                errors.push(FieldError::forbidden(format!("{path}.values"), detail));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let detail = "not a valid selector operator";
                errors.push(FieldError::invalid(format!("{path}.operator"), other, detail));
            }
        }
        let key = text(requirement, "key");
        errors.extend(invalid(&format!("{path}.key"), key, names::qualified_name(key)));
        for (index, value) in values.iter().filter_map(Value::as_str).enumerate() {
            errors.extend(invalid(&format!("{path}.values[{index}]"), value, names::label_value(value)));
        }
    }
    errors
}

/// One error of the same field and value for each thing that is wrong with it.
pub fn invalid(path: &str, value: &str, wrong: Vec<String>) -> Vec<FieldError> {
    wrong.into_iter().map(|detail| FieldError::invalid(path, value, detail)).collect()
}

fn name_errors(rule: NameRule, name: &str) -> Vec<String> {
    match rule {
        NameRule::Dns1123Subdomain => names::dns1123_subdomain(name),
        NameRule::Dns1123Label => names::dns1123_label(name),
        NameRule::Dns1035Label => names::dns1035_label(name),
        NameRule::PathSegment => names::path_segment(name),
    }
}

/// A generated name goes on after the dash, so a base may end with one. Upstream cuts one character more.
fn masked(base: &str) -> String {
    match base.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => {
            let mut rest: Vec<char> = rest.chars().collect();
            rest.pop();
            rest.into_iter().chain(['a']).collect()
        }
        _ => base.to_owned(),
    }
}

fn namespace(namespace: &str, namespaced: bool) -> Vec<FieldError> {
    match (namespaced, namespace) {
        (true, "") => vec![FieldError::required("metadata.namespace", "")],
        (true, name) => invalid("metadata.namespace", name, names::dns1123_label(name)),
        (false, "") => Vec::new(),
        (false, _) => vec![FieldError::forbidden("metadata.namespace", "not allowed on this type")],
    }
}

fn finalizers(finalizers: &Value) -> Vec<FieldError> {
    const PATH: &str = "metadata.finalizers";
    let names: Vec<_> = items(finalizers).iter().filter_map(Value::as_str).collect();
    let mut errors: Vec<_> =
        names.iter().flat_map(|name| invalid(PATH, name, names::qualified_name(name))).collect();
    if names.contains(&"orphan") && names.contains(&"foregroundDeletion") {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.push(FieldError::invalid(PATH, finalizers.clone(), detail));
    }
    errors
}

fn no_new_finalizers(new: &Value, old: &Value) -> Option<FieldError> {
    let names = |meta: &Value| -> BTreeSet<String> {
        items(&meta["finalizers"]).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let added: Vec<_> = names(new).difference(&names(old)).map(|name| format!("{name:?}")).collect();
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    (!added.is_empty()).then(|| FieldError::forbidden("metadata.finalizers", detail))
}

fn managed_fields(entries: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, entry) in items(entries).iter().enumerate() {
        let path = format!("metadata.managedFields[{index}]");
        let operation = text(entry, "operation");
        if !["Apply", "Update"].contains(&operation) {
            errors.push(FieldError::invalid(
                format!("{path}.operation"),
                operation,
                "must be `Apply` or `Update`",
            ));
        }
        let kind = text(entry, "fieldsType");
        if !["", "FieldsV1"].contains(&kind) {
            errors.push(FieldError::invalid(format!("{path}.fieldsType"), kind, "must be `FieldsV1`"));
        }
        errors.extend(manager(text(entry, "manager"), &format!("{path}.manager")));
        if text(entry, "subresource").len() > 256 {
            errors.push(FieldError::too_long(format!("{path}.subresource"), 256));
        }
    }
    errors
}

fn manager(manager: &str, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if manager.len() > 128 {
        errors.push(FieldError::too_long(path, 128));
    }
    for (index, character) in manager.char_indices().filter(|(_, character)| character.is_control()) {
        let detail = format!("invalid character U+{:04X} (at position {index})", u32::from(character));
        errors.push(FieldError::invalid(path, manager, detail));
    }
    errors
}

fn immutable(member: &str, new: Value, old: Value) -> Option<FieldError> {
    (new != old).then(|| FieldError::invalid(format!("metadata.{member}"), new, IMMUTABLE))
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
