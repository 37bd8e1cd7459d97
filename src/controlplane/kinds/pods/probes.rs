//! Probes and lifecycle hooks of containers.

use serde_json::Value;

use super::{ports::number_or_name, values};
use crate::apiserver::{
    field::FieldError,
    object_meta::{self, names},
};

/// The three probes and the hooks of a container.
pub fn validate(container: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for hook in ["postStart", "preStop"] {
        let action = values::at(container, &format!("/lifecycle/{hook}"));
        if action.is_object() {
            errors.extend(handler(
                action,
                &["exec", "httpGet", "tcpSocket"],
                &format!("{path}.lifecycle.{hook}"),
            ));
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let of = &container[name];
        if of.is_object() {
            errors.extend(probe(of, name == "readinessProbe", &format!("{path}.{name}")));
        }
    }
    errors
}

fn probe(probe: &Value, readiness: bool, path: &str) -> Vec<FieldError> {
    let mut errors = handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], path);
    for member in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        errors.extend(values::not_negative(probe, &format!("/{member}"), &format!("{path}.{member}")));
    }
    let grace_path = format!("{path}.terminationGracePeriodSeconds");
    if let Some(grace) = probe["terminationGracePeriodSeconds"].as_i64() {
        if grace <= 0 {
            errors.push(FieldError::invalid(&grace_path, grace, "must be greater than 0"));
        }
        if readiness {
            errors.push(FieldError::invalid(grace_path, grace, "must not be set for readinessProbes"));
        }
    }
    let successes = values::integer(probe, "/successThreshold");
    if !readiness && successes != 1 {
        errors.push(FieldError::invalid(format!("{path}.successThreshold"), successes, "must be 1"));
    }
    errors
}

fn handler(handler: &Value, kinds: &[&str], path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let said: Vec<_> = kinds.iter().filter(|kind| handler[**kind].is_object()).collect();
    if said.is_empty() && !handler["sleep"].is_object() {
        errors.push(FieldError::required(path, "must specify a handler type"));
    }
    for (place, kind) in said.into_iter().enumerate() {
        let path = format!("{path}.{kind}");
        if place > 0 {
            errors.push(FieldError::forbidden(path, "may not specify more than 1 handler type"));
        } else {
            errors.extend(action(kind, &handler[*kind], &path));
        }
    }
    errors
}

fn action(kind: &str, action: &Value, path: &str) -> Vec<FieldError> {
    match kind {
        "exec" if values::items(action, "/command").is_empty() => {
            vec![FieldError::required(format!("{path}.command"), "")]
        }
        "httpGet" => http_get(action, path),
        "tcpSocket" => number_or_name(&action["port"], &format!("{path}.port")),
        "grpc" => {
            values::port(values::integer(action, "/port"), &format!("{path}.port")).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn http_get(action: &Value, path: &str) -> Vec<FieldError> {
    const MESSAGE: &str = "a valid HTTP header must consist of alphanumeric characters or '-'";
    let mut errors = number_or_name(&action["port"], &format!("{path}.port"));
    let scheme = values::text(action, "/scheme");
    if !["HTTP", "HTTPS"].contains(&scheme) {
        errors.push(FieldError::not_supported(format!("{path}.scheme"), scheme, &["HTTP", "HTTPS"]));
    }
    for header in values::items(action, "/httpHeaders") {
        let name = values::text(header, "/name");
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            let detail = names::pattern_error(MESSAGE, "[-A-Za-z0-9]+", &["X-Header-Name"]);
            errors.extend(object_meta::invalid(&format!("{path}.httpHeaders"), name, vec![detail]));
        }
    }
    errors
}
