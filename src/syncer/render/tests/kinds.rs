//! What each built-in kind leaves to the cluster.

use serde_json::{Value, json};

use super::{identity, kind, rendered, upstream};
use crate::syncer::{naming, render::RenderError};

fn body(group: &str, resource: &str, object: Value) -> Value {
    let mut object = rendered(&upstream(object), &kind(group, resource)).unwrap().object;
    ["apiVersion", "kind", "metadata"]
        .iter()
        .for_each(|field| drop(object.as_object_mut().unwrap().remove(*field)));
    object
}

#[test]
fn built_in_kinds_leave_to_the_cluster_what_it_allocates() {
    for (group, resource, object, expected) in [
        (
            "",
            "services",
            json!({"spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"],
                "healthCheckNodePort": 3, "type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30000}]}}),
            json!({"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}),
        ),
        (
            "",
            "services",
            json!({"metadata": {"annotations": {"workload.kcp.io/preserve-node-ports": "true"}},
                "spec": {"clusterIP": "None", "clusterIPs": ["None"], "healthCheckNodePort": 3, "ports": [{"port": 80, "nodePort": 30000}]}}),
            json!({"spec": {"clusterIP": "None", "clusterIPs": ["None"], "healthCheckNodePort": 3, "ports": [{"port": 80, "nodePort": 30000}]}}),
        ),
        (
            "batch",
            "jobs",
            json!({"spec": {"selector": {"matchLabels": {"controller-uid": "u"}},
                "template": {"metadata": {"labels": {"app": "x", "job-name": "j", "batch.kubernetes.io/controller-uid": "u"}}, "spec": {}}}}),
            json!({"spec": {"template": {"metadata": {"labels": {"app": "x"}}, "spec": {}}}}),
        ),
        (
            "batch",
            "jobs",
            json!({"spec": {"manualSelector": true, "selector": {"matchLabels": {"job-name": "j"}},
                "template": {"metadata": {"labels": {"job-name": "j"}}, "spec": {}}}}),
            json!({"spec": {"manualSelector": true, "selector": {"matchLabels": {"job-name": "j"}},
                "template": {"metadata": {"labels": {"job-name": "j"}}, "spec": {}}}}),
        ),
        (
            "batch",
            "cronjobs",
            json!({"spec": {"jobTemplate": {"metadata": {"creationTimestamp": ""}, "spec": {"template": {"metadata": {"creationTimestamp": ""}, "spec": {}}}}}}),
            json!({"spec": {"jobTemplate": {"metadata": {}, "spec": {"template": {"metadata": {}, "spec": {}}}}}}),
        ),
        (
            "",
            "persistentvolumeclaims",
            json!({"spec": {"volumeName": "pv", "resources": {}}}),
            json!({"spec": {"resources": {}}}),
        ),
        (
            "apps",
            "statefulsets",
            json!({"spec": {"template": {"spec": {}}, "volumeClaimTemplates": [{"metadata": {"name": "a", "creationTimestamp": ""}, "spec": {}, "status": {}}]}}),
            json!({"spec": {"template": {"spec": {}}, "volumeClaimTemplates": [{"metadata": {"name": "a"}, "spec": {}}]}}),
        ),
        (
            "",
            "serviceaccounts",
            json!({"secrets": [{"name": "web-token-1"}], "imagePullSecrets": [{"name": "default-token-1"}]}),
            json!({"imagePullSecrets": [{"name": "kcp-default-token-1"}]}),
        ),
        ("", "pods", json!({"spec": {"nodeName": "n"}}), json!({"spec": {}})),
        (
            "",
            "secrets",
            json!({"type": "Opaque", "data": {"a": "eA=="}, "stringData": {"a": "y", "b": ""}}),
            json!({"type": "Opaque", "data": {"a": "eQ==", "b": ""}}),
        ),
        (
            "",
            "secrets",
            json!({"type": "kubernetes.io/service-account-token", "data": {"token": "eA=="},
                "metadata": {"annotations": {"kubernetes.io/service-account.name": "a"}}}),
            json!({"type": "Opaque", "data": {"token": "eA=="}}),
        ),
    ] {
        assert_eq!(body(group, resource, object), expected, "{resource}");
    }
}

#[test]
fn what_is_called_otherwise_is_named_otherwise() {
    let pod = json!({
        "volumes": [{"configMap": {"name": "kube-root-ca.crt"}}, {"secret": {"secretName": "default-token-1"}}],
        "containers": [{"envFrom": [{"configMapRef": {"name": "kube-root-ca.crt"}}, {"secretRef": {"name": "own"}}]}],
    });
    let object = body("apps", "deployments", json!({"spec": {"template": {"spec": pod}}}));
    let expected = json!({
        "volumes": [{"configMap": {"name": "kcp-root-ca.crt"}}, {"secret": {"secretName": "kcp-default-token-1"}}],
        "containers": [{"envFrom": [{"configMapRef": {"name": "kcp-root-ca.crt"}}, {"secretRef": {"name": "own"}}]}],
    });
    assert_eq!(object["spec"]["template"]["spec"], expected);
}

#[test]
fn a_volumes_claim_is_where_the_cluster_has_it() {
    let claim = json!({"namespace": "shop", "name": "data", "uid": "u", "resourceVersion": "1"});
    let object = body("", "persistentvolumes", json!({"spec": {"claimRef": claim}}));
    let namespace = naming::downstream_namespace(&identity(), "shop").unwrap();
    assert_eq!(object, json!({"spec": {"claimRef": {"namespace": namespace, "name": "data"}}}));
    let system = upstream(json!({"spec": {"claimRef": {"namespace": "kube-system", "name": "data"}}}));
    assert!(rendered(&system, &kind("", "persistentvolumes")).is_err());
}

#[test]
fn secrets_that_are_none_are_refused_without_telling_what_is_in_them() {
    for object in [
        json!({"stringData": "hunter2"}),
        json!({"stringData": {"a": ["hunter2"]}}),
        json!({"data": "hunter2", "stringData": {}}),
    ] {
        let error = rendered(&upstream(object), &kind("", "secrets")).unwrap_err();
        assert!(matches!(error, RenderError::Malformed { .. }), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
