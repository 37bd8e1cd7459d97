//! What a refused request tells who installs.

use super::*;
use crate::registration::fake::FakeApi;

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

fn available(status: &str, reason: &str) -> Value {
    json!({"type": "Available", "status": status, "reason": reason, "message": ""})
}

/// A cluster in which a server answers and every applied APIService becomes Available.
async fn cluster() -> FakeApi {
    let api = FakeApi::start().await;
    api.state.lock().available = Some(available("True", "Passed"));
    api.put(DISCOVERY, json!({"kind": "APIResourceList"}));
    api
}

async fn register(api: &FakeApi, installation: Installation, force: bool) -> (Result<(), String>, String) {
    let mut said = String::new();
    let mut say = |line: &str| said.push_str(&format!("{line}\n"));
    let mut apply = Apply { upstream: &api.upstream, timeout: Duration::ZERO, force, say: &mut say };
    let outcome = apply.register(installation, crate::api::crds::definitions()).await;
    (outcome.map_err(|error| error.to_string()), said)
}

fn path_of(kind: Kind, namespace: &str, name: &str) -> String {
    kind.path(namespace, name)
}

#[tokio::test]
async fn everything_is_applied_in_order_and_trusted() {
    let api = cluster().await;
    let (outcome, said) = register(&api, Installation::default(), false).await;
    assert_eq!(outcome, Ok(()), "{said}");
    let order: Vec<_> = api.written();
    let position = |part: &str| order.iter().position(|write| write.contains(part)).expect(part);
    let expected = [
        "/namespaces/tmc-system",
        "customresourcedefinitions",
        "/roles/",
        "/services/",
        "/secrets/",
        "/apiservices/",
    ];
    assert!(expected.map(position).is_sorted(), "{order:?}");
    let secret = api.object(&path_of(kinds::SECRET, "tmc-system", rules::SERVING_CA_SECRET));
    let api_service = api.object(&path_of(kinds::API_SERVICE, "", rules::API_SERVICE));
    assert_eq!(api_service["spec"]["caBundle"], secret["data"]["ca.crt"]);
    assert!(!secret["data"]["ca.key"].is_null());
}

#[tokio::test]
async fn a_second_time_keeps_the_ca() {
    let api = cluster().await;
    register(&api, Installation::default(), false).await.0.unwrap();
    let path = path_of(kinds::SECRET, "tmc-system", rules::SERVING_CA_SECRET);
    let before = api.object(&path)["data"].clone();
    register(&api, Installation::default(), false).await.0.unwrap();
    assert_eq!(api.object(&path)["data"], before);
}

#[tokio::test]
async fn given_files_make_no_secret() {
    let api = cluster().await;
    let installation = Installation {
        serving_ca: ServingCa::File,
        ca_bundle: "bundle".to_owned(),
        ..Installation::default()
    };
    register(&api, installation, false).await.0.unwrap();
    assert!(api.written().iter().all(|write| !write.contains("/secrets/")));
    let api_service = api.object(&path_of(kinds::API_SERVICE, "", rules::API_SERVICE));
    assert_eq!(api_service["spec"]["caBundle"], "YnVuZGxl");
}

#[tokio::test]
async fn other_flags_take_back_what_the_earlier_ones_made() {
    let api = cluster().await;
    register(&api, Installation::default(), false).await.0.unwrap();
    let other = Installation {
        serving_ca: ServingCa::File,
        ca_bundle: "bundle".to_owned(),
        door: false,
        ..Installation::default()
    };
    register(&api, other, false).await.0.unwrap();
    let left: Vec<_> = api.state.lock().objects.keys().cloned().collect();
    for gone in ["tmc-views-door", "/secrets/", "tmc-server-serving-ca", "tmc-server-apiservice"] {
        assert!(left.iter().all(|path| !path.contains(gone)), "{gone}: {left:?}");
    }
    for kept in ["tmc-views-reader", "/services/tmc", "tmc-server-leases"] {
        assert!(left.iter().any(|path| path.contains(kept)), "{kept}: {left:?}");
    }
}

#[tokio::test]
async fn an_api_service_of_another_server_is_taken_only_by_force() {
    let api = cluster().await;
    let path = path_of(kinds::API_SERVICE, "", rules::API_SERVICE);
    api.put(
        &path,
        json!({"kind": "APIService", "spec": {"service": {"namespace": "other", "name": "views"}}}),
    );
    let error = register(&api, Installation::default(), false).await.0.unwrap_err();
    assert!(
        error.contains("Service other/views, not to tmc-system/tmc") && error.contains("--force"),
        "{error}"
    );
    assert!(api.written().is_empty());
    register(&api, Installation::default(), true).await.0.unwrap();
    assert_eq!(api.object(&path)["spec"]["service"]["name"], "tmc");
}

#[tokio::test]
async fn a_service_that_somebody_else_made_is_used_if_it_has_the_port() {
    let path = path_of(kinds::SERVICE, "tmc-system", "tmc");
    let theirs = |port: u16| json!({"spec": {"selector": {"theirs": "yes"}, "ports": [{"port": port}]}});
    let api = cluster().await;
    api.put(&path, theirs(443));
    let (outcome, said) = register(&api, Installation::default(), false).await;
    assert_eq!(outcome, Ok(()));
    assert!(said.contains("using services tmc-system/tmc as it is"), "{said}");
    assert_eq!(api.object(&path), theirs(443));

    api.put(&path, theirs(8443));
    let error = register(&api, Installation::default(), false).await.0.unwrap_err();
    assert!(error.contains("has no port 443") && error.contains("--service"), "{error}");
}

#[tokio::test]
async fn while_it_waits_it_says_why() {
    let api = cluster().await;
    api.state.lock().available = Some(available("False", "MissingEndpoints"));
    let (outcome, said) = register(&api, Installation::default(), false).await;
    let error = outcome.unwrap_err();
    assert!(error.contains("MissingEndpoints") && error.contains("tmc doctor"), "{error}");
    assert!(said.contains("not Available yet: MissingEndpoints (no ready Pod"), "{said}");
}

#[tokio::test]
async fn available_but_without_an_answer_is_not_done() {
    let api = cluster().await;
    api.state.lock().objects.remove(DISCOVERY);
    let error = register(&api, Installation::default(), false).await.0.unwrap_err();
    assert!(error.contains(DISCOVERY) && error.contains("404"), "{error}");
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let api = cluster().await;
    api.state.lock().denied.push((Method::PATCH, "/apis/rbac.authorization.k8s.io/v1/clusterroles"));
    let error = register(&api, Installation::default(), false).await.0.unwrap_err();
    for part in ["cannot apply clusterroles.rbac.authorization.k8s.io tmc-server", "lacks a permission"] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn unregister_takes_back_what_register_made_and_keeps_the_rest() {
    let api = cluster().await;
    register(&api, Installation::default(), false).await.0.unwrap();
    let theirs = path_of(kinds::CLUSTER_ROLE, "", rules::READER);
    api.state.lock().objects.get_mut(&theirs).unwrap()["metadata"]["labels"] = json!({});
    let service = installed_service(&api.upstream).await.unwrap().unwrap();
    assert_eq!(service, ServiceReference::default());
    let mut said = String::new();
    let mut removal = Removal { service, crds: Vec::new(), namespace: false };
    remove(&api.upstream, &removal, &mut |line| said.push_str(line)).await.unwrap();
    assert!(said.contains("kept clusterroles.rbac.authorization.k8s.io tmc-views-reader"), "{said}");
    let left: Vec<_> = api.state.lock().objects.keys().cloned().collect();
    assert_eq!(left.len(), 5, "namespace, two CRDs, their role, discovery: {left:?}");
    (removal.crds, removal.namespace) = (crate::api::crds::definitions(), true);
    remove(&api.upstream, &removal, &mut |_| {}).await.unwrap();
    let left: Vec<_> = api.state.lock().objects.keys().cloned().collect();
    assert_eq!(left, [theirs, DISCOVERY.to_owned()]);
}
