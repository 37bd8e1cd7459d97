//! What a refused request tells who installs.

use super::*;

fn refused(code: StatusCode, kind: Kind) -> String {
    let error =
        UpstreamError::Status { code, reason: String::new(), message: "no".to_owned(), retry_after: None };
    failed("apply", kind, "ns", "tmc", error).to_string()
}

#[test]
fn errors_name_verb_resource_name_and_what_to_do() {
    let forbidden = refused(StatusCode::FORBIDDEN, kinds::ROLE);
    for part in
        ["cannot apply roles.rbac.authorization.k8s.io ns/tmc", "403", "lacks a permission", "--kubeconfig"]
    {
        assert!(forbidden.contains(part), "{forbidden}");
    }
    assert!(refused(StatusCode::NOT_FOUND, kinds::ISSUER).contains("cert-manager, which is not installed"));
    assert!(!refused(StatusCode::NOT_FOUND, kinds::ROLE).contains("cert-manager"));
    assert!(refused(StatusCode::UNAUTHORIZED, kinds::ROLE).contains("log in again"));
}

#[test]
fn ours_is_what_carries_our_label() {
    assert!(ours(&manifests::api_service(&Installation::default())));
    assert!(!ours(&json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}})));
    assert!(!ours(&json!({})));
}

#[test]
fn a_local_api_service_leads_nowhere() {
    assert_eq!(leads_to(&json!({"spec": {}})), None);
    let service = json!({"spec": {"service": {"namespace": "a", "name": "b"}}});
    assert_eq!(leads_to(&service), Some(("a", "b")));
}
