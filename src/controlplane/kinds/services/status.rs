//! What a load balancer says of a Service.

use std::net::IpAddr;

use serde_json::Value;

use super::{families::invalid_address, values};
use crate::apiserver::{
    field::FieldError,
    object_meta::{self, names},
};

const PATH: &str = "status.loadBalancer.ingress";
const MODES: [&str; 2] = ["Proxy", "VIP"];

/// What is wrong with the ingress of the status.
pub fn validate(object: &Value) -> Vec<FieldError> {
    let ingress = values::items(object, "/status/loadBalancer/ingress");
    if values::text(object, "/spec/type") != "LoadBalancer" && !ingress.is_empty() {
        let detail = "may only be used when `spec.type` is 'LoadBalancer'";
        return vec![FieldError::forbidden(PATH, detail)];
    }
    let ingress = ingress.iter().enumerate();
    ingress.flat_map(|(index, one)| place(one, &format!("{PATH}[{index}]"))).collect()
}

fn place(ingress: &Value, path: &str) -> Vec<FieldError> {
    let text = |member: &str| values::text(ingress, &format!("/{member}"));
    let (address, host) = (text("ip"), text("hostname"));
    let mode_path = format!("{path}.ipMode");
    let mut errors = Vec::new();
    if !address.is_empty() {
        errors.extend(invalid_address(address, &format!("{path}.ip")));
    }
    match (ingress["ipMode"].as_str(), address.is_empty()) {
        (None, true) => {}
        (None, false) => errors.push(FieldError::required(mode_path, "must be specified when `ip` is set")),
        (Some(_), true) => {
            errors.push(FieldError::forbidden(mode_path, "may not be specified when `ip` is not set"));
        }
        (Some(mode), false) if MODES.contains(&mode) => {}
        (Some(mode), false) => errors.push(FieldError::not_supported(mode_path, mode, &MODES)),
    }
    if !host.is_empty() {
        let path = format!("{path}.hostname");
        errors.extend(object_meta::invalid(&path, host, names::dns1123_subdomain(host)));
        if host.parse::<IpAddr>().is_ok() {
            errors.push(FieldError::invalid(path, host, "must be a DNS name, not an IP address"));
        }
    }
    errors
}
