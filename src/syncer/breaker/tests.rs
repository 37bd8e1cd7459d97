//! When deletions stop, and what starts them again.

use super::*;

fn object(number: usize) -> Unit {
    Unit::Object(format!("u{number:05}"))
}

/// Deletes as many as may be, of so many.
fn sweep(breaker: &mut Breaker, numbers: std::ops::Range<usize>, owned: &mut usize, now: Duration) -> usize {
    let before = *owned;
    for number in numbers {
        if breaker.permits(&object(number), *owned, now) {
            breaker.deleted(object(number), now);
            *owned -= 1;
        }
    }
    before - *owned
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn twenty_always_may_go_and_thirty_percent_of_many() {
    for (all, gone) in [(5, 5), (20, 20), (21, 20), (60, 20), (100, 30), (1_000, 300)] {
        let (mut breaker, mut owned) = (Breaker::new("east"), all);
        assert_eq!(sweep(&mut breaker, 0..all, &mut owned, SECOND), gone, "of {all}");
        assert_eq!(breaker.paused().is_some(), gone < all);
    }
}

#[test]
fn a_namespace_in_deletion_counts_once() {
    let (mut breaker, mut owned) = (Breaker::new("east"), 500);
    let namespace = Unit::Namespace("n1".into());
    while owned > 0 {
        assert!(breaker.permits(&namespace, owned, SECOND));
        breaker.deleted(namespace.clone(), SECOND);
        owned -= 1;
    }
    assert_eq!(breaker.paused(), None);
}

#[test]
fn the_command_in_the_message_resumes_what_waits_and_no_more() {
    let (mut breaker, mut owned) = (Breaker::new("east"), 100);
    sweep(&mut breaker, 0..60, &mut owned, SECOND);
    let message = breaker.paused().unwrap();
    assert!(message.contains("30 waiting"), "{message}");
    let (_, command) = message.split_once("kubectl annotate synctarget east --overwrite ").unwrap();
    let (annotation, nonce) = command.split_once('=').unwrap();
    assert_eq!(annotation, ALLOW);
    assert!(!breaker.resume("another") && breaker.paused().is_some());
    assert!(breaker.resume(nonce) && breaker.paused().is_none());
    assert_eq!(sweep(&mut breaker, 30..60, &mut owned, SECOND), 30);
    assert_eq!(sweep(&mut breaker, 60..100, &mut owned, SECOND), 20, "a new wave is counted anew");
    assert!(!breaker.resume(nonce), "a nonce works once");
}

#[test]
fn deletions_count_for_five_minutes() {
    let (mut breaker, mut owned) = (Breaker::new("east"), 40);
    assert_eq!(sweep(&mut breaker, 0..20, &mut owned, SECOND), 20);
    assert_eq!(sweep(&mut breaker, 20..40, &mut owned, SECOND + WINDOW + SECOND), 20);
    assert_eq!(breaker.paused(), None);
}

#[test]
fn asking_again_counts_once() {
    let mut breaker = Breaker::new("east");
    for _ in 0..100 {
        assert!(breaker.permits(&object(1), 30, SECOND));
        breaker.deleted(object(1), SECOND);
    }
    assert_eq!(breaker.paused(), None);
}

#[test]
fn a_restart_does_not_resume() {
    let (mut breaker, mut owned) = (Breaker::new("east"), 100);
    sweep(&mut breaker, 0..60, &mut owned, SECOND);
    let message = breaker.paused().unwrap();
    let mut next = Breaker::new("east");
    next.restore(&message);
    assert!(!next.permits(&object(70), owned, SECOND));
    let nonce = message.rsplit('=').next().unwrap();
    assert!(next.resume(nonce));
    assert!(next.permits(&object(70), owned, SECOND));
    let mut well = Breaker::new("east");
    well.restore("all objects are synced");
    assert_eq!(well.paused(), None);
}
