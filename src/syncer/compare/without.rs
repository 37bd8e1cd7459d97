//! Leaving fields of a desired object to somebody else.

use serde_json::Value;

use super::path::{FieldPath, position};
use crate::apiserver::managed_fields::path::Step;

/// Takes the fields out of a desired object, and the maps that become empty by that: an empty map that is applied is
/// a field of its own. Paths that lead nowhere are done already.
pub fn without(object: &mut Value, paths: &[FieldPath]) {
    let mut paths: Vec<_> = paths.iter().collect();
    // From the end, so that places in lists stay what they are.
    paths.sort_by(|one, other| other.cmp(one));
    for FieldPath(path) in paths {
        remove(object, path);
    }
}

fn remove(value: &mut Value, path: &[Step]) {
    let Some((step, rest)) = path.split_first() else { return };
    match step {
        Step::Field(name) => {
            let Some(fields) = value.as_object_mut() else { return };
            if rest.is_empty() {
                fields.remove(name);
            } else if let Some(child) = fields.get_mut(name) {
                let was_empty = is_empty(child);
                remove(child, rest);
                if !was_empty && is_empty(child) {
                    fields.remove(name);
                }
            }
        }
        step => {
            let Some(at) = position(value, step) else { return };
            let Some(items) = value.as_array_mut() else { return };
            match rest {
                [] => drop(items.remove(at)),
                // Without its key an item is another one.
                [Step::Field(name)] if is_key(step, name) => {}
                rest => items.get_mut(at).into_iter().for_each(|item| remove(item, rest)),
            }
        }
    }
}

fn is_key(step: &Step, name: &str) -> bool {
    matches!(step, Step::Key(fields) if fields.iter().any(|(key, _)| key == name))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
