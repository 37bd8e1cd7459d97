//! What is asked and how the answers are read.

use std::sync::Arc;

use super::*;

fn attributes(target: Target) -> Attributes {
    let user = User {
        name: "amy".into(),
        uid: "7".into(),
        groups: vec!["devs".into()],
        extra: [("a/b".to_owned(), vec!["c".to_owned()])].into(),
    };
    Attributes { user: Arc::new(user), verb: "get".into(), scope: Scope::None, target: Arc::new(target) }
}

#[test]
fn a_review_names_everything_about_the_caller_and_the_row() {
    let target = Target::Resource {
        group: "g".into(),
        version: "v1".into(),
        resource: "rows".into(),
        subresource: String::new(),
        namespace: String::new(),
        name: "root:a".into(),
    };
    let spec = access_review(&attributes(target))["spec"].take();
    assert_eq!(
        spec,
        json!({
            "user": "amy", "uid": "7", "groups": ["devs"], "extra": {"a/b": ["c"]},
            "resourceAttributes": {"verb": "get", "group": "g", "version": "v1", "resource": "rows",
                                   "subresource": "", "namespace": "", "name": "root:a"},
        })
    );
    let spec = access_review(&attributes(Target::NonResource { path: "/metrics".into() }))["spec"].take();
    assert_eq!(spec["nonResourceAttributes"], json!({"verb": "get", "path": "/metrics"}));
    assert_eq!(spec.get("resourceAttributes"), None);
}

#[test]
fn only_a_plain_yes_allows() {
    let table = [
        (json!({"allowed": true}), true),
        (json!({"allowed": true, "denied": true}), false),
        (json!({"allowed": false, "reason": "no"}), false),
        (json!({"denied": true}), false),
        (json!({}), false),
    ];
    for (status, allowed) in table {
        let read = decision(serde_json::from_value(status.clone()).unwrap());
        assert_eq!(read == Decision::Allow, allowed, "{status}");
    }
}

#[test]
fn a_token_is_accepted_only_when_it_says_so() {
    let status = json!({"authenticated": true, "user": {"username": "amy", "groups": ["devs"]}});
    let TokenAnswer::Accepted { user, audiences } = token_answer(serde_json::from_value(status).unwrap())
    else {
        panic!("it is accepted")
    };
    assert_eq!((user.name.as_str(), user.groups, audiences), ("amy", vec!["devs".to_owned()], vec![]));
    let status = json!({"user": {"username": "amy"}, "error": "expired"});
    assert_eq!(token_answer(serde_json::from_value(status).unwrap()), TokenAnswer::Rejected);
    assert_eq!(token_review("t", &[])["spec"], json!({"token": "t"}));
    assert_eq!(token_review("t", &["x".into()])["spec"], json!({"token": "t", "audiences": ["x"]}));
}
