//! Who may act as whom. The refusals are those of kube-apiserver 1.36.

use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{headers::wanted, modes::Impersonation};
use crate::apiserver::{
    identity::{Attributes, Authorizer, Decision, Target, User},
    scope::Scope,
    status::ApiError,
};

/// Allows what is listed: `verb group resource/subresource namespace/name`.
struct Listed(&'static [&'static str]);

#[async_trait]
impl Authorizer for Listed {
    async fn authorize(&self, attributes: &Attributes) -> Result<Decision, ApiError> {
        let Target::Resource { group, resource, subresource, namespace, name, .. } = &*attributes.target
        else {
            return Ok(Decision::Deny { reason: "a path".to_owned() });
        };
        let asked = format!("{} {group} {resource}/{subresource} {namespace}/{name}", attributes.verb);
        if self.0.contains(&asked.as_str()) {
            return Ok(Decision::Allow);
        }
        Ok(Decision::Deny { reason: String::new() })
    }
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap())
    };
    let mut headers = HeaderMap::new();
    for (name, value) in pairs.iter().map(pair) {
        headers.append(name, value);
    }
    headers
}

/// Lists pods as bob who wants to be somebody else.
async fn impersonate(allowed: &'static [&'static str], pairs: &[(&str, &str)]) -> Result<User, String> {
    let bob = Arc::new(User { name: "bob".to_owned(), ..User::default() });
    let target = Target::Resource {
        group: String::new(),
        version: "v1".to_owned(),
        resource: "pods".to_owned(),
        subresource: String::new(),
        namespace: String::new(),
        name: String::new(),
    };
    let attributes =
        Attributes { user: bob, verb: "list".into(), scope: Scope::Id("root".into()), target: target.into() };
    let wanted = wanted(&headers(pairs)).map_err(|error| error.message)?.expect("the headers name a user");
    let authorizer = Listed(allowed);
    let asked = Impersonation { authorizer: &authorizer, attributes: &attributes, wanted: &wanted };
    asked.user().await.map_err(|error| error.message)
}

fn groups(user: &User) -> Vec<&str> {
    user.groups.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn by_the_verb_impersonate() {
    let user = impersonate(
        &[
            "impersonate  users/ /x",
            "impersonate  groups/ /g",
            "impersonate authentication.k8s.io uids/ /7",
            "impersonate authentication.k8s.io userextras/a/b /v,w",
        ],
        &[
            ("Impersonate-User", "x"),
            ("Impersonate-Group", "g"),
            ("Impersonate-Uid", "7"),
            ("Impersonate-Extra-a%2fb", "v,w"),
        ],
    );
    let user = user.await.unwrap();
    assert_eq!((user.name.as_str(), user.uid.as_str()), ("x", "7"));
    assert_eq!(groups(&user), ["g", "system:authenticated"]);
    assert_eq!(user.extra, [("a/b".to_owned(), vec!["v,w".to_owned()])].into());
}

#[tokio::test]
async fn each_part_needs_a_right() {
    let all = [
        ("Impersonate-User", "x"),
        ("Impersonate-Group", "g"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Extra-Scopes", "s"),
    ];
    const NONE: &[&str] = &[];
    const USER: &[&str] = &["impersonate  users/ /x"];
    const UID: &[&str] = &["impersonate  users/ /x", "impersonate authentication.k8s.io uids/ /7"];
    const GROUP: &[&str] =
        &["impersonate  users/ /x", "impersonate authentication.k8s.io uids/ /7", "impersonate  groups/ /g"];
    for allowed in [NONE, USER, UID, GROUP] {
        let refusal = r#"pods is forbidden: User "bob" cannot impersonate-on:user-info:list resource "pods" in API group "" at the cluster scope"#;
        assert_eq!(impersonate(allowed, &all).await, Err(refusal.to_owned()), "the first refusal is told");
    }
}

#[tokio::test]
async fn service_accounts_have_their_groups() {
    let account = [("Impersonate-User", "system:serviceaccount:default:x")];
    let legacy = impersonate(&["impersonate  serviceaccounts/ default/x"], &account).await.unwrap();
    assert_eq!(
        groups(&legacy),
        ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]
    );
    let constrained = &[
        "impersonate-on:serviceaccount:list  pods/ /",
        "impersonate:serviceaccount authentication.k8s.io serviceaccounts/ default/x",
    ];
    assert_eq!(impersonate(constrained, &account).await.unwrap(), legacy);
    let refusal = r#"pods is forbidden: User "bob" cannot impersonate-on:serviceaccount:list resource "pods" in API group "" at the cluster scope"#;
    assert_eq!(impersonate(&[], &account).await, Err(refusal.to_owned()));
    // What is no ServiceAccount's name is a user's.
    let odd = [("Impersonate-User", "system:serviceaccount:default:x:y")];
    let user = impersonate(&["impersonate  users/ /system:serviceaccount:default:x:y"], &odd).await.unwrap();
    assert_eq!(groups(&user), ["system:authenticated"]);
}

#[tokio::test]
async fn nodes_are_users_without_a_constraint() {
    let node = [("Impersonate-User", "system:node:n1")];
    let constrained = &[
        "impersonate-on:arbitrary-node:list  pods/ /",
        "impersonate:arbitrary-node authentication.k8s.io nodes/ /n1",
    ];
    let user = impersonate(constrained, &node).await.unwrap();
    assert_eq!(groups(&user), ["system:nodes", "system:authenticated"]);
    let user = impersonate(&["impersonate  users/ /system:node:n1"], &node).await.unwrap();
    assert_eq!(groups(&user), ["system:authenticated"]);
}

#[tokio::test]
async fn nobody_becomes_a_master_under_a_constraint() {
    const OWN: &[&str] = &[
        "impersonate-on:user-info:list  pods/ /",
        "impersonate:user-info authentication.k8s.io users/ /x",
        "impersonate:user-info authentication.k8s.io groups/ /system:masters",
        "impersonate:user-info authentication.k8s.io groups/ /g",
    ];
    let as_group = |group: &'static str| [("Impersonate-User", "x"), ("Impersonate-Group", group)];
    let refusal = r#"groups.authentication.k8s.io "system:masters" is forbidden: User "bob" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope: impersonating the system:masters group is not allowed"#;
    assert_eq!(impersonate(OWN, &as_group("system:masters")).await, Err(refusal.to_owned()));
    assert!(impersonate(OWN, &as_group("")).await.unwrap_err().contains("the empty string group"));
    assert_eq!(groups(&impersonate(OWN, &as_group("g")).await.unwrap()), ["g", "system:authenticated"]);
    let legacy = &["impersonate  users/ /x", "impersonate  groups/ /system:masters"];
    assert!(impersonate(legacy, &as_group("system:masters")).await.is_ok());
}

#[tokio::test]
async fn many_groups_may_be_asked_about_at_once() {
    let many = [
        ("Impersonate-User", "x"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Group", "c"),
        ("Impersonate-Group", "d"),
    ];
    let allowed = &[
        "impersonate-on:user-info:list  pods/ /",
        "impersonate:user-info authentication.k8s.io users/ /x",
        "impersonate:user-info authentication.k8s.io groups/ /*",
    ];
    assert!(impersonate(allowed, &many).await.is_ok());
    assert!(impersonate(allowed, &many[..4]).await.is_err(), "three are asked about one by one");
}

#[tokio::test]
async fn anonymous_is_not_authenticated() {
    let allowed = &[
        "impersonate  users/ /system:anonymous",
        "impersonate  users/ /x",
        "impersonate  groups/ /system:unauthenticated",
    ];
    let user = impersonate(allowed, &[("Impersonate-User", "system:anonymous")]).await.unwrap();
    assert_eq!(groups(&user), ["system:unauthenticated"]);
    let user =
        impersonate(allowed, &[("Impersonate-User", "x"), ("Impersonate-Group", "system:unauthenticated")]);
    assert_eq!(groups(&user.await.unwrap()), ["system:unauthenticated"]);
}

#[test]
fn what_the_headers_say() {
    let message = |pairs: &[(&str, &str)]| wanted(&headers(pairs)).map_err(|error| error.message);
    assert_eq!(message(&[]), Ok(None));
    assert_eq!(message(&[("Impersonate-User", "")]), Ok(None));
    assert_eq!(
        message(&[("Impersonate-Group", "x")]),
        Err(r#"requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"x"}, Extra:map[string][]string(nil)} without impersonating a user name"#.to_owned())
    );
    assert_eq!(
        message(&[("Impersonate-Uid", "x"), ("Impersonate-Extra-Foo", "bar")]),
        Err(r#"requested &user.DefaultInfo{Name:"", UID:"x", Groups:[]string(nil), Extra:map[string][]string{"foo":[]string{"bar"}}} without impersonating a user name"#.to_owned())
    );
}
