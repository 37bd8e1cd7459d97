//! Reviews and their answers, which are those of kube-apiserver 1.36.3 to the same questions.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::controlplane::rbac::{Door, Policies, Policy, bootstrap};

mod access;
mod selectors;

/// A logical cluster as it is made, with a binding to a role that does not exist.
struct Fresh;

impl Policies for Fresh {
    fn policy(&self, cluster: &str) -> Option<Arc<Policy>> {
        let mut policy = Policy::default();
        for (kind, object) in bootstrap::objects(Door::Open) {
            policy.put(kind, &object).unwrap();
        }
        let dangling = json!({
            "metadata": {"name": "dangling"},
            "roleRef": {"kind": "ClusterRole", "name": "gone"},
            "subjects": [{"kind": "User", "name": "unlucky"}],
        });
        policy.put(crate::controlplane::rbac::Kind::ClusterRoleBinding, &dangling).unwrap();
        (cluster == "root").then(|| Arc::new(policy))
    }
}

struct OneToken;

impl Tokens for OneToken {
    fn user(&self, token: &str) -> Option<User> {
        (token == "jane").then(jane)
    }
}

fn jane() -> User {
    let groups = ["devs", "ops", "system:authenticated"].map(str::to_owned).to_vec();
    User { name: "jane".to_owned(), uid: "uid-jane".to_owned(), groups, ..User::default() }
}

fn services() -> Services {
    Services {
        authorizer: Arc::new(RbacAuthorizer::new(Arc::new(Fresh), Door::Open)),
        tokens: Arc::new(OneToken),
        audiences: vec!["https://kubernetes.default.svc".to_owned()],
    }
}

fn ask_in(review: Review, cluster: &str, user: User, body: &Value) -> Result<Value, ApiError> {
    let asked = Asked { user: &Arc::new(user), scope: &Scope::Id(cluster.into()) };
    review.answer(body, asked, &services())
}

fn ask(review: Review, body: Value) -> Result<Value, ApiError> {
    ask_in(review, "root", jane(), &body)
}

/// Of an error: code and message.
fn refusal(answer: Result<Value, ApiError>) -> (u16, String) {
    let error = answer.unwrap_err();
    (error.code.as_u16(), error.message)
}

#[test]
fn tokens() {
    let user =
        json!({"username": "jane", "uid": "uid-jane", "groups": ["devs", "ops", "system:authenticated"]});
    let known = |audiences: &[&str]| json!({"authenticated": true, "user": user, "audiences": audiences});
    let unknown = json!({"user": {}, "error": "invalid bearer token"});
    let own = "https://kubernetes.default.svc";
    for (spec, status) in [
        (json!({"token": "jane"}), known(&[own])),
        (json!({"token": "jane", "audiences": null}), known(&[own])),
        (json!({"token": "jane", "audiences": ["a", own]}), known(&[own])),
        (json!({"token": "jane", "audiences": ["a"]}), unknown.clone()),
        (json!({"token": "nope"}), unknown),
    ] {
        let answer = ask(Review::Token, json!({"metadata": {"name": "x"}, "spec": spec})).unwrap();
        let expected = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "metadata": {"name": "x"}, "spec": spec, "status": status,
        });
        assert_eq!(answer, expected);
    }
    let required = (400, "token is required for TokenReview in authentication".to_owned());
    assert_eq!(refusal(ask(Review::Token, json!({"spec": {}}))), required);
    assert_eq!(refusal(ask(Review::Token, json!({}))), required);
    let (code, message) = refusal(ask(Review::Token, json!({"spec": {"token": 3}})));
    assert!(
        code == 400 && message.starts_with("TokenReview in version \"v1\" cannot be handled"),
        "{message}"
    );
}

#[test]
fn a_server_without_audiences_takes_tokens_for_none() {
    let services = Services { audiences: Vec::new(), ..services() };
    let asked = Asked { user: &Arc::new(jane()), scope: &Scope::Id("root".into()) };
    let status = |spec: Value| {
        Review::Token.answer(&json!({"spec": spec}), asked, &services).unwrap()["status"].take()
    };
    assert_eq!(status(json!({"token": "jane"}))["authenticated"], true);
    assert_eq!(status(json!({"token": "jane"})).get("audiences"), None);
    assert_eq!(status(json!({"token": "jane", "audiences": ["a"]}))["error"], "invalid bearer token");
}

#[test]
fn who_am_i() {
    let mut user = jane();
    user.extra.insert("scopes".to_owned(), vec!["a".to_owned()]);
    let mut answer = ask_in(Review::SelfSubject, "root", user, &json!({"metadata": {"name": "x"}})).unwrap();
    let created = answer["metadata"]["creationTimestamp"].take();
    assert!(created.as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    let user = json!({
        "username": "jane", "uid": "uid-jane", "groups": ["devs", "ops", "system:authenticated"],
        "extra": {"scopes": ["a"]},
    });
    let expected = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview",
        "metadata": {"creationTimestamp": null}, "status": {"userInfo": user},
    });
    assert_eq!(answer, expected);
}

#[test]
fn what_may_i() {
    let answer =
        ask(Review::SelfSubjectRules, json!({"metadata": {"name": "x"}, "spec": {"namespace": "default"}}));
    let urls = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
    let discovery = [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
    ];
    let expected = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "metadata": {}, "spec": {},
        "status": {
            "resourceRules": [
                {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
                 "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]},
                {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
            ],
            "nonResourceRules": [
                {"verbs": ["get"], "nonResourceURLs": discovery},
                {"verbs": ["get"], "nonResourceURLs": urls},
            ],
            "incomplete": false,
        },
    });
    assert_eq!(answer, Ok(expected));
    let unlucky = User { name: "unlucky".to_owned(), ..User::default() };
    let answer =
        ask_in(Review::SelfSubjectRules, "root", unlucky, &json!({"spec": {"namespace": "n"}})).unwrap();
    let expected = json!({
        "resourceRules": [], "nonResourceRules": [], "incomplete": false,
        "evaluationError": "clusterrole.rbac.authorization.k8s.io \"gone\" not found",
    });
    assert_eq!(answer["status"], expected);
    let refused = (400, "no namespace on request".to_owned());
    assert_eq!(refusal(ask(Review::SelfSubjectRules, json!({"spec": {}}))), refused);
}

#[test]
fn how_discovery_shows_them() {
    for (review, resource, group, namespaced) in [
        (Review::Token, "tokenreviews", "authentication.k8s.io", false),
        (Review::SelfSubject, "selfsubjectreviews", "authentication.k8s.io", false),
        (Review::SubjectAccess, "subjectaccessreviews", "authorization.k8s.io", false),
        (Review::LocalSubjectAccess, "localsubjectaccessreviews", "authorization.k8s.io", true),
        (Review::SelfSubjectAccess, "selfsubjectaccessreviews", "authorization.k8s.io", false),
        (Review::SelfSubjectRules, "selfsubjectrulesreviews", "authorization.k8s.io", false),
    ] {
        let info = review.info();
        assert_eq!((&*info.resource, &*info.group, info.namespaced), (resource, group, namespaced));
        assert_eq!((&*info.verbs, format!("{}s", info.singular).as_str()), (&["create"][..], resource));
    }
}
