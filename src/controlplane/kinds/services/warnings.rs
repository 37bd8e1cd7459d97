//! What is allowed in a Service and has no effect, or will have none (`pkg/api/service/warnings.go`).

use serde_json::Value;

use super::values;

pub fn warnings(new: &Value, _: Option<&Value>) -> Vec<String> {
    let spec = values::at(new, "/spec");
    let external = spec["type"] == "ExternalName";
    let headless = spec["type"] == "ClusterIP" && spec["clusterIP"] == "None";
    let addresses = !values::items(spec, "/externalIPs").is_empty();
    let mut found = Vec::new();
    if headless {
        let ignored = [
            ("loadBalancerIP", !values::text(spec, "/loadBalancerIP").is_empty()),
            ("externalIPs", addresses),
            ("SessionAffinity", spec["sessionAffinity"] != "None"),
        ];
        let ignored = ignored.into_iter().filter(|(_, said)| *said);
        found.extend(ignored.map(|(member, _)| format!("spec.{member} is ignored for headless services")));
    }
    if addresses && !headless && !external {
        found.push(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters".to_owned(),
        );
    }
    if external && addresses {
        found.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if !external && !values::text(spec, "/externalName").is_empty() {
        found.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if spec["trafficDistribution"] == "PreferClose" {
        found.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".to_owned(),
        );
    }
    found
}
