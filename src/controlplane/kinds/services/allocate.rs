//! What a Service is given by the server: addresses and node ports, and what becomes of them when it changes.
//!
//! As `pkg/registry/core/service/storage` does it; `spec` is that of one Service.

use serde_json::{Value, json};

use super::{externally_accessible, needs_health_check, values};
use crate::controlplane::kinds::addresses::Addresses;

fn needs_address(spec: &Value) -> bool {
    spec["type"] != "ExternalName"
}

fn needs_node_ports(spec: &Value) -> bool {
    match values::text(spec, "/type") {
        "NodePort" => true,
        "LoadBalancer" => spec["allocateLoadBalancerNodePorts"] != false,
        _ => false,
    }
}

/// A Service of such a type may have node ports, whether or not it asks for them.
fn may_have_node_ports(spec: &Value) -> bool {
    ["NodePort", "LoadBalancer"].contains(&values::text(spec, "/type"))
}

fn node_ports(spec: &Value) -> Vec<i64> {
    let ports = values::items(spec, "/ports").iter().map(|port| values::integer(port, "/nodePort"));
    ports.filter(|port| *port != 0).collect()
}

/// Fills what is missing: addresses, node ports, the port of the health check.
pub fn allocate(spec: &mut Value, addresses: &dyn Addresses) {
    if needs_address(spec)
        && values::text(spec, "/clusterIP").is_empty()
        && values::items(spec, "/clusterIPs").is_empty()
    {
        let address = addresses.cluster_ip();
        spec["clusterIPs"] = json!([address]);
        spec["clusterIP"] = address.into();
    }
    if needs_node_ports(spec) {
        // One number serves TCP and UDP of the same port.
        let mut given: Vec<(i64, i64)> = Vec::new();
        values::each(spec, "/ports", |port| {
            let number = values::integer(port, "/port");
            if values::integer(port, "/nodePort") == 0 {
                let same = given.iter().find(|(of, _)| *of == number).map(|(_, node)| *node);
                port["nodePort"] = same.unwrap_or_else(|| i64::from(addresses.node_port())).into();
            }
            given.push((number, values::integer(port, "/nodePort")));
        });
    }
    if needs_health_check(spec) && values::integer(spec, "/healthCheckNodePort") == 0 {
        spec["healthCheckNodePort"] = addresses.node_port().into();
    }
}

/// A client that sends again what it sent before keeps what it was given.
pub fn keep_allocated(new: &mut Value, old: &Value) {
    if needs_address(old) && needs_address(new) {
        if values::text(new, "/clusterIP").is_empty() && values::has(old, "/clusterIP") {
            new["clusterIP"] = old["clusterIP"].clone();
        }
        if values::items(new, "/clusterIPs").is_empty() && values::has(old, "/clusterIPs") {
            new["clusterIPs"] = old["clusterIPs"].clone();
        }
    }
    if needs_node_ports(old) && needs_node_ports(new) {
        let (before, after) = (node_ports(old), node_ports(new));
        values::each(new, "/ports", |port| {
            if values::integer(port, "/nodePort") != 0 {
                return;
            }
            let name = values::text(port, "/name");
            let same =
                values::items(old, "/ports").iter().rev().find(|old| values::text(old, "/name") == name);
            let known = same.map_or(0, |old| values::integer(old, "/nodePort"));
            if known != 0 && !(before.contains(&known) && after.contains(&known)) {
                port["nodePort"] = known.into();
            }
        });
    }
    if needs_health_check(old) && needs_health_check(new) {
        values::default_number(new, "healthCheckNodePort", values::integer(old, "/healthCheckNodePort"));
    }
}

/// Keeps `clusterIP` and `clusterIPs` together when only the former was changed.
pub fn normalize(new: &mut Value, old: &Value) {
    let (address, before) = (values::text(new, "/clusterIP").to_owned(), values::text(old, "/clusterIP"));
    if address == before || values::texts(new, "/clusterIPs") != values::texts(old, "/clusterIPs") {
        return;
    }
    if address.is_empty() {
        values::remove(new, "clusterIPs");
    } else {
        new["clusterIPs"] = json!([address]);
    }
}

/// Takes away what the new type cannot have and the caller did not change.
pub fn drop_unneeded(new: &mut Value, old: &Value) {
    let unchanged = |new: &Value, member: &str| values::at(new, member) == values::at(old, member);
    if needs_address(old) && !needs_address(new) {
        if unchanged(new, "/clusterIP") && unchanged(new, "/clusterIPs") {
            values::remove(new, "clusterIP");
            values::remove(new, "clusterIPs");
        }
        for member in ["ipFamilies", "ipFamilyPolicy"] {
            if unchanged(new, &format!("/{member}")) {
                values::remove(new, member);
            }
        }
    }
    let before = node_ports(old);
    if may_have_node_ports(old)
        && !may_have_node_ports(new)
        && node_ports(new).iter().all(|port| before.contains(port))
    {
        values::each(new, "/ports", |port| values::remove(port, "nodePort"));
    }
    let mut drop = |applies: fn(&Value) -> bool, member: &str| {
        if applies(old) && !applies(new) && unchanged(new, &format!("/{member}")) {
            values::remove(new, member);
        }
    };
    let balances: fn(&Value) -> bool = |spec| spec["type"] == "LoadBalancer";
    drop(needs_health_check, "healthCheckNodePort");
    drop(balances, "allocateLoadBalancerNodePorts");
    drop(balances, "loadBalancerClass");
    drop(externally_accessible, "externalTrafficPolicy");
}
