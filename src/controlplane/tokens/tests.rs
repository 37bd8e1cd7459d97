//! Whose a token is, and when it is nobody's any more.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{
    accounts::{AccountTokens, ISSUER, resource},
    *,
};
use crate::controlplane::{
    plane::Plane,
    rbac::Door,
    reviews::Tokens as _,
    workspaces::{ROOT, create},
};

#[test]
fn a_token_stands_for_its_user_alone() {
    let mut tokens = Tokens::default();
    let jane = random();
    tokens.add(&jane, User { name: "jane".to_owned(), ..User::default() });
    assert_eq!(jane.len(), 43);
    let found = tokens.user(&jane).unwrap();
    assert_eq!(
        (found.name.as_str(), found.groups.as_slice()),
        ("jane", &["system:authenticated".to_owned()][..])
    );
    for wrong in ["", "jane", &jane[1..], &format!("{jane} "), &format!("{jane}{jane}"), "a.b.c", ".."] {
        assert_eq!(tokens.user(wrong), None, "{wrong:?}");
    }
}

#[test]
fn a_service_account_has_its_tokens_until_they_expire_or_it_is_gone() {
    let plane = Plane::new(Door::Access);
    let account = json!({"metadata": {"name": "robot", "namespace": "default"}});
    create(&plane.store, &plane.resources, &ROOT.into(), &resource(), account.clone());
    let accounts = Arc::new(AccountTokens::new(plane.store.clone()));
    let robot = accounts.find(&ROOT.into(), "default", "robot").unwrap();
    assert_eq!(accounts.find(&ROOT.into(), "default", "other"), None);
    let now = Timestamp::now();
    let (later, audience) = (now + SignedDuration::from_secs(600), vec![ISSUER.to_owned()]);
    let token = accounts.issue(&robot, &audience, now, later);
    let user = accounts.user(&token, now).unwrap();
    assert_eq!(
        (user.name.as_str(), user.uid.as_str()),
        ("system:serviceaccount:default:robot", robot.uid.as_str())
    );
    assert_eq!(Tokens::default().with_accounts(accounts.clone()).user(&token), Some(user));
    assert_eq!(accounts.user(&token, later), None, "expired");
    let elsewhere = accounts.issue(&robot, &["vault".to_owned()], now, later);
    assert_eq!(accounts.user(&elsewhere, now), None, "for somebody else");
    let another_run = AccountTokens::new(plane.store.clone());
    assert_eq!(another_run.user(&token, now), None, "another key");
    let (head, signature) = token.rsplit_once('.').unwrap();
    for forged in [format!("{head}."), format!("{head}x.{signature}"), format!("{}.{signature}", &head[1..])]
    {
        assert_eq!(accounts.user(&forged, now), None, "{forged}");
    }
    plane.store.delete(
        &ROOT.into(),
        &resource(),
        &crate::apiserver::object::Key { namespace: "default".into(), name: "robot".into() },
    );
    assert_eq!(accounts.user(&token, now), None, "gone");
    create(&plane.store, &plane.resources, &ROOT.into(), &resource(), account);
    assert_eq!(accounts.user(&token, now), None, "another one of the same name");
}
