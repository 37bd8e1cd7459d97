//! What is allowed in a pod template and seldom meant (`pkg/api/pod/warnings.go`).

use serde_json::Value;

use super::{super::quantity::Quantity, values};

/// Warnings for the template at `path`.
pub fn warnings(template: &Value, path: &str) -> Vec<String> {
    let spec = &template["spec"];
    let path = format!("{path}.spec");
    let mut found = selectors(spec, &path);
    found.extend(duplicates(spec, &path));
    let containers = containers(spec, &path);
    found.extend(containers.iter().flat_map(|(container, path)| of_container(container, path)));
    found.extend(ports(&containers));
    found.extend(port_names(&containers));
    if values::integer(spec, "/terminationGracePeriodSeconds") < 0 {
        let field = format!("{path}.terminationGracePeriodSeconds");
        found.push(format!("{field}: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    found.extend(affinities(spec, &path));
    found
}

/// Every container with its path; those that run first come first.
fn containers<'a>(spec: &'a Value, path: &str) -> Vec<(&'a Value, String)> {
    let lists = ["initContainers", "containers"].into_iter();
    lists
        .flat_map(|list| {
            let items = values::items(spec, &format!("/{list}")).iter().enumerate();
            items.map(move |(index, container)| (container, format!("{path}.{list}[{index}]")))
        })
        .collect()
}

const NO_POD: &str = "a null labelSelector results in matching no pod";

fn selectors(spec: &Value, path: &str) -> Vec<String> {
    let constraints = values::items(spec, "/topologySpreadConstraints").iter().enumerate();
    constraints
        .filter(|(_, constraint)| constraint["labelSelector"].is_null())
        .map(|(index, _)| format!("{path}.topologySpreadConstraints[{index}].labelSelector: {NO_POD}"))
        .collect()
}

fn affinities(spec: &Value, path: &str) -> Vec<String> {
    const TERMS: [(&str, &str); 2] = [
        ("requiredDuringSchedulingIgnoredDuringExecution", ""),
        ("preferredDuringSchedulingIgnoredDuringExecution", "podAffinityTerm."),
    ];
    let mut found = Vec::new();
    for kind in ["podAffinity", "podAntiAffinity"] {
        for (list, below) in TERMS {
            let terms = values::items(spec, &format!("/affinity/{kind}/{list}"));
            for (index, term) in terms.iter().enumerate() {
                let selector = format!("/{}labelSelector", below.replace('.', "/"));
                if !values::has(term, &selector) {
                    found.push(format!(
                        "{path}.affinity.{kind}.{list}[{index}].{below}labelSelector: {NO_POD}"
                    ));
                }
            }
        }
    }
    found
}

fn duplicates(spec: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (list, member, what) in [("hostAliases", "ip", "ip"), ("imagePullSecrets", "name", "name")] {
        let items = values::items(spec, &format!("/{list}"));
        let text = |item| values::text(item, &format!("/{member}"));
        for (index, item) in items.iter().enumerate() {
            if items[..index].iter().any(|other| text(other) == text(item)) {
                found.push(format!("{path}.{list}[{index}].{member}: duplicate {what} {:?}", text(item)));
            }
        }
    }
    for (index, secret) in values::items(spec, "/imagePullSecrets").iter().enumerate() {
        if values::text(secret, "/name").is_empty() {
            found.push(format!("{path}.imagePullSecrets[{index}].name: invalid empty name \"\""));
        }
    }
    found
}

fn of_container(container: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for resource in ["memory", "ephemeral-storage"] {
        for list in ["limits", "requests"] {
            let text = values::text(container, &format!("/resources/{list}/{resource}"));
            if Quantity::parse(text).is_ok_and(|quantity| !quantity.is_whole()) {
                found.push(format!(
                    "{path}.resources.{list}[{resource}]: fractional byte value {text:?} is invalid, must be an integer"
                ));
            }
        }
    }
    let variables = values::items(container, "/env");
    for (index, variable) in variables.iter().enumerate() {
        let name = values::text(variable, "/name");
        let hides = variables[..index].iter().any(|other| values::text(other, "/name") == name);
        let (value, reference) = (values::text(variable, "/value"), format!("$({name})"));
        let refers = value.contains(&reference) && value != reference && variable["valueFrom"].is_null();
        if hides && !refers {
            found.push(format!(
                "{path}.env[{index}]: hides previous definition of {name:?}, which may be dropped when using apply"
            ));
        }
    }
    found
}

/// Every port with its path.
fn all_ports<'a>(containers: &[(&'a Value, String)]) -> Vec<(&'a Value, String)> {
    let of = |(container, path): &(&'a Value, String)| {
        let ports = values::items(container, "/ports").iter().enumerate();
        ports.map(|(index, port)| (port, format!("{path}.ports[{index}]"))).collect::<Vec<_>>()
    };
    containers.iter().flat_map(of).collect()
}

fn ports(containers: &[(&Value, String)]) -> Vec<String> {
    let ports = all_ports(containers);
    let mut found = Vec::new();
    for (index, (port, path)) in ports.iter().enumerate() {
        for (other, place) in &ports[..index] {
            let same = |member: &str| port[member] == other[member];
            if !same("containerPort") || !same("protocol") {
                continue;
            }
            let open = |port: &Value| values::integer(port, "/hostPort") == 0;
            let anywhere = |port: &Value| values::text(port, "/hostIP").is_empty();
            if same("hostIP") && same("hostPort") {
                found.push(format!("{path}: duplicate port definition with {place}"));
            } else if open(port) || open(other) {
                found.push(format!("{path}: overlapping port definition with {place}"));
            } else if same("hostPort") && anywhere(port) != anywhere(other) {
                found.push(format!("{path}: dangerously ambiguous port definition with {place}"));
            }
        }
    }
    found
}

fn port_names(containers: &[(&Value, String)]) -> Vec<String> {
    let ports = all_ports(containers);
    let name = |port: &Value| values::text(port, "/name").to_owned();
    let mut found = Vec::new();
    for (index, (port, path)) in ports.iter().enumerate().filter(|(_, (port, _))| !name(port).is_empty()) {
        let first = ports[..index].iter().find(|(other, _)| name(other) == name(port));
        if let Some((_, first)) = first {
            let name = name(port);
            found.push(format!(
                "{path}: duplicate port name {name:?} with {first}, services and probes that select ports by name will \
                 use {first}"
            ));
        }
    }
    found
}
