//! Whose turn it is, and when.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn key(namespace: &str, name: &str) -> Key {
    Key::object(0, namespace, name)
}

fn take(queue: &mut Queue, now: Duration) -> Option<String> {
    queue.take(now).map(|(key, _)| key.to_string())
}

#[test]
fn a_key_is_worked_on_by_one_at_a_time() {
    let mut queue = Queue::default();
    let a = key("n", "a");
    queue.changed(&a, SECOND);
    queue.changed(&a, SECOND);
    assert_eq!(queue.len(), 1);
    assert_eq!(take(&mut queue, SECOND).as_deref(), Some("n/a"));
    queue.changed(&a, SECOND);
    assert_eq!(take(&mut queue, SECOND), None);
    queue.done(&a, false, SECOND);
    assert_eq!(take(&mut queue, SECOND).as_deref(), Some("n/a"), "it changed meanwhile");
    queue.done(&a, false, SECOND);
    assert_eq!(take(&mut queue, SECOND), None);
    assert!(queue.slots.is_empty(), "a key at rest costs nothing");
}

#[test]
fn what_goes_on_has_seen_what_changed_meanwhile() {
    let mut queue = Queue::default();
    let a = key("n", "a");
    queue.changed(&a, SECOND);
    queue.take(SECOND).unwrap();
    queue.changed(&a, SECOND);
    queue.went_well(&a, 2 * SECOND);
    assert_eq!(queue.oldest(3 * SECOND), Some(SECOND));
    assert_eq!(take(&mut queue, 3 * SECOND), None, "it is still worked on");
    queue.done(&a, false, 3 * SECOND);
    assert!(queue.slots.is_empty());
}

#[test]
fn a_large_namespace_does_not_keep_a_small_one_waiting() {
    let mut queue = Queue::default();
    (0..100).for_each(|number| queue.changed(&key("large", &number.to_string()), SECOND));
    queue.changed(&key("small", "a"), SECOND);
    let order: Vec<_> = (0..3).filter_map(|_| take(&mut queue, SECOND)).collect();
    assert_eq!(order, ["large/0", "small/a", "large/1"]);
}

#[test]
fn failures_wait_longer_each_time() {
    let mut queue = Queue::default();
    let (a, mut now) = (key("n", "a"), SECOND);
    queue.changed(&a, now);
    let mut waits = Vec::new();
    for round in 0..14 {
        queue.take(now).unwrap();
        assert_eq!(queue.failed(&a, Failure::Passing, None, now), round == 0);
        let at = queue.next().unwrap();
        waits.push((at - now).as_secs_f64());
        queue.changed(&a, now);
        queue.wake(now);
        assert_eq!(take(&mut queue, now), None, "a change does not make it come sooner");
        now = at;
        queue.wake(now);
    }
    assert!((0.4..=0.6).contains(&waits[0]) && (0.8..=1.2).contains(&waits[1]));
    assert!(waits[11..].iter().all(|wait| (240.0..=360.0).contains(wait)), "{waits:?}");
}

#[test]
fn who_was_overtaken_goes_on_with_the_news_of_it() {
    let mut queue = Queue::default();
    let (a, mut now) = (key("n", "a"), SECOND);
    queue.changed(&a, now);
    for round in 1..=6 {
        queue.take(now).unwrap();
        assert_eq!(queue.failed(&a, Failure::Stale, None, now), round == OVERTAKEN);
        let wait = queue.next().unwrap() - now;
        assert!(wait <= STALE * (6 << (round - 1)) / 5, "{round}: {wait:?}");
        now += Duration::from_millis(1);
        queue.changed(&a, now);
        assert_eq!(queue.next(), None, "the news is enough");
    }
    queue.take(now).unwrap();
    queue.changed(&a, now);
    queue.failed(&a, Failure::Stale, None, now);
    assert!(queue.take(now).is_some(), "the news came before the refusal");
    queue.done(&a, false, now);
    assert!(queue.slots.is_empty());
}

#[test]
fn a_server_that_asks_for_time_gets_it() {
    let mut queue = Queue::default();
    let a = key("n", "a");
    queue.changed(&a, SECOND);
    queue.take(SECOND).unwrap();
    queue.failed(&a, Failure::Passing, Some(20 * SECOND), SECOND);
    assert_eq!(queue.next(), Some(21 * SECOND));
}

#[test]
fn what_failed_for_good_waits_for_a_change() {
    let mut queue = Queue::default();
    let a = key("n", "a");
    queue.changed(&a, SECOND);
    queue.take(SECOND).unwrap();
    queue.failed(&a, Failure::Permanent, None, SECOND);
    assert!(queue.next().unwrap() >= Duration::from_secs(240));
    queue.changed(&a, 2 * SECOND);
    let (_, waited) = queue.take(3 * SECOND).expect("the change");
    assert_eq!(waited, SECOND);
    assert_eq!(queue.oldest(11 * SECOND), Some(10 * SECOND), "it has not gone well since");
    assert_eq!(queue.next(), None);
}

#[test]
fn waiting_is_no_failure_and_ends_with_a_change() {
    let mut queue = Queue::default();
    let a = key("n", "a");
    queue.changed(&a, SECOND);
    queue.take(SECOND).unwrap();
    queue.wait(&a, 10 * SECOND, SECOND);
    assert_eq!(queue.next(), Some(11 * SECOND));
    queue.changed(&a, 2 * SECOND);
    assert!(queue.take(2 * SECOND).is_some());
    queue.done(&a, false, 2 * SECOND);
    assert_eq!((queue.next(), queue.oldest(SECOND)), (None, None));
}
