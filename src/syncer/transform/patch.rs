//! Applying a JSON patch to an object without letting it grow beyond what a server would take.

use std::fmt;

use json_patch::PatchOperation;
use serde_json::Value;

/// More than etcd holds of one object.
const MOST_BYTES: usize = 3 << 20;
/// Deeper than JSON is read.
const DEEPEST: usize = 128;

/// Which operation failed, and why. Holds no value of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchError {
    at: usize,
    problem: String,
}

impl fmt::Display for PatchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}]: {}", self.at, self.problem)
    }
}

/// Applies the operations in order. After an error the object is in pieces, and nobody's.
pub fn apply(object: &mut Value, operations: &[PatchOperation]) -> Result<(), PatchError> {
    for (at, operation) in operations.iter().enumerate() {
        let wrong = |problem: String| PatchError { at, problem };
        json_patch::patch(object, std::slice::from_ref(operation))
            .map_err(|error| wrong(format!("{} ({})", error.kind, operation.path())))?;
        // Copies double it with every operation.
        check_size(object).map_err(|problem| wrong(problem.to_owned()))?;
    }
    Ok(())
}

/// Whether a server could take such an object.
pub(super) fn check_size(object: &Value) -> Result<(), &'static str> {
    let mut rest = MOST_BYTES;
    if fits(object, DEEPEST, &mut rest) {
        Ok(())
    } else {
        Err("the object would become too large or too deep")
    }
}

fn fits(value: &Value, depth: usize, rest: &mut usize) -> bool {
    let (Some(left), Some(depth)) = (rest.checked_sub(own_size(value)), depth.checked_sub(1)) else {
        return false;
    };
    *rest = left;
    match value {
        Value::Array(items) => items.iter().all(|item| fits(item, depth, rest)),
        Value::Object(fields) => fields.values().all(|value| fits(value, depth, rest)),
        _ => true,
    }
}

/// Roughly, and without what is inside.
fn own_size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Object(fields) => fields.keys().map(|key| key.len() + 4).sum::<usize>() + 2,
        _ => 4,
    }
}

#[cfg(test)]
mod tests;
