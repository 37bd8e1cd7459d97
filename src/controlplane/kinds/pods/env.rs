//! Environment variables of containers and where they come from.

use serde_json::Value;

use super::{super::config_maps::config_key, values};
use crate::apiserver::{
    field::FieldError,
    object_meta::{self, names},
};

const SOURCES: [&str; 5] = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

pub fn validate(container: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, variable) in values::items(container, "/env").iter().enumerate() {
        let path = format!("{path}.env[{index}]");
        match values::text(variable, "/name") {
            "" => errors.push(FieldError::required(format!("{path}.name"), "")),
            name => errors.extend(variable_name(name, &format!("{path}.name"))),
        }
        if variable["valueFrom"].is_object() {
            errors.extend(value_from(variable, &format!("{path}.valueFrom")));
        }
    }
    let list = format!("{path}.envFrom");
    for (index, source) in values::items(container, "/envFrom").iter().enumerate() {
        errors.extend(env_from(source, &list, &format!("{list}[{index}]")));
    }
    errors
}

fn variable_name(name: &str, path: &str) -> Option<FieldError> {
    const DETAIL: &str =
        "a valid environment variable name must consist only of printable ASCII characters other than '='";
    let legal = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'=';
    (!name.bytes().all(legal)).then(|| FieldError::invalid(path, name, DETAIL))
}

fn value_from(variable: &Value, path: &str) -> Vec<FieldError> {
    let from = &variable["valueFrom"];
    let mut errors = Vec::new();
    let said = SOURCES.iter().filter(|source| from[**source].is_object());
    let count = said
        .inspect(|source| errors.extend(value_source(source, &from[**source], &format!("{path}.{source}"))))
        .count();
    if count == 0 {
        let detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or \
                      `fileKeyRef`";
        errors.push(FieldError::invalid(path, "", detail));
    } else if !values::text(variable, "/value").is_empty() {
        errors.push(FieldError::invalid(path, "", "may not be specified when `value` is not empty"));
    } else if count > 1 {
        errors.push(FieldError::invalid(path, "", "may not have more than one field specified at a time"));
    }
    errors
}

fn value_source(kind: &str, source: &Value, path: &str) -> Vec<FieldError> {
    match kind {
        "fieldRef" => field(values::text(source, "/fieldPath"), path),
        "resourceFieldRef" => {
            let resource = values::text(source, "/resource");
            let pages =
                resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-");
            let path = format!("{path}.resource");
            if pages { Vec::new() } else { values::one_of(resource, &RESOURCES, &path).into_iter().collect() }
        }
        "configMapKeyRef" | "secretKeyRef" => {
            let (name, key) = (values::text(source, "/name"), values::text(source, "/key"));
            let mut errors =
                object_meta::invalid(&format!("{path}.name"), name, names::dns1123_subdomain(name));
            let key_path = format!("{path}.key");
            if key.is_empty() {
                errors.push(FieldError::required(key_path, ""));
            } else {
                errors.extend(object_meta::invalid(&key_path, key, config_key(key)));
            }
            errors
        }
        _ => Vec::new(),
    }
}

fn field(field: &str, path: &str) -> Vec<FieldError> {
    let subscript = field.strip_suffix("']").and_then(|field| field.split_once("['"));
    match subscript {
        Some(("metadata.annotations", key)) => {
            let key = key.to_lowercase();
            object_meta::invalid(path, &key, names::qualified_name(&key))
        }
        Some(("metadata.labels", key)) => object_meta::invalid(path, key, names::qualified_name(key)),
        _ if field.is_empty() => vec![FieldError::required(format!("{path}.fieldPath"), "")],
        _ if FIELDS.contains(&field) => Vec::new(),
        _ if ["metadata.annotations", "metadata.labels"].contains(&field) => {
            vec![FieldError::not_supported(format!("{path}.fieldPath"), field, &FIELDS)]
        }
        _ => {
            let detail = format!("error converting fieldPath: field label not supported: {field}");
            vec![FieldError::invalid(format!("{path}.fieldPath"), field, detail)]
        }
    }
}

fn env_from(source: &Value, list: &str, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    errors.extend(variable_name(values::text(source, "/prefix"), &format!("{path}.prefix")));
    let said: Vec<_> =
        ["configMapRef", "secretRef"].into_iter().filter(|of| source[of].is_object()).collect();
    for of in &said {
        let path = format!("{path}.{of}.name");
        match values::text(&source[*of], "/name") {
            "" => errors.push(FieldError::required(path, "")),
            name => errors.extend(object_meta::invalid(&path, name, names::dns1123_subdomain(name))),
        }
    }
    match said.len() {
        0 => {
            let detail = "must specify one of: `configMapRef` or `secretRef`";
            errors.push(FieldError::invalid(list, "", detail));
        }
        1 => {}
        _ => {
            errors.push(FieldError::invalid(list, "", "may not have more than one field specified at a time"))
        }
    }
    errors
}
