//! Nothing goes that is not proven to be ours and orphaned.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn former() -> Former {
    Former { key: "KEY".to_owned(), uid: "target".to_owned(), workspace_gone: false }
}

fn object(key: &str, owner: &str) -> Value {
    json!({"metadata": {"labels": {OWNER_LABEL: key}, "annotations": {OWNER: owner}}})
}

const OURS: &str =
    r#"{"syncTargetUID":"target","cluster":"c","namespace":"n","name":"web","uid":"u1","gvr":"x"}"#;

#[test]
fn only_an_orphan_of_ours_goes() {
    let cases = [
        ("KEY", OURS, Some(Origin::Gone), true),
        ("KEY", OURS, Some(Origin::There("u2".to_owned())), true),
        ("KEY", OURS, Some(Origin::There("u1".to_owned())), false),
        ("KEY", OURS, Some(Origin::Unknown("503".to_owned())), false),
        ("KEY", OURS, None, false),
        ("OTHER", OURS, Some(Origin::Gone), false),
        ("KEY", "", Some(Origin::Gone), false),
        ("KEY", r#"{"syncTargetUID":"target"}"#, Some(Origin::Gone), false),
        ("KEY", &OURS.replace("target\"", "another\""), Some(Origin::Gone), false),
    ];
    for (key, owner, origin, goes) in cases {
        let fate = judge(&former(), &object(key, owner), origin.as_ref());
        assert_eq!(fate == Fate::Sweep, goes, "{key} {owner} {origin:?}: {fate:?}");
    }
    let gone = Former { workspace_gone: true, ..former() };
    assert_eq!(judge(&gone, &object("KEY", OURS), None), Fate::Sweep);
    assert_ne!(judge(&gone, &object("KEY", ""), None), Fate::Sweep);
}

#[test]
fn only_a_404_that_names_the_origin_proves_anything() {
    let status = |code: u16, message: &str| {
        Err(UpstreamError::Status {
            code: StatusCode::from_u16(code).unwrap(),
            reason: String::new(),
            message: message.to_owned(),
            retry_after: None,
        })
    };
    let kind = GroupResource { group: "apps".to_owned(), resource: "deployments".to_owned() };
    let answered = |answer| super::answered(answer, &kind, "web");
    assert_eq!(answered(status(404, "deployments.apps \"web\" not found")), Origin::Gone);
    assert_eq!(answered(Ok(json!({"metadata": {"uid": "u"}}))), Origin::There("u".to_owned()));
    let doubtful = [
        status(404, "the server could not find the requested resource"),
        status(404, "namespaces \"web\" not found"),
        status(404, "deployments.apps \"web-2\" not found"),
        status(403, "deployments.apps \"web\" not found"),
        status(401, "Unauthorized"),
        status(410, "gone"),
        status(500, "deployments.apps \"web\" not found"),
        Err(UpstreamError::Timeout(Duration::ZERO)),
    ];
    for answer in doubtful {
        let shown = format!("{answer:?}");
        assert!(matches!(answered(answer), Origin::Unknown(_)), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_owner_but_the_target_s_own_makes_anything_go(key in "[A-Z]{0,4}", owner in ".{0,80}", uid in "[a-z]{0,8}") {
        let sure = Origin::Gone;
        prop_assume!(!owner.contains("target"));
        prop_assert_ne!(judge(&former(), &object(&key, &owner), Some(&sure)), Fate::Sweep);
        let foreign = format!(r#"{{"syncTargetUID":"{uid}","name":"web","uid":"u1"}}"#);
        let fate = judge(&former(), &object("KEY", &foreign), Some(&sure));
        prop_assert_eq!(fate == Fate::Sweep, uid == "target");
    }
}
