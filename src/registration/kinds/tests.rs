//! Paths as kube-apiserver has them.

use super::*;

#[test]
fn paths() {
    assert_eq!(NAMESPACE.path("", "a"), "/api/v1/namespaces/a");
    assert_eq!(SECRET.path("ns", "a-b"), "/api/v1/namespaces/ns/secrets/a-b");
    assert_eq!(
        API_SERVICE.path("", "v1alpha1.views.workload.kcp.io"),
        "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.views.workload.kcp.io"
    );
    let binding = CLUSTER_ROLE_BINDING.path("", "tmc-server:system:auth-delegator");
    assert!(binding.ends_with("/clusterrolebindings/tmc-server%3Asystem%3Aauth-delegator"));
    assert_eq!(ROLE.resource(), "roles.rbac.authorization.k8s.io");
    assert_eq!(SECRET.resource(), "secrets");
}

#[test]
fn kinds_are_found_by_both_words() {
    let role = serde_json::json!({"apiVersion": RBAC, "kind": "Role"});
    assert_eq!(Kind::of(&role), Some(ROLE));
    let stranger = serde_json::json!({"apiVersion": "v1", "kind": "Role"});
    assert_eq!(Kind::of(&stranger), None);
}
