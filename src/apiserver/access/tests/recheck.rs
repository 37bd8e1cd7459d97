//! Open watches: what ends them, and when.

use super::*;

const ROWS: &[&str] = &["root:a", "root:b"];
/// A grant that is taken away ends an open watch within this time.
const REVOKED: Duration = Duration::from_secs(45);

/// Opens a watch, lets some time pass, does `change`, and returns the watch and how long it then lived.
async fn lived(rig: &Rig, after: Duration, change: impl Fn(&Rig)) -> (Arc<dyn Access>, Duration) {
    let access = rig.watch("amy").await;
    rig.run(after).await;
    assert!(!has_changed(&access), "nothing has changed yet");
    change(rig);
    let begun = tokio::time::Instant::now();
    let run = rig.access.clone().run(rig.shutdown.clone());
    tokio::select! {
        () = access.changed() => {}
        () = run => {}
        () = tokio::time::sleep(200 * SECOND) => {}
    }
    (access, begun.elapsed())
}

fn rig() -> Rig {
    let rig = Rig::new(ROWS);
    rig.fake.grant("amy", "watch", "");
    rig.fake.grant("amy", "get", "root:a");
    rig
}

#[tokio::test(start_paused = true)]
async fn every_change_ends_the_watch_within_45_seconds_whenever_it_happens() {
    type Case = (&'static str, fn(&Rig));
    let changes: &[Case] = &[
        ("a row is revoked", |rig| rig.fake.revoke("amy", "get", "root:a")),
        ("a row is granted", |rig| rig.fake.grant("amy", "get", "root:b")),
        ("all rows are granted", |rig| rig.fake.grant("amy", "get", "")),
        ("the door is closed", |rig| rig.fake.revoke("amy", "watch", "")),
    ];
    for (what, change) in changes {
        for after in [0, 1, 10, 29, 30, 31, 59, 600] {
            let (_, lived) = lived(&rig(), after * SECOND, change).await;
            assert!(lived <= REVOKED, "{what} after {after} s: {lived:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_sees_all_rows_is_re_checked_too() {
    let rig = rig();
    rig.fake.grant("amy", "get", "");
    let (old, lived) = lived(&rig, 40 * SECOND, |rig| rig.fake.revoke("amy", "get", "")).await;
    assert!(old.all() && lived <= REVOKED, "{lived:?}");
    let new = rig.watch("amy").await;
    assert_eq!(seen(&new, ROWS), ["root:a"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_changed_ends_nothing() {
    let rig = rig();
    let access = rig.watch("amy").await;
    let since = access.since();
    rig.publish("root:c");
    rig.run(600 * SECOND).await;
    assert!(!has_changed(&access));
    assert_eq!(access.since(), since);
    assert_eq!(rig.watch("amy").await.since(), since, "and a reconnect may resume");
}

#[tokio::test(start_paused = true)]
async fn a_new_set_begins_after_the_head_at_its_making() {
    let rig = rig();
    let (_, _) = lived(&rig, SECOND, |rig| {
        rig.fake.grant("amy", "get", "root:b");
        rig.publish("root:c");
    })
    .await;
    assert_eq!(rig.watch("amy").await.since(), BASE + 2);
}

#[tokio::test(start_paused = true)]
async fn without_anybody_to_ask_a_watch_lives_60_seconds_and_survives_one_miss() {
    let rig = rig();
    let (_, time) = lived(&rig, 35 * SECOND, |rig| rig.fake.break_down(true)).await;
    assert!(time > 25 * SECOND && time <= 65 * SECOND, "{time:?}");

    let rig = self::rig();
    let access = rig.watch("amy").await;
    rig.fake.break_down(true);
    rig.run(35 * SECOND).await;
    rig.fake.break_down(false);
    rig.run(30 * SECOND).await;
    rig.fake.break_down(true);
    rig.run(30 * SECOND).await;
    assert_eq!(rig.fake.asked(), 3 + 1 + 4 + 1, "established, missed, answered, missed");
    assert!(!has_changed(&access), "one miss, an answer in between, one miss");
}

#[tokio::test(start_paused = true)]
async fn a_reviewer_that_never_answers_ends_watches_too() {
    let rig = rig();
    let (_, time) = lived(&rig, SECOND, |rig| rig.fake.delay(3600 * SECOND)).await;
    assert!(time <= UNCONFIRMED + SECOND, "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn sets_nobody_holds_cost_nothing_and_are_forgotten() {
    let rig = rig();
    for n in 0..100 {
        drop(rig.get(&format!("user-{n}"), "list", "").await.unwrap());
    }
    let asked = rig.fake.asked();
    rig.run(120 * SECOND).await;
    assert_eq!(rig.fake.asked(), asked);
    assert_eq!(rig.access.slots.lock().len(), 100, "a client may still come back");
    rig.run(RETAINED).await;
    assert_eq!(rig.access.slots.lock().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_one_name_is_re_checked_by_that_name() {
    let rig = rig();
    rig.fake.grant("bob", "watch", "root:a");
    rig.fake.grant("bob", "get", "root:a");
    let access = rig.get("bob", "watch", "root:a").await.unwrap();
    rig.run(31 * SECOND).await;
    assert!(!has_changed(&access));
    rig.fake.revoke("bob", "get", "root:a");
    rig.run(REVOKED).await;
    assert!(has_changed(&access));
}
