//! Requests as they are written, and what refusals say.

use http::{HeaderMap, StatusCode};

use super::{remote::status, *};

fn deployments() -> Kind {
    Kind {
        group: "apps".into(),
        version: "v1".into(),
        resource: "deployments".into(),
        kind: "Deployment".into(),
        namespaced: true,
    }
}

#[test]
fn requests_are_those_of_the_api() {
    let kind = deployments();
    let options = ApplyOptions { force: true, dry_run: true };
    let apply = Call::apply(&kind, "a", "b", "kcp-syncer/x", options, json!({}));
    assert_eq!(
        apply.path,
        "/apis/apps/v1/namespaces/a/deployments/b?fieldManager=kcp-syncer/x&fieldValidation=Ignore&force=true&dryRun=All"
    );
    assert_eq!(Call::list(&kind, "a", 3).path, "/apis/apps/v1/namespaces/a/deployments?limit=3");
    let delete = Call::delete(&kind, "a", "b", "u", "7");
    assert_eq!(delete.body["preconditions"], json!({"uid": "u", "resourceVersion": "7"}));
    assert_eq!(delete.body["propagationPolicy"], "Background");
}

#[test]
fn a_call_is_shown_without_what_it_sends() {
    let call = Call::merge(&deployments(), "a", "b", "m", json!({"data": {"k": "hunter2"}}));
    assert!(!format!("{call:?}").contains("hunter2"));
}

#[test]
fn only_the_servers_own_404_denies_an_object() {
    let kind = deployments();
    let of = |body: &str| status(StatusCode::NOT_FOUND, &HeaderMap::new(), body.as_bytes());
    let own = of(r#"{"kind":"Status","reason":"NotFound","message":"deployments.apps \"a\" not found",
        "details":{"name":"a","group":"apps","kind":"deployments"},"code":404}"#);
    assert!(own.denies(&kind, "a"));
    assert!(!own.denies(&kind, "b"));
    assert!(!of("404 page not found\n").denies(&kind, "a"));
    assert!(!of(r#"{"reason":"NotFound","details":{"name":"a"}}"#).denies(&kind, "a"));
    let namespace = of(r#"{"reason":"NotFound","details":{"name":"a","kind":"namespaces"}}"#);
    assert!(!namespace.denies(&kind, "a"));
    assert!(namespace.denies_namespace("a"));
    assert!(!ApiError::status(403, "Forbidden", "").denies(&kind, "a"));
    let gone = status(StatusCode::GONE, &HeaderMap::new(), b"{}");
    assert!(!gone.denies(&kind, "a"));
}

#[test]
fn a_refusal_keeps_its_causes_and_how_long_to_wait() {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", "7".parse().unwrap());
    let body = br#"{"reason":"Conflict","message":"m","details":{"causes":[
        {"reason":"FieldManagerConflict","message":"conflict with \"hand\" using v1","field":".spec.replicas"}]}}"#;
    let ApiError::Status { retry_after, details, .. } = status(StatusCode::CONFLICT, &headers, body) else {
        panic!("a status")
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    assert_eq!(details.causes[0].field, ".spec.replicas");
}

#[test]
fn in_short_an_error_quotes_nobody() {
    let error = ApiError::status(422, "Invalid", "data: Invalid value: \"hunter2\"");
    assert_eq!(error.brief(), "the API answered 422 Invalid");
}
