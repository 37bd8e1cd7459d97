//! Requests to a server with logical clusters: which one, who may enter, and as whom.

use std::sync::Arc;

use async_trait::async_trait;

use super::*;
use crate::apiserver::{
    identity::{Attributes, Decision},
    scope::{NO_ACCESS, Scope, Unresolved},
    status::ApiError,
};

/// `root`, its child `a` with the id `id-a`, and one that cannot be used.
struct Tree;

impl Workspaces for Tree {
    fn resolve(&self, scope: &Scope) -> Result<Scope, Unresolved> {
        let id = match scope {
            Scope::Wildcard => return Ok(Scope::Wildcard),
            Scope::None => "root",
            Scope::Id(id) | Scope::Path(id) => match id.as_ref() {
                "root" => "root",
                "root:a" | "id-a" => "id-a",
                "root:gone" => return Err(Unresolved::Unavailable),
                _ => return Err(Unresolved::Unknown),
            },
        };
        Ok(Scope::Id(id.into()))
    }
}

/// The master may everything; guests may all but impersonate, in `id-a` alone.
struct Guests;

#[async_trait]
impl Authorizer for Guests {
    async fn authorize(&self, attributes: &Attributes) -> Result<Decision, ApiError> {
        let guest = attributes.user.name == "guest" && attributes.scope == Scope::Id("id-a".into());
        if attributes.user.name == "master" || (guest && !attributes.verb.starts_with("impersonate")) {
            return Ok(Decision::Allow);
        }
        Ok(Decision::Deny { reason: format!("{:?}", attributes.scope) })
    }
}

fn service() -> Service {
    let mut server = server(log_of(&["a"], 10), limits());
    server.workspaces = Some(Arc::new(Tree));
    server.authorizer = Arc::new(Guests);
    server.into_service()
}

async fn answer(user: &str, method: &str, uri: &str, headers: &[(&'static str, &str)]) -> (u16, String) {
    let mut asking = request(method, uri, user);
    for (name, value) in headers {
        asking.headers_mut().append(*name, value.parse().unwrap());
    }
    let (code, _, body) = send(&service(), asking).await;
    let status: Value = serde_json::from_str(&body).unwrap_or_default();
    (code, status["message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_path_leads_to_one_logical_cluster() {
    for (user, uri, expected) in [
        ("", "/readyz", 200),
        ("", "/clusters/root/readyz", 401),
        ("", "/clusters/root:nowhere/apis", 401),
        ("guest", "/clusters/root:a/apis", 200),
        ("guest", "/clusters/id-a/apis", 200),
        ("guest", "/clusters/root%3Aa/apis", 200),
        ("guest", "/clusters/root:a{things}/a", 200),
        ("guest", "/clusters/root:a{things}/b", 404),
        ("guest", "/clusters/root/apis", 403),
        ("guest", "/apis", 403),
        ("guest", "/version", 403),
        ("guest", "/clusters/root:b/apis", 403),
        ("guest", "/clusters/root:gone/apis", 503),
        ("guest", "/clusters/*{things}", 403),
        ("master", "/clusters/root:b/apis", 403),
        ("master", "/apis", 200),
        ("master", "{things}/a", 200),
        ("master", "/clusters/%2A{things}", 200),
        ("master", "/clusters/*/apis", 200),
    ] {
        let uri = uri.replace("{things}", COLLECTION);
        assert_eq!(answer(user, "GET", &uri, &[]).await.0, expected, "{user} {uri}");
    }
}

#[tokio::test]
async fn nobody_learns_which_workspaces_exist() {
    let (code, message) = answer("guest", "GET", "/clusters/root:b/apis", &[]).await;
    let expected = format!(r#"forbidden: User "guest" cannot get path "/apis": {NO_ACCESS}"#);
    assert_eq!((code, message), (403, expected));
}

#[tokio::test]
async fn across_all_of_them_one_lists_and_watches() {
    let kind = r#"resources of kind "things.views.example.io" in the `*` logical cluster"#;
    for (method, uri, verb) in [
        ("GET", "{things}/a", "get"),
        ("POST", "{things}", "create"),
        ("DELETE", "{things}", "deletecollection"),
        ("PATCH", "{things}/a", "patch"),
    ] {
        let uri = format!("/clusters/*{}", uri.replace("{things}", COLLECTION));
        let expected = (405, format!("{verb} is not supported on {kind}"));
        assert_eq!(answer("master", method, &uri, &[]).await, expected);
        assert_eq!(answer("guest", method, &uri, &[]).await.0, 403, "{uri}");
    }
}

#[tokio::test]
async fn who_may_acts_as_somebody_else() {
    let as_guest = [("impersonate-user", "guest")];
    let thing = format!("/clusters/root:a{COLLECTION}/a");
    for (user, uri, expected) in [
        ("master", thing.as_str(), 200),
        ("master", "/apis", 403),
        ("guest", thing.as_str(), 403),
        ("guest", "/clusters/root:b/apis", 403),
    ] {
        assert_eq!(answer(user, "GET", uri, &as_guest).await.0, expected, "{user} {uri}");
    }
    let (_, message) = answer("guest", "GET", &thing, &as_guest).await;
    assert!(message.contains("cannot impersonate-on:user-info:get resource"), "{message}");
    let (code, message) = answer("master", "GET", &thing, &[("impersonate-group", "g")]).await;
    assert_eq!(code, 400, "{message}");
}
