//! Services: types, ports, addresses and the policies that depend on each other.

use serde_json::{Value, json};

use super::{Rules, addresses::Addresses, cells, info, values};
use crate::apiserver::{object::Cell, resource::ResourceInfo, strategy::NameRule};

mod allocate;
mod families;
mod status;
mod validate;
mod warnings;

pub fn rules() -> Rules {
    let info = ResourceInfo {
        short_names: vec!["svc".into()],
        categories: vec!["all".into()],
        subresources: vec![info::STATUS],
        ..info::namespaced("", "services", "Service")
    };
    Rules {
        // Since 1.36 names of Services may begin with a digit.
        name_rule: NameRule::Dns1123Label,
        default,
        prepare_create,
        prepare_update,
        validate: validate::validate,
        validate_update: validate::validate_update,
        warnings: warnings::warnings,
        selectable: &[("spec.clusterIP", &["/spec/clusterIP"]), ("spec.type", &["/spec/type"])],
        ..Rules::new(info, cells)
    }
}

fn default(object: &mut Value) {
    let spec = &mut object["spec"];
    values::default(spec, "sessionAffinity", "None");
    match values::text(spec, "/sessionAffinity") {
        "None" => values::remove(spec, "sessionAffinityConfig"),
        "ClientIP" if !values::has(spec, "/sessionAffinityConfig/clientIP/timeoutSeconds") => {
            spec["sessionAffinityConfig"] = json!({"clientIP": {"timeoutSeconds": 10800}});
        }
        _ => {}
    }
    values::default(spec, "type", "ClusterIP");
    values::each(spec, "/ports", |port| {
        values::default(port, "protocol", "TCP");
        if port["targetPort"] == 0 || port["targetPort"] == "" {
            port["targetPort"] = port["port"].clone();
        }
    });
    let kind = values::text(spec, "/type").to_owned();
    if externally_accessible(spec) {
        values::default(spec, "externalTrafficPolicy", "Cluster");
    }
    if ["NodePort", "LoadBalancer", "ClusterIP"].contains(&&*kind) {
        values::default(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        if spec["allocateLoadBalancerNodePorts"].is_null() {
            spec["allocateLoadBalancerNodePorts"] = true.into();
        }
        values::each(object, "/status/loadBalancer/ingress", |ingress| {
            if values::has(ingress, "/ip") {
                values::default(ingress, "ipMode", "VIP");
            }
        });
    }
}

fn prepare_create(object: &mut Value, addresses: &dyn Addresses) {
    object["status"] = json!({"loadBalancer": {}});
    let spec = &mut object["spec"];
    if values::has(spec, "/clusterIP") && values::items(spec, "/clusterIPs").is_empty() {
        spec["clusterIPs"] = json!([spec["clusterIP"]]);
    }
    families::fill(spec, None);
    allocate::allocate(spec, addresses);
}

fn prepare_update(new: &mut Value, old: &Value, addresses: &dyn Addresses) {
    let old_spec = values::at(old, "/spec");
    let spec = &mut new["spec"];
    allocate::keep_allocated(spec, old_spec);
    allocate::normalize(spec, old_spec);
    allocate::drop_unneeded(spec, old_spec);
    families::fill(spec, Some(old_spec));
    allocate::allocate(spec, addresses);
    if spec["type"] != "LoadBalancer" && new["status"] == old["status"] {
        new["status"]["loadBalancer"] = json!({});
    }
}

fn externally_accessible(spec: &Value) -> bool {
    match values::text(spec, "/type") {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !values::items(spec, "/externalIPs").is_empty(),
        _ => false,
    }
}

fn is_headless(spec: &Value) -> bool {
    values::texts(spec, "/clusterIPs") == ["None"]
}

fn needs_health_check(spec: &Value) -> bool {
    spec["type"] == "LoadBalancer" && spec["externalTrafficPolicy"] == "Local"
}

fn cells(object: &Value) -> Vec<Cell> {
    let spec = values::at(object, "/spec");
    let address =
        values::texts(spec, "/clusterIPs").into_iter().next().unwrap_or_else(|| "<none>".to_owned());
    vec![
        cells::name(object),
        cells::text(values::text(spec, "/type")),
        cells::text(&address),
        cells::text(&external_address(object)),
        cells::text(&ports(spec)),
        cells::age(object),
        cells::text(&cells::labels(values::at(spec, "/selector"))),
    ]
}

fn external_address(object: &Value) -> String {
    let external = values::texts(object, "/spec/externalIPs");
    match values::text(object, "/spec/type") {
        "ClusterIP" | "NodePort" if external.is_empty() => "<none>".to_owned(),
        "ClusterIP" | "NodePort" => external.join(","),
        "LoadBalancer" => {
            let all = [balancers(object), external].concat();
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        "ExternalName" => values::text(object, "/spec/externalName").to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

fn balancers(object: &Value) -> Vec<String> {
    let ingress = values::items(object, "/status/loadBalancer/ingress");
    let place = |ingress| [values::text(ingress, "/ip"), values::text(ingress, "/hostname")];
    let mut places: Vec<_> = ingress
        .iter()
        .filter_map(|ingress| place(ingress).into_iter().find(|place| !place.is_empty()))
        .map(str::to_owned)
        .collect();
    places.sort();
    places.dedup();
    places
}

fn ports(spec: &Value) -> String {
    let shown = |port: &Value| {
        let (number, protocol) = (values::integer(port, "/port"), values::text(port, "/protocol"));
        match values::integer(port, "/nodePort") {
            node if node > 0 => format!("{number}:{node}/{protocol}"),
            _ => format!("{number}/{protocol}"),
        }
    };
    let ports: Vec<_> = values::items(spec, "/ports").iter().map(shown).collect();
    if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") }
}
