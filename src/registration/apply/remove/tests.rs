//! What goes, what stays, and in which order.

use super::*;

fn removed(namespace: bool, crds: Vec<Value>) -> Vec<(String, String)> {
    let removal = Removal { service: ServiceReference::default(), crds, namespace };
    let objects = removed_objects(&removal);
    objects
        .iter()
        .map(|object| (Kind::of(object).unwrap().kind.to_owned(), address(object).1.to_owned()))
        .collect()
}

#[test]
fn the_api_service_goes_first_and_everything_goes_once() {
    let objects = removed(false, Vec::new());
    assert_eq!(objects[0].0, "APIService");
    let unique: std::collections::BTreeSet<_> = objects.iter().collect();
    let named_alike = objects.len() - unique.len();
    assert_eq!(named_alike, 0, "{objects:?}");
    for kind in ["Secret", "Certificate", "Issuer", "ClusterRoleBinding", "ServiceAccount", "Service"] {
        assert!(objects.iter().any(|(found, _)| found == kind), "{kind}");
    }
}

#[test]
fn crds_and_namespaces_only_when_asked_for() {
    let plain = removed(false, Vec::new());
    assert!(!plain.iter().any(|(kind, _)| kind == "Namespace" || kind == "CustomResourceDefinition"));
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "synctargets.workload.kcp.io"},
    });
    let all = removed(true, vec![crd]);
    assert_eq!(all.last().map(|(kind, _)| kind.as_str()), Some("Namespace"));
    assert!(all.iter().any(|(_, name)| name == "synctargets.workload.kcp.io"));
}
