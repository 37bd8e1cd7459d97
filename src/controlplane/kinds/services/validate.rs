//! The rules of Services (`validateService` and what it calls).

use serde_json::{Value, json};

use super::{
    super::pods::ports::{PROTOCOLS, number_or_name},
    externally_accessible, families, is_headless, needs_health_check, status, values,
};
use crate::apiserver::{
    field::FieldError,
    object_meta::{self, names},
};

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

pub fn validate(object: &Value) -> Vec<FieldError> {
    let spec = values::at(object, "/spec");
    let kind = values::text(spec, "/type");
    // Addresses are given before anything else is looked at.
    let mut errors = families::validate(spec);
    if !errors.is_empty() {
        return errors;
    }
    let ports = values::items(spec, "/ports");
    if ports.is_empty() && !is_headless(spec) && kind != "ExternalName" {
        errors.push(FieldError::required("spec.ports", ""));
    }
    errors.extend(of_its_type(spec, kind));
    let mut seen = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        errors.extend(service_port(port, ports.len() > 1, &mut seen, &format!("spec.ports[{index}]")));
    }
    errors.extend(object_meta::labels(values::at(spec, "/selector"), "spec.selector"));
    errors.extend(affinity(spec));
    for (index, address) in values::texts(spec, "/externalIPs").iter().enumerate() {
        errors.extend(families::invalid_address(address, &format!("spec.externalIPs[{index}]")));
    }
    errors.extend(values::one_of(kind, &TYPES, "spec.type"));
    errors.extend(duplicate_ports(ports, kind));
    errors.extend(balancer(spec, kind));
    errors.extend(policies(spec));
    errors
}

pub fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if new["status"] != old["status"] {
        errors.extend(status::validate(new));
    }
    let (new, old) = (values::at(new, "/spec"), values::at(old, "/spec"));
    let of_allocation = !families::validate(new).is_empty();
    if of_allocation || new["type"] == "ExternalName" || old["type"] == "ExternalName" {
        return errors;
    }
    let (after, before) = (values::texts(new, "/clusterIPs"), values::texts(old, "/clusterIPs"));
    let both_headless = is_headless(new) && is_headless(old);
    for (index, address) in before.iter().enumerate().take(after.len()) {
        if !both_headless && after[index] != *address {
            let path = format!("spec.clusterIPs[{index}]");
            errors.push(FieldError::invalid(path, json!(after), "may not change once set"));
        }
    }
    if after.is_empty() && !before.is_empty() {
        let detail = "primary clusterIP can not be unset";
        errors.push(FieldError::invalid("spec.clusterIPs[0]", json!(after), detail));
    }
    let (families, old_families) = (values::texts(new, "/ipFamilies"), values::texts(old, "/ipFamilies"));
    let changed = families.first() != old_families.first() && !old_families.is_empty();
    if changed && !is_headless(new) && !is_headless(old) {
        errors.push(FieldError::invalid("spec.ipFamilies[0]", json!(families), "may not change once set"));
    }
    if new["type"] == "LoadBalancer"
        && old["type"] == "LoadBalancer"
        && new["loadBalancerClass"] != old["loadBalancerClass"]
    {
        let class = new["loadBalancerClass"].clone();
        errors.push(FieldError::invalid("spec.loadBalancerClass", class, "may not change once set"));
    }
    if needs_health_check(new)
        && needs_health_check(old)
        && new["healthCheckNodePort"] != old["healthCheckNodePort"]
    {
        errors.push(FieldError::forbidden("spec.healthCheckNodePort", "field is immutable"));
    }
    errors
}

fn of_its_type(spec: &Value, kind: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match kind {
        "LoadBalancer" | "NodePort" if is_headless(spec) => {
            let detail = format!("may not be set to 'None' for {kind} services");
            errors.push(FieldError::invalid("spec.clusterIPs[0]", "None", detail));
        }
        "ExternalName" => {
            for member in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                if values::has(spec, &format!("/{member}")) {
                    let detail = "may not be set for ExternalName services";
                    errors.push(FieldError::forbidden(format!("spec.{member}"), detail));
                }
            }
            let name = values::text(spec, "/externalName");
            match name.strip_suffix('.').unwrap_or(name) {
                "" => errors.push(FieldError::required("spec.externalName", "")),
                name => errors.extend(object_meta::invalid(
                    "spec.externalName",
                    name,
                    names::dns1123_subdomain(name),
                )),
            }
        }
        _ => {}
    }
    errors
}

fn service_port(port: &Value, named: bool, seen: &mut Vec<String>, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name = values::text(port, "/name");
    let name_path = format!("{path}.name");
    if name.is_empty() {
        errors.extend(named.then(|| FieldError::required(name_path, "")));
    } else {
        errors.extend(object_meta::invalid(&name_path, name, names::dns1123_label(name)));
        if seen.iter().any(|seen| seen == name) {
            errors.push(FieldError::duplicate(name_path, name));
        }
        seen.push(name.to_owned());
    }
    errors.extend(values::port(values::integer(port, "/port"), &format!("{path}.port")));
    errors.extend(values::one_of(values::text(port, "/protocol"), &PROTOCOLS, &format!("{path}.protocol")));
    errors.extend(number_or_name(values::at(port, "/targetPort"), &format!("{path}.targetPort")));
    if let Some(protocol) = port["appProtocol"].as_str() {
        let wrong = names::qualified_name(protocol);
        errors.extend(object_meta::invalid(&format!("{path}.appProtocol"), protocol, wrong));
    }
    errors
}

fn affinity(spec: &Value) -> Vec<FieldError> {
    let affinity = values::text(spec, "/sessionAffinity");
    let mut errors: Vec<_> =
        values::one_of(affinity, &["ClientIP", "None"], "spec.sessionAffinity").into_iter().collect();
    let seconds = values::integer(spec, "/sessionAffinityConfig/clientIP/timeoutSeconds");
    if affinity == "ClientIP" && !(1..=86_400).contains(&seconds) {
        let path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
        errors.push(FieldError::invalid(path, seconds, "must be greater than 0 and less than 86400"));
    }
    errors
}

fn duplicate_ports(ports: &[Value], kind: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        let node = values::integer(port, "/nodePort");
        if node != 0 && kind == "ClusterIP" {
            let detail = "may not be used when `type` is 'ClusterIP'";
            errors.push(FieldError::forbidden(format!("{path}.nodePort"), detail));
        }
        let same = |member: &str| {
            ports[..index].iter().any(|other| {
                other["protocol"] == port["protocol"]
                    && other[member] == port[member]
                    && !port[member].is_null()
            })
        };
        if same("nodePort") {
            errors.push(FieldError::duplicate(format!("{path}.nodePort"), node));
        }
        if same("port") {
            let key = json!({
                "Name": "", "Protocol": port["protocol"], "AppProtocol": null, "Port": port["port"],
                "TargetPort": 0, "NodePort": 0,
            });
            errors.push(FieldError::duplicate(path, key));
        }
    }
    errors
}

fn balancer(spec: &Value, kind: &str) -> Vec<FieldError> {
    const ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
    let mut errors = Vec::new();
    for (index, range) in values::texts(spec, "/loadBalancerSourceRanges").iter().enumerate() {
        errors.extend(families::invalid_range(range, &format!("spec.LoadBalancerSourceRanges[{index}]")));
    }
    if kind != "LoadBalancer" {
        if !values::items(spec, "/loadBalancerSourceRanges").is_empty() {
            errors.push(FieldError::forbidden("spec.LoadBalancerSourceRanges", ONLY));
        }
        for member in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
            if values::has(spec, &format!("/{member}")) {
                errors.push(FieldError::forbidden(format!("spec.{member}"), ONLY));
            }
        }
    } else if let Some(class) = spec["loadBalancerClass"].as_str() {
        errors.extend(object_meta::invalid("spec.loadBalancerClass", class, names::qualified_name(class)));
    }
    errors
}

fn policies(spec: &Value) -> Vec<FieldError> {
    const POLICIES: [&str; 2] = ["Cluster", "Local"];
    let mut errors = Vec::new();
    let external = values::text(spec, "/externalTrafficPolicy");
    if externally_accessible(spec) {
        errors.extend(values::one_of(external, &POLICIES, "spec.externalTrafficPolicy"));
    } else if !external.is_empty() {
        let detail = "may only be set for externally-accessible services";
        errors.push(FieldError::invalid("spec.externalTrafficPolicy", external, detail));
    }
    let health = values::integer(spec, "/healthCheckNodePort");
    if needs_health_check(spec) {
        errors.extend(values::port(health, "spec.healthCheckNodePort"));
    } else if health != 0 {
        let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.push(FieldError::invalid("spec.healthCheckNodePort", health, detail));
    }
    let internal = values::text(spec, "/internalTrafficPolicy");
    if !internal.is_empty() {
        errors.extend(values::one_of(internal, &POLICIES, "spec.internalTrafficPolicy"));
    }
    let distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];
    if let Some(distribution) =
        spec["trafficDistribution"].as_str().filter(|text| !distributions.contains(text))
    {
        errors.push(FieldError::not_supported("spec.trafficDistribution", distribution, &distributions));
    }
    errors
}
