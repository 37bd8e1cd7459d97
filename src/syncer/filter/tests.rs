//! All that is given must hold, and all that is wrong is told.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn kind(group: &str, resource: &str, namespaced: bool) -> Kind {
    let text = str::to_owned;
    Kind { group: text(group), version: text("v1"), resource: text(resource), kind: text("K"), namespaced }
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn options() -> FilterOptions {
    FilterOptions {
        namespaces: texts(&["shop", "bank"]),
        resource_types: texts(&["deployments.apps", "secrets", "persistentvolumes"]),
        namespace_selector: "team in (a, b)".to_owned(),
        label_selector: "tier=web,!internal".to_owned(),
        annotation_selector: texts(&["example.com/sync=yes", "note="]),
    }
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn object() -> Value {
    json!({"metadata": {"namespace": "shop", "name": "web", "labels": {"tier": "web"},
        "annotations": {"example.com/sync": "yes", "note": ""}}})
}

fn with(pointer: &str, value: Value) -> Value {
    let mut object = object();
    *object.pointer_mut(pointer).unwrap() = value;
    object
}

#[test]
fn all_that_is_given_must_hold() {
    let filter = ResourceFilter::parse(&options()).unwrap();
    let deployments = kind("apps", "deployments", true);
    let team = labels(&[("team", "a")]);
    let answer = |object: &Value| filter.admits(&deployments, object, Some(&team));
    assert_eq!(answer(&object()), Ok(()));
    for (object, refusal) in [
        (with("/metadata/namespace", json!("other")), Refusal::Namespace),
        (with("/metadata/namespace", json!("kube-system")), Refusal::SystemNamespace),
        (with("/metadata/labels", json!({"tier": "db"})), Refusal::Labels),
        (with("/metadata/labels", json!({"tier": "web", "internal": ""})), Refusal::Labels),
        (with("/metadata/annotations", json!({"example.com/sync": "yes"})), Refusal::Annotations),
        (with("/metadata/annotations", json!({"example.com/sync": "no", "note": ""})), Refusal::Annotations),
        (json!({}), Refusal::Namespace),
        (json!(null), Refusal::Namespace),
    ] {
        assert_eq!(answer(&object), Err(refusal), "{object}");
    }
    let services = kind("", "services", true);
    assert_eq!(filter.admits(&services, &object(), Some(&team)), Err(Refusal::Kind));
    let other = labels(&[("team", "c")]);
    assert_eq!(filter.admits(&deployments, &object(), Some(&other)), Err(Refusal::NamespaceLabels));
    assert_eq!(filter.admits(&deployments, &object(), None), Err(Refusal::NamespaceUnknown));
    let volume = with("/metadata/namespace", json!(null));
    assert_eq!(
        filter.admits(&kind("", "persistentvolumes", false), &volume, None),
        Ok(()),
        "it has no namespace"
    );
    assert!(filter.needs_namespaces());
}

#[test]
fn an_empty_filter_selects_what_is_synced() {
    let filter = ResourceFilter::parse(&FilterOptions::default()).unwrap();
    assert_eq!(filter, ResourceFilter::default());
    for (group, resource, namespaced, admitted) in [
        ("apps", "deployments", true, true),
        ("", "configmaps", true, true),
        ("example.com", "widgets", true, true),
        ("example.com", "clusterwidgets", false, false),
        ("", "pods", true, false),
        ("discovery.k8s.io", "endpointslices", true, false),
        ("", "persistentvolumes", false, false),
        ("", "events", true, false),
        ("rbac.authorization.k8s.io", "roles", true, false),
        ("workload.kcp.io", "synctargets", false, false),
    ] {
        assert_eq!(filter.admits_kind(&kind(group, resource, namespaced)), admitted, "{resource}.{group}");
    }
    let pod = with("/metadata/labels", json!({}));
    assert_eq!(filter.admits(&kind("apps", "deployments", true), &pod, None), Ok(()));
    let mut derived = object();
    derived["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "batch/v1", "kind": "CronJob", "controller": true}]);
    assert_eq!(filter.admits(&kind("batch", "jobs", true), &derived, None), Err(Refusal::Derived));
    let asked = FilterOptions { resource_types: texts(&["pods"]), ..FilterOptions::default() };
    assert!(ResourceFilter::parse(&asked).unwrap().admits_kind(&kind("", "pods", true)));
}

#[test]
fn what_every_cluster_makes_for_itself_stays_where_it_is() {
    let filter = ResourceFilter::default();
    for (resource, namespace, name, expected) in [
        ("serviceaccounts", "shop", "default", Err(Refusal::Own)),
        ("serviceaccounts", "shop", "robot", Ok(())),
        ("services", "default", "kubernetes", Err(Refusal::Own)),
        ("services", "shop", "kubernetes", Ok(())),
        // It arrives under another name.
        ("configmaps", "shop", "kube-root-ca.crt", Ok(())),
    ] {
        let object = json!({"metadata": {"namespace": namespace, "name": name}});
        assert_eq!(filter.admits(&kind("", resource, true), &object, None), expected, "{resource} {name}");
    }
}

#[test]
fn all_mistakes_are_told_with_their_flags() {
    let options = FilterOptions {
        namespaces: texts(&["shop", "kube-system", "Shop"]),
        resource_types: texts(&["deployments.apps", "roles.rbac.authorization.k8s.io", "a/b"]),
        namespace_selector: "team in".to_owned(),
        label_selector: "=a".to_owned(),
        annotation_selector: texts(&["a", "a b=c", "fine=yes"]),
    };
    let errors: Vec<_> =
        ResourceFilter::parse(&options).unwrap_err().iter().map(FilterError::to_string).collect();
    let starts = [
        "--namespaces: \"kube-system\" belongs",
        "--namespaces: \"Shop\" is no name",
        "--resource-types: \"roles.rbac.authorization.k8s.io\" is never",
        "--resource-types: \"a/b\" is not",
        "--namespace-selector: ",
        "--label-selector: ",
        "--annotation-selector: \"a\" is not of the form key=value",
        "--annotation-selector: \"a b\" is no key",
    ];
    assert_eq!(errors.len(), starts.len(), "{errors:#?}");
    for (error, start) in errors.iter().zip(starts) {
        assert!(error.starts_with(start), "{error}, not {start}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange(namespace in ".{0,8}", resource in ".{0,8}", selector in ".{0,12}", annotation in ".{0,8}") {
        let options = FilterOptions {
            namespaces: vec![namespace],
            resource_types: vec![resource],
            namespace_selector: selector.clone(),
            label_selector: selector,
            annotation_selector: vec![annotation],
        };
        if let Ok(filter) = ResourceFilter::parse(&options) {
            let _ = filter.admits(&kind("apps", "deployments", true), &object(), Some(&BTreeMap::new()));
        }
    }
}
