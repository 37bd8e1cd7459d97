//! Kinds are named as people name them, and some never count.

use serde_json::json;

use super::*;

fn kind(group: &str, resource: &str) -> Kind {
    let text = str::to_owned;
    Kind {
        group: text(group),
        version: text("v1"),
        resource: text(resource),
        kind: text("K"),
        namespaced: true,
    }
}

#[test]
fn names_of_kinds_are_read() {
    for (text, group, resource, is) in [
        ("deployments.apps", "apps", "deployments", true),
        ("deployments", "apps", "deployments", true),
        ("deployments", "example.com", "deployments", false),
        ("secrets", "", "secrets", true),
        ("widgets.example.com", "example.com", "widgets", true),
        ("widgets.example.com", "com", "widgets", false),
        ("widgets.example.com", "example.com", "gadgets", false),
    ] {
        assert_eq!(
            ResourceType::parse(text).unwrap().is(&kind(group, resource)),
            is,
            "{text} {group} {resource}"
        );
    }
    for text in ["", ".apps", "deployments.", "Deployments", "a..b", "a/b", "*"] {
        assert!(ResourceType::parse(text).unwrap_err().contains("plural.group"), "{text}");
    }
}

#[test]
fn what_rules_a_cluster_is_never_synced() {
    for text in [
        "roles.rbac.authorization.k8s.io",
        "leases.coordination.k8s.io",
        "synctargets.workload.kcp.io",
        "workspaces.tenancy.kcp.io",
        "namespaces",
        "events",
        "controllerrevisions",
    ] {
        assert!(ResourceType::parse(text).unwrap_err().contains("never synced"), "{text}");
    }
    assert!(!is_never_synced("", "configmaps"));
    assert!(!is_never_synced("notkcp.io", "widgets"));
}

#[test]
fn what_a_controller_makes_again_is_derived() {
    let owned = |version: &str, controller: bool| {
        let owner = json!({"apiVersion": version, "kind": "K", "controller": controller});
        json!({"metadata": {"ownerReferences": [owner]}})
    };
    for (object, derived) in [
        (owned("apps/v1", true), true),
        (owned("batch/v1", true), true),
        (owned("v1", true), true),
        (owned("apps/v1", false), false),
        (owned("example.com/v1", true), false),
        (json!({"metadata": {"ownerReferences": null}}), false),
        (json!({"metadata": {"ownerReferences": [1, {}]}}), false),
    ] {
        assert_eq!(is_derived(&object), derived, "{object}");
    }
}
