//! Claims for volumes within StatefulSets.

use serde_json::Value;

use super::{super::quantity::Quantity, values};
use crate::apiserver::{
    field::FieldError,
    object_meta::{self, names},
};

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// What is wrong with the spec of a claim.
pub fn validate(spec: &Value, path: &str) -> Vec<FieldError> {
    let modes = values::texts(spec, "/accessModes");
    let modes_path = format!("{path}.accessModes");
    let mut errors = Vec::new();
    if modes.is_empty() {
        errors.push(FieldError::required(&modes_path, "at least 1 access mode is required"));
    }
    for mode in modes.iter().filter(|mode| !MODES.contains(&&***mode)) {
        errors.push(FieldError::not_supported(&modes_path, mode.as_str(), &MODES));
    }
    let alone = |mode: &String| mode == "ReadWriteOncePod";
    if modes.iter().any(alone) && !modes.iter().all(alone) {
        errors
            .push(FieldError::forbidden(&modes_path, "may not use ReadWriteOncePod with other access modes"));
    }
    errors.extend(object_meta::label_selector(&spec["selector"], &format!("{path}.selector")));
    errors.extend(storage(spec, &format!("{path}.resources[storage]")));
    let class = values::text(spec, "/storageClassName");
    if !class.is_empty() {
        let wrong = names::dns1123_subdomain(class);
        errors.extend(object_meta::invalid(&format!("{path}.storageClassName"), class, wrong));
    }
    let volume_modes = ["Block", "Filesystem"];
    errors.extend(values::one_of(
        values::text(spec, "/volumeMode"),
        &volume_modes,
        &format!("{path}.volumeMode"),
    ));
    errors
}

fn storage(spec: &Value, path: &str) -> Option<FieldError> {
    let Some(wanted) = spec.pointer("/resources/requests/storage").and_then(Value::as_str) else {
        return Some(FieldError::required(path, ""));
    };
    let quantity = Quantity::parse(wanted).ok()?;
    let nothing = quantity.is_negative() || quantity.shown() == "0";
    nothing.then(|| FieldError::invalid(path, quantity.shown(), "must be greater than zero"))
}
