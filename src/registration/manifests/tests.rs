//! What the objects of an installation must and must not hold, for every way to install.

use std::collections::BTreeSet;

use super::*;
use crate::registration::{installation::ServiceReference, kinds};

fn installations() -> Vec<Installation> {
    let elsewhere = ServiceReference { namespace: "views".to_owned(), name: "api".to_owned(), port: 8443 };
    let mut all = Vec::new();
    for serving_ca in [ServingCa::Secret, ServingCa::File, ServingCa::CertManager] {
        for service in [ServiceReference::default(), elsewhere.clone()] {
            for external_name in [None, Some("localhost".to_owned())] {
                let ca_bundle = if serving_ca == ServingCa::File { "pem".to_owned() } else { String::new() };
                let service = service.clone();
                all.push(Installation { service, external_name, serving_ca, ca_bundle, door: true });
            }
        }
    }
    all
}

#[test]
fn the_certificate_is_always_verified_and_no_key_is_printed() {
    for installation in installations() {
        let text = yaml(&objects(&installation)).unwrap();
        assert!(!text.contains("insecureSkipTLSVerify"));
        assert!(!text.contains("PRIVATE KEY"));
        assert!(!text.contains("\ndata:"));
    }
}

#[test]
fn every_object_has_a_path_of_its_own_and_is_ours() {
    for installation in installations() {
        let mut paths = BTreeSet::new();
        for object in objects(&installation) {
            let kind = Kind::of(&object).expect("a kind of the table");
            let (namespace, name) = kinds::address(&object);
            assert_eq!(kind.namespaced, !namespace.is_empty(), "{object}");
            assert_eq!(object["metadata"]["labels"][MANAGED_BY.0], MANAGED_BY.1);
            assert!(paths.insert(kind.path(namespace, name)), "twice: {object}");
        }
    }
}

#[test]
fn namespaces_come_first_and_the_api_service_last() {
    for installation in installations() {
        let objects = objects(&installation);
        assert_eq!(objects[0]["kind"], "Namespace");
        assert_eq!(objects[objects.len() - 1]["kind"], "APIService");
        let declared: BTreeSet<_> = objects
            .iter()
            .filter(|object| object["kind"] == "Namespace")
            .map(|object| kinds::address(object).1)
            .chain(["kube-system"])
            .collect();
        for object in objects.iter().filter(|object| Kind::of(object).is_some_and(|kind| kind.namespaced)) {
            assert!(declared.contains(kinds::address(object).0), "{object}");
        }
    }
}

#[test]
fn the_server_may_read_the_secret_only_where_it_keeps_its_own_ca() {
    for installation in installations() {
        let text = yaml(&objects(&installation)).unwrap();
        let own = installation.serving_ca == ServingCa::Secret;
        assert_eq!(text.contains(rules::SERVING_CA_SECRET), own);
        assert_eq!(text.contains("inject-ca-from"), installation.serving_ca == ServingCa::CertManager);
        assert_eq!(text.contains("caBundle"), installation.serving_ca == ServingCa::File);
    }
}

#[test]
fn without_the_door_nobody_is_bound() {
    let closed = Installation { door: false, ..Installation::default() };
    let text = yaml(&objects(&closed)).unwrap();
    assert!(!text.contains(rules::DOOR) && !text.contains("system:authenticated"));
    assert!(text.contains("aggregate-to-view"));
}

#[test]
fn a_server_outside_is_reached_by_its_host_name() {
    let outside =
        Installation { external_name: Some("tmc.example.com".to_owned()), ..Installation::default() };
    let service = service(&outside);
    assert_eq!(service["spec"]["type"], "ExternalName");
    assert_eq!(service["spec"]["externalName"], "tmc.example.com");
    assert!(service["spec"]["selector"].is_null());
}

#[test]
fn yaml_reads_back_as_the_same_objects() {
    for installation in installations() {
        let objects = objects(&installation);
        let read: Vec<Value> = serde_saphyr::from_multiple(&yaml(&objects).unwrap()).unwrap();
        assert_eq!(read, objects);
    }
}
