//! The documents exactly as they are sent, and who gets which.

use std::sync::LazyLock;

use axum::body::to_bytes;
use serde_json::{Value, json};

use super::*;
use crate::apiserver::resource::READ_VERBS;

static THINGS: LazyLock<Arc<ResourceInfo>> = LazyLock::new(|| {
    Arc::new(ResourceInfo {
        group: "views.example.io".into(),
        version: "v1alpha1".into(),
        resource: "things".into(),
        singular: "thing".into(),
        kind: "Thing".into(),
        list_kind: "ThingList".into(),
        short_names: vec!["th".into()],
        categories: vec!["all-things".into()],
        namespaced: false,
        verbs: READ_VERBS.into(),
        reader_role: "thing-reader",
        columns: Vec::new().into(),
        subresources: Vec::new(),
        warning: None,
    })
});

/// What kubectl, and kube-aggregator, send.
const KUBECTL: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
const AGGREGATOR: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

fn accept(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !value.is_empty() {
        headers.insert(header::ACCEPT, value.parse().unwrap());
    }
    headers
}

fn answer(path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    Discovery::new(std::slice::from_ref(&THINGS)).answer(path, headers).unwrap()
}

async fn json_of(path: &str, accepted: &str) -> (String, Value) {
    let response = answer(path, &accept(accepted)).unwrap();
    let content_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let body = to_bytes(response.into_body(), 65536).await.unwrap();
    (content_type, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn legacy_documents() {
    let group = json!({
        "name": "views.example.io",
        "versions": [{"groupVersion": "views.example.io/v1alpha1", "version": "v1alpha1"}],
        "preferredVersion": {"groupVersion": "views.example.io/v1alpha1", "version": "v1alpha1"},
    });
    let list = json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]});
    for accepted in ["", "*/*", "application/json", "application/vnd.kubernetes.protobuf, application/json"] {
        assert_eq!(
            json_of("/apis", accepted).await,
            ("application/json".to_owned(), list.clone()),
            "{accepted}"
        );
    }
    let (_, one) = json_of("/apis/views.example.io", "").await;
    assert_eq!(one["kind"], "APIGroup");
    assert_eq!(one["apiVersion"], "v1");
    assert_eq!(one["preferredVersion"], group["preferredVersion"]);

    let resources = json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": "views.example.io/v1alpha1",
        "resources": [{
            "name": "things", "singularName": "thing", "namespaced": false, "kind": "Thing",
            "verbs": ["get", "list", "watch"], "shortNames": ["th"], "categories": ["all-things"],
            "storageVersionHash": "xPfIJq4VZ9M=",
        }],
    });
    for path in ["/apis/views.example.io/v1alpha1", "/apis/views.example.io/v1alpha1/"] {
        assert_eq!(json_of(path, "").await, ("application/json".to_owned(), resources.clone()));
    }
}

#[tokio::test]
async fn aggregated_documents() {
    let expected = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [{
            "metadata": {"name": "views.example.io", "creationTimestamp": null},
            "versions": [{
                "version": "v1alpha1",
                "freshness": "Current",
                "resources": [{
                    "resource": "things",
                    "responseKind": {"group": "views.example.io", "version": "v1alpha1", "kind": "Thing"},
                    "scope": "Cluster",
                    "singularResource": "thing",
                    "verbs": ["get", "list", "watch"],
                    "shortNames": ["th"],
                    "categories": ["all-things"],
                }],
            }],
        }],
    });
    for accepted in [KUBECTL, AGGREGATOR] {
        assert_eq!(json_of("/apis", accepted).await, (AGGREGATED.to_owned(), expected.clone()));
    }
    let (content_type, core) = json_of("/api", KUBECTL).await;
    assert_eq!(content_type, AGGREGATED);
    assert_eq!(core["items"], json!([]));
}

#[test]
fn refusals() {
    assert_eq!(answer("/api", &accept("application/json")).unwrap_err().code, 404);
    for path in ["/apis", "/apis/views.example.io"] {
        assert_eq!(answer(path, &accept("application/vnd.kubernetes.protobuf")).unwrap_err().code, 406);
    }
    let beta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
    assert_eq!(answer("/apis", &accept(beta)).unwrap_err().code, 406);
    assert!(Discovery::new(std::slice::from_ref(&THINGS)).answer("/apis/other", &HeaderMap::new()).is_none());
}

#[test]
fn a_known_etag_is_answered_without_a_body() {
    let mut headers = accept(KUBECTL);
    let first = answer("/apis", &headers).unwrap();
    assert_eq!(first.headers()[header::VARY], "Accept");
    assert_eq!(first.headers()[header::CACHE_CONTROL], "public");
    headers.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
    assert_eq!(answer("/apis", &headers).unwrap().status(), 304);
    headers.insert(header::IF_NONE_MATCH, "\"other\"".parse().unwrap());
    assert_eq!(answer("/apis", &headers).unwrap().status(), 200);
}

#[test]
fn quality_orders_the_clauses() {
    let of = |accepted: &str| choose(&accept(accepted), &[JSON, AGGREGATED]);
    assert_eq!(of(&format!("application/json;q=0.5,{AGGREGATED};q=0.9")), Some(AGGREGATED));
    assert_eq!(of(&format!("{AGGREGATED};profile=nopeer")), Some(AGGREGATED));
    assert_eq!(of("application/json;q=0"), None);
    assert_eq!(of("text/html, application/*;q=0.8"), Some(JSON));
}
