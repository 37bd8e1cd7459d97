//! Fields that are fought over.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_sixth_correction_in_ten_minutes_leaves_the_field() {
    let (mut contention, mut now) = (Contention::default(), SECOND);
    for _ in 0..5 {
        contention.corrected(".spec.replicas", now);
        assert!(contention.left(now).is_empty());
        now += SECOND;
    }
    contention.corrected(".spec.replicas", now);
    assert_eq!(contention.left(now), [".spec.replicas"]);
    assert_eq!(contention.next(now), Some(now + FIRST));
    assert!(contention.left(now + FIRST).is_empty());
}

#[test]
fn each_time_it_is_left_for_longer_up_to_an_hour() {
    let (mut contention, mut now) = (Contention::default(), SECOND);
    let mut waits = Vec::new();
    (0..5).for_each(|_| contention.corrected("f", now));
    for _ in 0..8 {
        // Somebody is quick: he needs no time to change it back.
        while contention.left(now).is_empty() {
            contention.corrected("f", now);
        }
        let until = contention.next(now).unwrap();
        waits.push((until - now).as_secs() / 60);
        now = until;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn slow_changes_are_corrected_for_ever() {
    let (mut contention, mut now) = (Contention::default(), SECOND);
    for _ in 0..100 {
        contention.corrected("f", now);
        now += Duration::from_secs(121);
        assert!(contention.left(now).is_empty());
    }
    assert!(contention.prune(now));
    assert!(!contention.prune(now + LAST));
}

#[test]
fn it_says_who_it_was() {
    let mut contention = Contention::default();
    (0..6).for_each(|_| contention.corrected(".spec.replicas", SECOND));
    assert!(contention.nameless(SECOND));
    contention.name(".spec.replicas", "kube-controller-manager");
    assert!(!contention.nameless(SECOND));
    assert_eq!(contention.describe(SECOND), [".spec.replicas is kept changed by kube-controller-manager"]);
}
