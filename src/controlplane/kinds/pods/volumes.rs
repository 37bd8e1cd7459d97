//! Volumes of a pod and where they come from.

use serde_json::Value;

use super::values;
use crate::apiserver::{
    field::FieldError,
    object_meta::{self, names},
};

const MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";
const HOST_PATHS: [&str; 8] =
    ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

/// The names that can be mounted, and what is wrong with the others. A claim of the same name takes the place of a
/// volume.
pub fn validate(volumes: &[Value], claims: &[String], path: &str) -> (Vec<String>, Vec<FieldError>) {
    let mut known: Vec<String> = Vec::new();
    let mut errors = Vec::new();
    for (index, volume) in volumes.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let name = values::text(volume, "/name");
        if claims.iter().any(|claim| claim == name) {
            continue;
        }
        let mut wrong = source(volume, &path);
        match name {
            "" => wrong.push(FieldError::required(format!("{path}.name"), "")),
            name => {
                let errors = names::dns1123_label(name);
                wrong.extend(object_meta::invalid(&format!("{path}.name"), name, errors));
            }
        }
        if known.iter().any(|known| known == name) {
            wrong.push(FieldError::duplicate(format!("{path}.name"), name));
        }
        if wrong.is_empty() {
            known.push(name.to_owned());
        }
        errors.extend(wrong);
    }
    (known, errors)
}

fn source(volume: &Value, path: &str) -> Vec<FieldError> {
    let sources = volume.as_object().into_iter().flatten();
    // One of them is the first; upstream has an order of its own that only shows in which ones are refused.
    let mut said: Vec<_> = sources.filter(|(member, of)| *member != "name" && of.is_object()).collect();
    said.sort_by_key(|(member, _)| *member != "emptyDir");
    let mut errors = Vec::new();
    for (place, (kind, of)) in said.into_iter().enumerate() {
        let path = format!("{path}.{kind}");
        if place > 0 {
            errors.push(FieldError::forbidden(path, "may not specify more than 1 volume type"));
        } else {
            errors.extend(of_its_kind(kind, of, &path));
        }
    }
    errors
}

fn of_its_kind(kind: &str, source: &Value, path: &str) -> Vec<FieldError> {
    let required = |member: &str| {
        let missing = values::text(source, &format!("/{member}")).is_empty();
        missing.then(|| FieldError::required(format!("{path}.{member}"), ""))
    };
    match kind {
        "secret" => required("secretName").into_iter().chain(files(source, path)).collect(),
        "configMap" => required("name").into_iter().chain(files(source, path)).collect(),
        "persistentVolumeClaim" => required("claimName").into_iter().collect(),
        "nfs" => required("server").into_iter().chain(required("path")).collect(),
        "hostPath" => {
            let place = values::text(source, "/path");
            let mut errors: Vec<_> = required("path").into_iter().collect();
            errors.extend(no_backsteps(place, &format!("{path}.path")));
            let kind = values::text(source, "/type");
            if !place.is_empty() && !HOST_PATHS.contains(&kind) {
                errors.push(FieldError::not_supported(format!("{path}.type"), kind, &HOST_PATHS));
            }
            errors
        }
        _ => Vec::new(),
    }
}

fn files(source: &Value, path: &str) -> Vec<FieldError> {
    let mode = |of: &Value, member: &str, path: &str| {
        let mode = of[member].as_i64().filter(|mode| !(0..=0o777).contains(mode));
        mode.map(|mode| FieldError::invalid(format!("{path}.{member}"), mode, MODE))
    };
    let mut errors: Vec<_> = mode(source, "defaultMode", path).into_iter().collect();
    for (index, item) in values::items(source, "/items").iter().enumerate() {
        let path = format!("{path}.items[{index}]");
        for member in ["key", "path"] {
            if values::text(item, &format!("/{member}")).is_empty() {
                errors.push(FieldError::required(format!("{path}.{member}"), ""));
            }
        }
        let place = values::text(item, "/path");
        let place_path = format!("{path}.path");
        if place.starts_with('/') {
            errors.push(FieldError::invalid(&place_path, place, "must be a relative path"));
        }
        errors.extend(no_backsteps(place, &place_path));
        if place.starts_with("..") && !place.starts_with("../") && place != ".." {
            errors.push(FieldError::invalid(place_path, place, "must not start with '..'"));
        }
        errors.extend(mode(item, "mode", &path));
    }
    errors
}

/// A path must not lead upwards.
pub fn no_backsteps(place: &str, path: &str) -> Option<FieldError> {
    let leads_up = place.split('/').any(|part| part == "..");
    leads_up.then(|| FieldError::invalid(path, place, "must not contain '..'"))
}
