//! Containers and init containers of a pod.

use serde_json::Value;

use super::{env, identities, ports, probes, resources, values};
use crate::apiserver::{
    field::FieldError,
    object_meta::{self, names},
};

/// All containers of `spec`; `volumes` are those that can be mounted.
pub fn validate(spec: &Value, volumes: &[String], path: &str) -> Vec<FieldError> {
    let containers = values::items(spec, "/containers");
    let list = format!("{path}.containers");
    let mut errors = Vec::new();
    if containers.is_empty() {
        errors.push(FieldError::required(&list, ""));
    }
    let mut seen: Vec<&str> = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let path = format!("{list}[{index}]");
        errors.extend(common(container, volumes, &path));
        errors.extend(unique(&mut seen, container, &path));
        seen.push(values::text(container, "/name"));
        errors.extend(probes::validate(container, &path));
    }
    errors.extend(ports::of_the_host(containers, &list));
    for (index, container) in values::items(spec, "/initContainers").iter().enumerate() {
        let path = format!("{path}.initContainers[{index}]");
        errors.extend(common(container, volumes, &path));
        errors.extend(unique(&mut seen, container, &path));
        errors.extend(init(container, &path));
    }
    errors
}

fn unique<'a>(seen: &mut Vec<&'a str>, container: &'a Value, path: &str) -> Option<FieldError> {
    let name = values::text(container, "/name");
    let duplicate = seen.contains(&name).then(|| FieldError::duplicate(format!("{path}.name"), name));
    if !name.is_empty() {
        seen.push(name);
    }
    duplicate
}

/// Init containers end, so there is nothing to probe, unless they are restarted always.
fn init(container: &Value, path: &str) -> Vec<FieldError> {
    const DETAIL: &str = "may not be set for init containers without restartPolicy=Always";
    if container["restartPolicy"] == "Always" {
        return probes::validate(container, path);
    }
    let members = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];
    let found = members.into_iter().filter(|member| container[*member].is_object());
    found.map(|member| FieldError::forbidden(format!("{path}.{member}"), DETAIL)).collect()
}

fn common(container: &Value, volumes: &[String], path: &str) -> Vec<FieldError> {
    let text = |member: &str| values::text(container, &format!("/{member}"));
    let at = |member: &str| format!("{path}.{member}");
    let mut errors = Vec::new();
    match text("name") {
        "" => errors.push(FieldError::required(at("name"), "")),
        name => errors.extend(object_meta::invalid(&at("name"), name, names::dns1123_label(name))),
    }
    if text("image").is_empty() {
        errors.push(FieldError::required(at("image"), ""));
    }
    let policies = ["File", "FallbackToLogsOnError"];
    errors.extend(values::one_of(
        text("terminationMessagePolicy"),
        &policies,
        &at("terminationMessagePolicy"),
    ));
    errors.extend(ports::container(values::items(container, "/ports"), &at("ports")));
    errors.extend(env::validate(container, path));
    errors.extend(mounts(values::items(container, "/volumeMounts"), volumes, &at("volumeMounts")));
    let pulls = ["Always", "IfNotPresent", "Never"];
    errors.extend(values::one_of(text("imagePullPolicy"), &pulls, &at("imagePullPolicy")));
    errors.extend(resources::validate(&container["resources"], &at("resources")));
    errors.extend(identities(&container["securityContext"], &at("securityContext")));
    errors
}

fn mounts(mounts: &[Value], volumes: &[String], list: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen = Vec::new();
    for (index, mount) in mounts.iter().enumerate() {
        let path = format!("{list}[{index}]");
        let (name, place) = (values::text(mount, "/name"), values::text(mount, "/mountPath"));
        if name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        }
        if !volumes.iter().any(|volume| volume == name) {
            errors.push(FieldError::not_found(format!("{path}.name"), name));
        }
        if place.is_empty() {
            errors.push(FieldError::required(format!("{path}.mountPath"), ""));
        }
        if seen.contains(&place) {
            errors.push(FieldError::invalid(format!("{path}.mountPath"), place, "must be unique"));
        }
        seen.push(place);
        let below = values::text(mount, "/subPath");
        if below.starts_with('/') {
            errors.push(FieldError::invalid(format!("{list}.subPath"), below, "must be a relative path"));
        }
        errors.extend(super::volumes::no_backsteps(below, &format!("{list}.subPath")));
    }
    errors
}
