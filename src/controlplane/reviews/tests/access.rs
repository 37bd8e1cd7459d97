//! SubjectAccessReviews.

use super::*;

fn status(spec: Value) -> Value {
    ask(Review::SubjectAccess, json!({"spec": spec})).unwrap()["status"].take()
}

#[test]
fn may_somebody() {
    let pods = json!({"verb": "get", "resource": "pods"});
    let apis = json!({"verb": "get", "path": "/apis"});
    for (spec, expected) in [
        (json!({"user": "jane", "resourceAttributes": pods}), json!({"allowed": false})),
        (
            json!({"user": "jane", "groups": ["system:masters"], "resourceAttributes": pods}),
            json!({"allowed": true}),
        ),
        (json!({"groups": ["system:masters"], "resourceAttributes": pods}), json!({"allowed": true})),
        (
            json!({"user": "jane", "groups": ["system:authenticated"], "nonResourceAttributes": apis}),
            json!({"allowed": true, "reason":
                "RBAC: allowed by ClusterRoleBinding \"system:discovery\" of ClusterRole \"system:discovery\" to Group \"system:authenticated\""}),
        ),
        (
            json!({"user": "unlucky", "resourceAttributes": pods}),
            json!({"allowed": false, "reason": "RBAC: clusterrole.rbac.authorization.k8s.io \"gone\" not found"}),
        ),
        (
            json!({"user": "x", "extra": {"authentication.kcp.io/scopes": ["cluster:other"]},
                   "groups": ["system:masters"], "resourceAttributes": pods}),
            json!({"allowed": false}),
        ),
    ] {
        assert_eq!(status(spec.clone()), expected, "{spec}");
    }
}

#[test]
fn a_workspace_that_is_not_there_denies() {
    let body = json!({"spec": {"user": "x", "resourceAttributes": {"verb": "get", "resource": "pods"}}});
    let answer = ask_in(Review::SubjectAccess, "gone", jane(), &body).unwrap();
    assert_eq!(
        answer["status"],
        json!({"allowed": false, "denied": true, "reason": "workspace access not permitted"})
    );
}

#[test]
fn the_question_is_repeated() {
    let body = json!({
        "metadata": {"managedFields": [{"manager": "curl"}]},
        "spec": {"user": "jane", "uid": "1", "resourceAttributes": {"verb": "get", "resource": "pods"}},
    });
    let answer = ask(Review::SubjectAccess, body.clone()).unwrap();
    let expected = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "metadata": body["metadata"],
        "spec": body["spec"], "status": {"allowed": false},
    });
    assert_eq!(answer, expected);
}

#[test]
fn may_i() {
    let own = json!({"verb": "create", "group": "authentication.k8s.io", "resource": "selfsubjectreviews"});
    let answer = ask(Review::SelfSubjectAccess, json!({"spec": {"resourceAttributes": own}})).unwrap();
    assert_eq!(answer["status"]["allowed"], true);
    // Whoever else is named, it is about the caller.
    let body = json!({"spec": {"groups": ["system:masters"], "resourceAttributes": {"verb": "get", "resource": "pods"}}});
    assert_eq!(ask(Review::SelfSubjectAccess, body).unwrap()["status"], json!({"allowed": false}));
}

const NEITHER: &str = "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified";
const NOBODY: &str = "spec.user: Invalid value: \"\": at least one of user or group must be specified";
const BOTH: &str = "spec.nonResourceAttributes: Invalid value: {\"Path\":\"\",\"Verb\":\"get\"}: cannot be specified in combination with resourceAttributes";

#[test]
fn what_cannot_be_asked() {
    let invalid = |faults: &str| (422, format!(".authorization.k8s.io \"\" is invalid: {faults}"));
    let pods = json!({"verb": "get", "resource": "pods"});
    let path = json!({"verb": "get", "path": "default"});
    let local = |metadata: Value, spec: Value| {
        (Review::LocalSubjectAccess, json!({"metadata": metadata, "spec": spec}))
    };
    for ((review, body), faults) in [
        ((Review::SubjectAccess, json!({"spec": {}})), format!("[{NEITHER}, {NOBODY}]")),
        ((Review::SubjectAccess, json!({})), format!("[{NEITHER}, {NOBODY}]")),
        ((Review::SelfSubjectAccess, json!({"spec": {}})), NEITHER.to_owned()),
        (
            (Review::SubjectAccess, json!({"spec": {
                "user": "a", "resourceAttributes": {}, "nonResourceAttributes": {"verb": "get"}}})),
            BOTH.to_owned(),
        ),
        (
            (Review::SubjectAccess, json!({
                "metadata": {"name": "x", "labels": {}}, "spec": {"user": "a", "resourceAttributes": pods}})),
            "metadata: Invalid value: {\"labels\":{},\"name\":\"x\"}: must be empty".to_owned(),
        ),
        (
            local(json!({"namespace": "n"}), json!({"user": "a", "resourceAttributes": pods})),
            "spec.resourceAttributes.namespace: Invalid value: \"\": must match metadata.namespace".to_owned(),
        ),
        (
            local(json!({"namespace": "n", "name": "x"}), json!({"user": "a", "nonResourceAttributes": path})),
            "[metadata: Invalid value: {\"name\":\"x\",\"namespace\":\"n\"}: must be empty except for namespace, \
             spec.nonResourceAttributes: Invalid value: {\"Path\":\"default\",\"Verb\":\"get\"}: disallowed on this kind of request]"
                .to_owned(),
        ),
    ] {
        assert_eq!(refusal(ask(review, body.clone())), invalid(&faults), "{body}");
    }
    let empty = json!({"metadata": {"labels": {}, "creationTimestamp": null, "managedFields": [{}]},
                       "spec": {"user": "a", "resourceAttributes": pods}});
    assert!(ask(Review::SubjectAccess, empty).is_ok());
    let here = json!({"metadata": {"namespace": "n"},
                      "spec": {"user": "a", "resourceAttributes": {"verb": "get", "namespace": "n"}}});
    assert!(ask(Review::LocalSubjectAccess, here).is_ok());
}

#[test]
fn the_details_of_a_refusal_have_no_kind() {
    let error = ask(Review::SelfSubjectAccess, json!({"spec": {}})).unwrap_err();
    let status: Value = serde_json::from_slice(&error.to_json()).unwrap();
    let cause = json!({"reason": "FieldValueInvalid", "field": "spec.resourceAttributes", "message":
        "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"});
    assert_eq!(status["details"], json!({"group": "authorization.k8s.io", "causes": [cause]}));
}
