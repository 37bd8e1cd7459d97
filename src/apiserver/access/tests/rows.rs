//! One set: what is asked for it and what it says.

use futures::future::join_all;

use super::*;

const ROWS: &[&str] = &["root:a", "root:b", "root:c"];

#[tokio::test(start_paused = true)]
async fn the_wide_question_comes_first_and_may_be_the_only_one() {
    let rig = Rig::new(ROWS);
    rig.fake.grant("admin", "get", "");
    let access = rig.list("admin").await;
    assert!(access.all());
    assert_eq!((access.since(), access.peek("root:new")), (0, Some(true)));
    assert_eq!(rig.fake.asked_names(), [""]);
}

#[tokio::test(start_paused = true)]
async fn without_it_each_name_is_asked_and_only_get_shows_a_row() {
    let rig = Rig::new(ROWS);
    rig.fake.grant("amy", "get", "root:b");
    rig.fake.grant("amy", "list", "");
    rig.fake.grant("amy", "watch", "");
    let access = rig.list("amy").await;
    assert!(!access.all());
    assert_eq!(seen(&access, ROWS), ["root:b"]);
    assert_eq!(rig.fake.asked(), 1 + ROWS.len());
    assert_eq!(access.since(), BASE);
}

#[tokio::test(start_paused = true)]
async fn a_request_for_one_name_asks_about_that_name_alone() {
    let rig = Rig::new(ROWS);
    rig.fake.grant("amy", "get", "root:b");
    for (name, allowed) in [("root:b", true), ("root:c", false), ("root:absent", false)] {
        let access = rig.get("amy", "watch", name).await.unwrap();
        assert_eq!(access.peek(name), Some(allowed), "{name}");
        assert_eq!(access.peek("root:a"), Some(false), "another name never");
    }
    assert_eq!(rig.fake.asked_names(), ["root:b", "root:c", "root:absent"]);
}

#[tokio::test(start_paused = true)]
async fn forbidden_and_absent_names_get_the_same_answers() {
    let rig = Rig::new(ROWS);
    let access = rig.list("amy").await;
    assert_eq!(access.decide("root:a").await, access.decide("root:absent").await);
    let named = async |name: &str| {
        let access = rig.get("amy", "list", name).await.unwrap();
        (access.all(), access.peek(name), access.since())
    };
    assert_eq!(named("root:a").await, named("root:absent").await);
    let door = question(&user("amy"), "get", "root:a");
    let absent = question(&user("amy"), "get", "root:absent");
    use crate::apiserver::identity::Authorizer;
    assert_eq!(rig.authorizer.authorize(&door).await, rig.authorizer.authorize(&absent).await);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_appears_later_is_asked_about_once_and_changes_nothing() {
    let rig = Rig::new(ROWS);
    rig.fake.grant("amy", "watch", "");
    rig.fake.grant("amy", "get", "root:new");
    let access = rig.watch("amy").await;
    rig.publish("root:new");
    assert_eq!(access.peek("root:new"), None);
    let before = rig.fake.asked();
    let all = join_all((0..50).map(|_| access.decide("root:new"))).await;
    assert!(all.iter().all(|answer| *answer == Ok(true)));
    assert_eq!(rig.fake.asked(), before + 1);
    assert_eq!(access.peek("root:new"), Some(true));
    rig.run(60 * SECOND).await;
    assert!(!has_changed(&access));
}

#[tokio::test(start_paused = true)]
async fn one_set_serves_all_requests_of_a_user_for_ten_seconds() {
    let rig = Rig::new(ROWS);
    rig.fake.delay(SECOND);
    rig.fake.grant("amy", "get", "root:a");
    let all = join_all((0..100).map(|n| rig.get("amy", if n % 2 == 0 { "list" } else { "watch" }, ""))).await;
    let first = all[0].clone().unwrap();
    assert!(all.iter().all(|access| Arc::ptr_eq(&first, access.as_ref().unwrap())));
    assert_eq!(rig.fake.asked(), 1 + ROWS.len());
    tokio::time::advance(7 * SECOND).await;
    assert!(Arc::ptr_eq(&first, &rig.list("amy").await));
    assert_eq!(rig.fake.asked(), 1 + ROWS.len());
    tokio::time::advance(3 * SECOND).await;
    assert!(Arc::ptr_eq(&first, &rig.list("amy").await), "asked anew, found the same");
    assert_eq!(rig.fake.asked(), 2 * (1 + ROWS.len()));
    assert!(!Arc::ptr_eq(&first, &rig.list("bob").await), "never another user's");
}

#[tokio::test(start_paused = true)]
async fn a_list_after_a_change_gets_a_new_set_and_ends_the_old_one() {
    let rig = Rig::new(ROWS);
    rig.fake.grant("amy", "get", "root:a");
    let old = rig.watch("amy").await;
    let head = rig.publish("root:d");
    rig.fake.revoke("amy", "get", "root:a");
    rig.fake.grant("amy", "get", "root:c");
    tokio::time::advance(FRESH).await;
    let new = rig.list("amy").await;
    assert_eq!(seen(&new, ROWS), ["root:c"]);
    assert_eq!(seen(&old, ROWS), ["root:a"], "a set never changes");
    assert!(has_changed(&old) && !has_changed(&new));
    assert_eq!(new.since(), head + 1, "nothing that was seen before may be resumed from");
    rig.log.version_asked().await;
}

#[tokio::test(start_paused = true)]
async fn who_gains_all_rows_cannot_resume_from_before() {
    let rig = Rig::new(ROWS);
    rig.list("amy").await;
    let head = rig.publish("root:d");
    rig.fake.grant("amy", "get", "");
    tokio::time::advance(FRESH).await;
    let access = rig.list("amy").await;
    assert!(access.all());
    assert_eq!(access.since(), head + 1);
}

#[tokio::test(start_paused = true)]
async fn too_many_rows_name_the_role_that_helps() {
    let names: Vec<String> = (0..=MAX_ROWS).map(|n| format!("root:{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rig = Rig::new(&names);
    let error = rig.get("amy", "list", "").await.err().unwrap();
    assert_eq!((error.code, error.reason), (http::StatusCode::FORBIDDEN, "Forbidden"));
    assert!(error.message.contains("tmc-views-reader"), "{}", error.message);
    assert_eq!(rig.fake.asked(), 1);
    assert!(rig.get("amy", "list", "root:1").await.is_ok(), "one name can still be asked about");
    let rig = Rig::new(&names[1..]);
    assert!(rig.get("amy", "list", "").await.is_ok());
    assert_eq!(rig.fake.asked(), 1 + MAX_ROWS);
}

#[tokio::test(start_paused = true)]
async fn nobody_to_ask_is_503_for_all_who_wait_and_is_not_remembered() {
    let rig = Rig::new(ROWS);
    rig.fake.grant("amy", "get", "");
    rig.fake.delay(SECOND);
    rig.fake.break_down(true);
    let all = join_all((0..20).map(|_| rig.get("amy", "list", ""))).await;
    assert!(
        all.iter().all(|access| access.as_ref().err().unwrap().code == http::StatusCode::SERVICE_UNAVAILABLE)
    );
    assert_eq!(rig.fake.asked(), 1, "those who waited share the failure");
    rig.fake.break_down(false);
    assert!(rig.list("amy").await.all());
}
