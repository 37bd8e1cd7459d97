//! Objects that `kubectl apply` once managed through an annotation, and now applies on the server.
//!
//! Only the manager `kubectl` is meant. Conflicts over fields the annotation says are kubectl's own do not
//! count, and the annotation is kept up so that one may go back.

use serde_json::{Value, json};

use super::{
    compare::compare,
    conflict::Conflicts,
    fields_of::fields_of,
    node::Node,
    path::compact_json,
    set::Set,
    validate::{Duplicates, validate},
};

/// The one manager all this is for.
pub const KUBECTL: &str = "kubectl";

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What all annotations together may have.
const MAX_ANNOTATION_BYTES: usize = 256 * 1024;

/// The conflicts that stand, given what the live object says was applied last.
pub fn remaining(node: Node<'_>, live: &Value, api_version: &str, conflicts: Conflicts) -> Conflicts {
    let Some(allowed) = applied_fields(node, live, api_version) else { return conflicts };
    Conflicts(conflicts.0.into_iter().filter(|conflict| !allowed.contains(&conflict.path)).collect())
}

/// The fields of the last applied configuration that still have the values it gave them.
fn applied_fields(node: Node<'_>, live: &Value, api_version: &str) -> Option<Set> {
    let text = annotation(live)?;
    let applied: Value = serde_json::from_str(text).ok()?;
    if applied["apiVersion"] != api_version {
        return None;
    }
    for object in [live, &applied] {
        validate(node, object, Duplicates::Refused).ok()?;
    }
    let change = compare(node, &applied, live);
    let fields = fields_of(node, &applied);
    Some(fields.difference(&change.modified).difference(&change.added).difference(&change.removed))
}

/// Renews the annotation where the object has one.
pub fn renew(object: &mut Value, config: &Value) {
    if annotation(object).is_none() {
        return;
    }
    let mut config = config.clone();
    if let Some(annotations) = annotations_mut(&mut config) {
        annotations.remove(ANNOTATION);
        nulls_to_text(annotations);
    }
    let text = format!("{}\n", compact_json(&config));
    let Some(annotations) = annotations_mut(object) else { return };
    annotations.insert(ANNOTATION.to_owned(), json!(text));
    nulls_to_text(annotations);
    let bytes = |(name, value): (&String, &Value)| name.len() + value.as_str().unwrap_or_default().len();
    if annotations.iter().map(bytes).sum::<usize>() > MAX_ANNOTATION_BYTES {
        annotations.remove(ANNOTATION);
    }
}

/// Go reads annotations as strings and writes them back as such.
fn nulls_to_text(annotations: &mut serde_json::Map<String, Value>) {
    annotations.values_mut().filter(|value| value.is_null()).for_each(|value| *value = json!(""));
}

fn annotation(object: &Value) -> Option<&str> {
    object["metadata"]["annotations"][ANNOTATION].as_str().filter(|text| !text.is_empty())
}

fn annotations_mut(object: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    object.get_mut("metadata")?.get_mut("annotations")?.as_object_mut()
}

#[cfg(test)]
mod tests;
