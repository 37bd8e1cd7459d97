//! Ports of containers and Services.

use serde_json::Value;

use super::values;
use crate::apiserver::{field::FieldError, object_meta};

pub const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// A port by number or by name.
pub fn number_or_name(port: &Value, path: &str) -> Vec<FieldError> {
    match port {
        Value::String(name) => object_meta::invalid(path, name, port_name(name)),
        port => values::port(port.as_i64().unwrap_or_default(), path).into_iter().collect(),
    }
}

fn port_name(name: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let bytes = name.as_bytes();
    if name.len() > 15 {
        errors.push("must be no more than 15 characters");
    }
    let legal = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    if name.is_empty() || !bytes.iter().all(legal) {
        errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if !bytes.iter().any(u8::is_ascii_lowercase) {
        errors.push("must contain at least one letter (a-z)");
    }
    if name.contains("--") {
        errors.push("must not contain consecutive hyphens");
    }
    if name.starts_with('-') || name.ends_with('-') {
        errors.push("must not begin or end with a hyphen");
    }
    errors.into_iter().map(str::to_owned).collect()
}

/// The ports of one container.
pub fn container(ports: &[Value], path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let name = values::text(port, "/name");
        if !name.is_empty() {
            let wrong = port_name(name);
            if wrong.is_empty() && seen.contains(&name) {
                errors.push(FieldError::duplicate(format!("{path}.name"), name));
            }
            if wrong.is_empty() {
                seen.push(name);
            }
            errors.extend(object_meta::invalid(&format!("{path}.name"), name, wrong));
        }
        match values::integer(port, "/containerPort") {
            0 => errors.push(FieldError::required(format!("{path}.containerPort"), "")),
            number => errors.extend(values::port(number, &format!("{path}.containerPort"))),
        }
        match values::integer(port, "/hostPort") {
            0 => {}
            number => errors.extend(values::port(number, &format!("{path}.hostPort"))),
        }
        errors.extend(values::one_of(
            values::text(port, "/protocol"),
            &PROTOCOLS,
            &format!("{path}.protocol"),
        ));
    }
    errors
}

/// Two containers cannot have one port of the host.
pub fn of_the_host(containers: &[Value], path: &str) -> Vec<FieldError> {
    let mut seen = Vec::new();
    let mut errors = Vec::new();
    for (container_index, container) in containers.iter().enumerate() {
        for (index, port) in values::items(container, "/ports").iter().enumerate() {
            let number = values::integer(port, "/hostPort");
            let key =
                format!("{}/{}/{number}", values::text(port, "/protocol"), values::text(port, "/hostIP"));
            if number != 0 && seen.contains(&key) {
                let path = format!("{path}[{container_index}].ports[{index}].hostPort");
                errors.push(FieldError::duplicate(path, key.as_str()));
            }
            seen.push(key);
        }
    }
    errors
}
