//! What is rendered depends on the object alone, holds nothing of the workspace's server, and nothing is left to chance.

mod kinds;
mod properties;

use serde_json::json;

use super::*;
use crate::api::workload::NamespaceMapping;

pub(super) fn identity() -> Identity {
    Identity {
        name: "edge".to_owned(),
        uid: "target-1".to_owned(),
        cluster: "root:org".to_owned(),
        workspace: "ws-1".to_owned(),
        namespace_mapping: NamespaceMapping::Hashed,
        derived: Default::default(),
    }
}

pub(super) fn kind(group: &str, resource: &str) -> Kind {
    let text = str::to_owned;
    let namespaced = resource != "persistentvolumes";
    Kind {
        group: text(group),
        version: text("v1"),
        resource: text(resource),
        kind: text("Thing"),
        namespaced,
    }
}

pub(super) fn rendered(upstream: &Value, kind: &Kind) -> Result<Rendered, RenderError> {
    rendered_with(&HashKey::new(b"key"), upstream, kind)
}

fn rendered_with(hash_key: &HashKey, upstream: &Value, kind: &Kind) -> Result<Rendered, RenderError> {
    let identity = identity();
    render(upstream, &RenderContext { identity: &identity, kind, hash_key, transforms: &[], access: None })
}

pub(super) fn upstream(mut body: Value) -> Value {
    let mut object = json!({"metadata": {"name": "web", "namespace": "shop", "uid": "u1", "generation": 3}});
    json_patch::merge(&mut object, &body.take());
    object
}

fn web() -> Value {
    upstream(json!({
        "apiVersion": "apps/v1beta1", "kind": "Deployment",
        "metadata": {
            "resourceVersion": "7", "creationTimestamp": "2026-01-01T00:00:00Z", "selfLink": "/x",
            "managedFields": [{"manager": "kubectl"}], "ownerReferences": [{"uid": "o"}],
            "finalizers": ["workload.kcp.io/syncer-x"], "deletionTimestamp": "2026-01-01T00:00:00Z",
            "deletionGracePeriodSeconds": 0, "generateName": "w-",
            "labels": {"app": "web", "state.workload.kcp.io/k": "Sync", "app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"note": "kept", "kcp.io/cluster": "ws-1", "placement.kcp.io/placement": "p/u",
                "kubectl.kubernetes.io/last-applied-configuration": "{}", "deployment.kubernetes.io/revision": "2"},
        },
        "spec": {"replicas": 2, "template": {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"containers": [{"name": "web", "image": "web:1"}]}}},
        "status": {"readyReplicas": 2},
    }))
}

#[test]
fn an_object_is_rendered_with_its_stamps_and_nothing_of_the_server() {
    let Rendered { object, hash } = rendered(&web(), &kind("apps", "deployments")).unwrap();
    let identity = identity();
    assert_eq!(
        object,
        json!({
            "apiVersion": "apps/v1", "kind": "Thing",
            "metadata": {
                "name": "web", "namespace": naming::downstream_namespace(&identity, "shop").unwrap(),
                "labels": {"app": "web", "app.kubernetes.io/managed-by": "kcp-syncer",
                    "internal.workload.kcp.io/cluster": identity.key()},
                "annotations": {"note": "kept", "workload.kcp.io/source-generation": "3",
                    "workload.kcp.io/desired-hash": hash,
                    "workload.kcp.io/owner": r#"{"syncTargetUID":"target-1","cluster":"ws-1","namespace":"shop","name":"web","uid":"u1","gvr":"deployments.v1.apps"}"#},
            },
            "spec": {"replicas": 2, "template": {"metadata": {},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]}}},
        })
    );
    assert!(ownership::owns(&object, &kind("apps", "deployments"), &identity, "u1"));
}

#[test]
fn hashes_tell_objects_apart() {
    let deployments = kind("apps", "deployments");
    let hash = |object: &Value| rendered(object, &deployments).unwrap().hash;
    let mut other = web();
    assert_eq!(hash(&web()), hash(&other));
    other["metadata"]["resourceVersion"] = json!("8");
    other["status"] = json!({});
    assert_eq!(hash(&web()), hash(&other), "nothing that is rendered has changed");
    other["spec"]["replicas"] = json!(3);
    assert_ne!(hash(&web()), hash(&other));
    other = web();
    other["metadata"]["uid"] = json!("u2");
    assert_ne!(hash(&web()), hash(&other), "made again upstream");
}

#[test]
fn hashes_of_secrets_need_the_key() {
    let (secret, secrets) = (upstream(json!({"data": {"password": "aHVudGVyMg=="}})), kind("", "secrets"));
    let hash = |key: &HashKey, kind: &Kind| rendered_with(key, &secret, kind).unwrap().hash;
    let (one, other) = (HashKey::new(b"one"), HashKey::new(b"other"));
    assert_eq!(hash(&one, &secrets), hash(&HashKey::new(b"one"), &secrets), "stable over restarts");
    assert_ne!(hash(&one, &secrets), hash(&other, &secrets));
    let config_maps = kind("", "configmaps");
    assert_eq!(hash(&one, &config_maps), hash(&other, &config_maps));
    assert_eq!(format!("{one:?}"), "HashKey");
}

#[test]
fn the_placement_changes_the_spec_and_nothing_else() {
    let deployments = kind("apps", "deployments");
    let with = |prefix: &str, patch: &str| {
        let mut object = web();
        object["metadata"]["annotations"][format!("{prefix}{}", identity().key())] = json!(patch);
        object
    };
    let replicas = r#"[{"op": "replace", "path": "/replicas", "value": 5}]"#;
    for prefix in [SPEC_OVERRIDE, "experimental.spec-diff.workload.kcp.io/"] {
        let object = rendered(&with(prefix, replicas), &deployments).unwrap().object;
        assert_eq!(object["spec"]["replicas"], 5, "{prefix}");
        assert_eq!(
            object["metadata"]["annotations"].as_object().unwrap().len(),
            4,
            "the override stays upstream"
        );
    }
    let mut both = with(SPEC_OVERRIDE, replicas);
    both["metadata"]["annotations"][format!("experimental.spec-diff.workload.kcp.io/{}", identity().key())] =
        json!("no");
    assert_eq!(
        rendered(&both, &deployments).unwrap().object["spec"]["replicas"],
        5,
        "the fallback is not read"
    );
    let other = with("override.workload.kcp.io/x", replicas);
    assert_eq!(rendered(&other, &deployments).unwrap().object["spec"]["replicas"], 2, "another target's");

    let annotation = format!("override.workload.kcp.io/{}", identity().key());
    for (patch, problem) in [
        ("nonsense", "is not a JSON patch (RFC 6902)"),
        ("{}", "is not a JSON patch (RFC 6902)"),
        (r#"[{"op": "test", "path": "/replicas", "value": 9}]"#, "[0]: value did not match (/replicas)"),
        (
            r#"[{"op": "add", "path": "/a", "value": 1}, {"op": "remove", "path": "/b"}]"#,
            "[1]: path is invalid (/b)",
        ),
        (r#"[{"op": "replace", "path": "", "value": "hunter2"}]"#, "leaves a spec that is no map"),
    ] {
        let error = rendered(&with(SPEC_OVERRIDE, patch), &deployments).unwrap_err();
        let (annotation, problem) = (annotation.clone(), problem.to_owned());
        assert_eq!(error, RenderError::Override { annotation, problem }, "{patch}");
    }
    let mut config_map = with(SPEC_OVERRIDE, replicas);
    config_map.as_object_mut().unwrap().remove("spec");
    assert!(rendered(&config_map, &kind("", "configmaps")).is_err(), "there is nothing to change");
}

#[test]
fn replicas_are_left_to_an_autoscaler_if_it_is_so_labelled() {
    let mut object = web();
    object["metadata"]["labels"][RETAIN_REPLICAS] = json!("true");
    let object = rendered(&object, &kind("apps", "deployments")).unwrap().object;
    assert_eq!(object["spec"].get("replicas"), None);
    assert_eq!(object["metadata"]["labels"].get(RETAIN_REPLICAS), None);
}

#[test]
fn what_no_server_checked_is_an_error() {
    let deployments = kind("apps", "deployments");
    for (object, field) in [
        (json!(null), "metadata"),
        (json!({"metadata": {"name": "a", "namespace": "b"}}), "metadata"),
        (json!({"metadata": {"name": "a", "uid": "u"}}), "metadata"),
        (upstream(json!({"metadata": {"labels": {"a": 1}}})), "metadata.labels"),
        (upstream(json!({"metadata": {"annotations": []}})), "metadata.annotations"),
        (upstream(json!({"spec": null})), "spec"),
        (upstream(json!({"spec": "text"})), "spec"),
        (upstream(json!({"spec": {"template": null}})), "the pod template"),
        (upstream(json!({"spec": {"template": {"spec": []}}})), "the pod template's spec"),
    ] {
        match rendered(&object, &deployments) {
            Err(RenderError::Malformed { field: found, .. }) => assert_eq!(found, field, "{object}"),
            other => panic!("{object}: {other:?}"),
        }
    }
    let nothing_set =
        upstream(json!({"spec": {"replicas": null, "strategy": null, "template": {"spec": {}}}}));
    let object = rendered(&nothing_set, &deployments).unwrap().object;
    assert_eq!(object["spec"], json!({"template": {"spec": {}}}), "null is no field");
    let system = upstream(json!({"metadata": {"namespace": "kube-system"}}));
    assert!(matches!(rendered(&system, &kind("", "configmaps")), Err(RenderError::Naming(_))));
}
