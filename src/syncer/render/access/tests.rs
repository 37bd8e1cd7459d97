//! Pods find the workspace where they would find their cluster, and what they bring along stays.

use serde_json::json;

use super::*;
use crate::syncer::render::{
    RenderContext, Rendered, render,
    tests::{identity, kind, upstream},
};

fn access() -> Access {
    Access { host: "kcp.example.com".to_owned(), port: 6443 }
}

fn rendered(upstream: &Value, kind: &Kind, token: &str) -> Result<Rendered, RenderError> {
    let (identity, hash_key, access) = (identity(), crate::syncer::render::HashKey::new(b"key"), access());
    let granted = Some(Granted { access: &access, token });
    let context =
        RenderContext { identity: &identity, kind, hash_key: &hash_key, transforms: &[], access: granted };
    render(upstream, &context)
}

fn deployment(pod: Value) -> Value {
    upstream(json!({"spec": {"template": {"spec": pod}}}))
}

fn pod_of(rendered: &Rendered) -> &Value {
    rendered.object.pointer("/spec/template/spec").unwrap()
}

#[test]
fn pods_find_the_workspace_where_they_would_find_their_cluster() {
    let object = deployment(json!({"containers": [{"name": "web", "image": "web:1"}]}));
    let rendered = rendered(&object, &kind("apps", "deployments"), "default-token-x").unwrap();
    let expected = json!({
        "automountServiceAccountToken": false,
        "containers": [{
            "name": "web", "image": "web:1",
            "env": [
                {"name": "KUBERNETES_SERVICE_HOST", "value": "kcp.example.com"},
                {"name": "KUBERNETES_SERVICE_PORT", "value": "6443"},
                {"name": "KUBERNETES_SERVICE_PORT_HTTPS", "value": "6443"},
            ],
            "volumeMounts": [{"name": "kcp-api-access", "readOnly": true,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
        }],
        "volumes": [{"name": "kcp-api-access", "projected": {"defaultMode": 420, "sources": [
            {"secret": {"name": "kcp-default-token-x", "items": [
                {"key": "token", "path": "token"}, {"key": "namespace", "path": "namespace"}]}},
            {"configMap": {"name": "kcp-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        ]}}],
    });
    assert_eq!(pod_of(&rendered), &expected, "the names are those on the cluster");
}

#[test]
fn every_container_is_given_access() {
    let one = |name: &str| json!([{"name": name}]);
    let pod = json!({"containers": one("a"), "initContainers": one("b"), "ephemeralContainers": one("c")});
    let job = upstream(json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}}));
    let rendered = rendered(&job, &kind("batch", "cronjobs"), "t").unwrap();
    let pod = rendered.object.pointer("/spec/jobTemplate/spec/template/spec").unwrap();
    for containers in CONTAINERS {
        assert_eq!(pod[containers][0]["volumeMounts"][0]["name"], VOLUME, "{containers}");
        assert_eq!(pod[containers][0]["env"].as_array().unwrap().len(), 3, "{containers}");
    }
    assert_eq!(pod["volumes"].as_array().unwrap().len(), 1);
}

#[test]
fn variables_that_lead_to_the_cluster_lead_to_the_workspace() {
    let field = |path: &str| json!({"fieldRef": {"apiVersion": "v1", "fieldPath": path}});
    let object = deployment(json!({"containers": [{"name": "web", "env": [
        {"name": "URL", "value": "https://$(KUBERNETES_SERVICE_HOST)"},
        {"name": "KUBERNETES_SERVICE_HOST", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}},
        {"name": "KUBERNETES_SERVICE_PORT", "value": "1"},
        {"name": "NAMESPACE", "valueFrom": field("metadata.namespace")},
        {"name": "NODE", "valueFrom": field("spec.nodeName")},
    ]}]}));
    let rendered = rendered(&object, &kind("apps", "deployments"), "t").unwrap();
    let expected = json!([
        {"name": "KUBERNETES_SERVICE_HOST", "value": "kcp.example.com"},
        {"name": "KUBERNETES_SERVICE_PORT", "value": "6443"},
        {"name": "KUBERNETES_SERVICE_PORT_HTTPS", "value": "6443"},
        {"name": "URL", "value": "https://$(KUBERNETES_SERVICE_HOST)"},
        {"name": "NAMESPACE", "value": "shop"},
        {"name": "NODE", "valueFrom": field("spec.nodeName")},
    ]);
    assert_eq!(pod_of(&rendered)["containers"][0]["env"], expected, "no value beside a valueFrom");
}

#[test]
fn a_mount_that_a_container_has_there_stays() {
    let own = json!({"name": "own", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount/"});
    let keeping = json!({"name": "keeping", "volumeMounts": [own]});
    let deployments = kind("apps", "deployments");
    let object =
        deployment(json!({"containers": [keeping, {"name": "other"}], "volumes": [{"name": "own"}]}));
    assert_eq!(kept_mounts(&object, &deployments), ["keeping"]);
    let both = rendered(&object, &deployments, "t").unwrap();
    let pod = pod_of(&both);
    assert_eq!(pod["containers"][0]["volumeMounts"], json!([own]));
    assert_eq!(pod["containers"][1]["volumeMounts"][0]["name"], VOLUME);
    assert_eq!(pod["volumes"].as_array().unwrap().len(), 2);
    let alone = rendered(&deployment(json!({"containers": [keeping]})), &deployments, "t").unwrap();
    assert_eq!(pod_of(&alone)["volumes"], Value::Null, "nobody mounts it");
}

#[test]
fn a_volume_of_the_same_name_is_an_error() {
    let object = deployment(json!({"containers": [{"name": "a"}], "volumes": [{"name": VOLUME}]}));
    let error = rendered(&object, &kind("apps", "deployments"), "t").unwrap_err().to_string();
    assert!(error.contains("rename it"), "{error}");
    let object = deployment(json!({"containers": [{"name": "a"}], "volumes": {}}));
    let error = rendered(&object, &kind("apps", "deployments"), "t").unwrap_err().to_string();
    assert!(error.ends_with("must be a list"), "{error}");
}

#[test]
fn what_has_no_pods_or_wants_no_token_needs_none() {
    let deployments = kind("apps", "deployments");
    for (pod, expected) in [
        (json!({}), Some("default")),
        (json!({"serviceAccountName": ""}), Some("default")),
        (json!({"serviceAccount": "old"}), Some("old")),
        (json!({"serviceAccountName": "web", "serviceAccount": "web"}), Some("web")),
        (json!({"automountServiceAccountToken": true}), Some("default")),
        (json!({"serviceAccountName": "web", "automountServiceAccountToken": false}), None),
    ] {
        assert_eq!(account(&deployment(pod.clone()), &deployments), expected, "{pod}");
    }
    assert_eq!(account(&upstream(json!({"spec": {}})), &deployments), None, "it has no template");
    assert_eq!(account(&deployment(json!({})), &kind("", "configmaps")), None);
    let service = upstream(json!({"spec": {"ports": []}}));
    let rendered = rendered(&service, &kind("", "services"), "t").unwrap();
    assert_eq!(rendered.object["spec"], json!({"ports": []}));
}

#[test]
fn the_url_of_an_api_gives_host_and_port() {
    for (server, host, port) in [
        ("https://kcp.example.com:6443", "kcp.example.com", 6443),
        ("https://kcp.example.com/clusters/root:shop", "kcp.example.com", 443),
        ("https://[fd00::1]:6443", "fd00::1", 6443),
        ("https://10.0.0.1:443/", "10.0.0.1", 443),
    ] {
        assert_eq!(Access::at(server), Ok(Access { host: host.to_owned(), port }), "{server}");
    }
    for wrong in ["", "kcp.example.com", "http://kcp.example.com", "https://", "kcp:6443", "https://a b"] {
        assert!(Access::at(wrong).unwrap_err().contains("https://kcp.example.com:6443"), "{wrong}");
    }
}
