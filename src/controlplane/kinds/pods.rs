//! Pod templates: their defaults and rules, for every kind that has one.
//!
//! `template` is a `v1.PodTemplateSpec` in the form that Go writes. Rules reach as far as users meet them: containers,
//! ports, environment, probes, resources, volumes, and the policies of the pod.

use serde_json::Value;

use super::values;
use crate::apiserver::{
    field::FieldError,
    object_meta::{self, names},
};

mod claims;
mod containers;
mod defaults;
mod env;
pub mod ports;
mod probes;
mod resources;
mod scheduling;
mod volumes;
mod warnings;

pub use claims::validate as validate_claim;
pub use defaults::{default, default_claim};
pub use warnings::warnings;

const RESTARTS: [&str; 3] = ["Always", "OnFailure", "Never"];
const DEADLINES: std::ops::RangeInclusive<i64> = 1..=2_147_483_647;
const DNS: [&str; 4] = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];

/// What is wrong with the template at `path`; `claims` are the names of volumes that come from elsewhere.
pub fn validate(template: &Value, claims: &[String], path: &str) -> Vec<FieldError> {
    let mut errors = object_meta::labels(values::at(template, "/metadata/labels"), &format!("{path}.labels"));
    let annotations = values::at(template, "/metadata/annotations");
    errors.extend(object_meta::annotations(annotations, &format!("{path}.annotations")));
    errors.extend(pod_spec(values::at(template, "/spec"), claims, &format!("{path}.spec")));
    if !values::items(template, "/spec/ephemeralContainers").is_empty() {
        let detail = "ephemeral containers not allowed in pod template";
        errors.push(FieldError::forbidden(format!("{path}.spec.ephemeralContainers"), detail));
    }
    errors
}

fn pod_spec(spec: &Value, claims: &[String], path: &str) -> Vec<FieldError> {
    let (mut known, mut errors) =
        volumes::validate(values::items(spec, "/volumes"), claims, &format!("{path}.volumes"));
    known.extend(claims.iter().cloned());
    errors.extend(containers::validate(spec, &known, path));
    let text = |member: &str| values::text(spec, &format!("/{member}"));
    errors.extend(values::one_of(text("restartPolicy"), &RESTARTS, &format!("{path}.restartPolicy")));
    errors.extend(values::one_of(text("dnsPolicy"), &DNS, &format!("{path}.dnsPolicy")));
    if text("dnsPolicy") == "None" && values::items(spec, "/dnsConfig/nameservers").is_empty() {
        errors.push(nameservers_required(spec, path));
    }
    errors.extend(object_meta::labels(values::at(spec, "/nodeSelector"), &format!("{path}.nodeSelector")));
    for member in ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"] {
        if !text(member).is_empty() {
            let wrong = names::dns1123_subdomain(text(member));
            errors.extend(object_meta::invalid(&format!("{path}.{member}"), text(member), wrong));
        }
    }
    for member in ["hostname", "subdomain"] {
        if !text(member).is_empty() {
            let wrong = names::dns1123_label(text(member));
            errors.extend(object_meta::invalid(&format!("{path}.{member}"), text(member), wrong));
        }
    }
    if let Some(seconds) =
        spec["activeDeadlineSeconds"].as_i64().filter(|seconds| !DEADLINES.contains(seconds))
    {
        let detail = "must be between 1 and 2147483647, inclusive";
        errors.push(FieldError::invalid(format!("{path}.activeDeadlineSeconds"), seconds, detail));
    }
    errors.extend(identities(values::at(spec, "/securityContext"), &format!("{path}.securityContext")));
    errors.extend(scheduling::validate(spec, path));
    errors
}

fn nameservers_required(spec: &Value, path: &str) -> FieldError {
    if spec["dnsConfig"].is_object() {
        let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        return FieldError::required(format!("{path}.dnsConfig.nameservers"), detail);
    }
    let detail = "must provide `dnsConfig` when `dnsPolicy` is None";
    FieldError::required(format!("{path}.dnsConfig"), detail)
}

/// Users and groups of a security context of a pod or container.
fn identities(context: &Value, path: &str) -> Vec<FieldError> {
    const DETAIL: &str = "must be between 0 and 2147483647, inclusive";
    let members = ["fsGroup", "runAsUser", "runAsGroup"];
    let number = |member| context[member].as_i64().map(|number| (member, number));
    let wrong = |number: i64| i32::try_from(number).is_err() || number < 0;
    let found = members.into_iter().filter_map(number).filter(|(_, number)| wrong(*number));
    found.map(|(member, number)| FieldError::invalid(format!("{path}.{member}"), number, DETAIL)).collect()
}
