//! What an answer means, and when it is believed.

use super::*;

#[test]
fn an_answer_is_judged_by_its_code() {
    let not_ready = "[+]ping ok\n[-]etcd failed: reason withheld\n[-]informer-sync failed: reason withheld\n";
    for (code, text, expected) in [
        (200, "ok", Reach::Ready),
        (403, "", Reach::Ready),
        (404, "", Reach::Ready),
        (500, not_ready, Reach::NotReady("(500): etcd, informer-sync".into())),
        (503, "<html>", Reach::NotReady("(503)".into())),
        (429, "", Reach::Throttled("too many requests".into())),
        (401, "", Reach::Unreachable("(401)".into())),
    ] {
        let judged = judge(StatusCode::from_u16(code).unwrap(), text);
        let (words, ours) = (format!("{expected:?}"), format!("{judged:?}"));
        assert!(judged.is_like(&expected), "{code}: {judged:?}");
        let said = words.split('"').nth(1).unwrap_or_default();
        assert!(ours.contains(said), "{ours} should say {said:?}");
    }
}

#[test]
fn a_change_is_believed_when_it_was_said_twice() {
    let down = || Reach::Unreachable("refused".into());
    let mut damped = Damped::default();
    assert_eq!(*damped.hear(Reach::Ready), Reach::Ready, "the first word counts");
    assert_eq!(*damped.hear(down()), Reach::Ready);
    assert!(!damped.is_settled());
    assert_eq!(*damped.hear(Reach::Ready), Reach::Ready, "it was nothing");
    assert!(damped.is_settled());
    damped.hear(down());
    assert_eq!(*damped.hear(down()), down());
    assert!(damped.is_settled());
    assert_eq!(*damped.hear(Reach::Ready), down());
    assert_eq!(*damped.hear(Reach::NotReady("etcd".into())), down());
    assert_eq!(*damped.hear(Reach::NotReady("etcd".into())), Reach::NotReady("etcd".into()));
    // Another text for the same thing is news only when it stays.
    assert_eq!(*damped.hear(Reach::NotReady("ping".into())), Reach::NotReady("etcd".into()));
    assert_eq!(*damped.hear(Reach::NotReady("ping".into())), Reach::NotReady("ping".into()));
}
