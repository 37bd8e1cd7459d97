//! The age rule, case by case.

use super::*;

fn at(seconds: u64) -> Now {
    let elapsed = Duration::from_secs(seconds);
    Now { elapsed, wall: Timestamp::from_second(1_000_000 + seconds as i64).unwrap() }
}

fn renewal(seconds: i64, held: bool) -> Renewal {
    Renewal { time: Timestamp::from_second(1_000_000 + seconds).ok(), held }
}

fn seconds(liveness: Option<Liveness>, now: u64) -> Option<u64> {
    liveness.map(|liveness| liveness.age(at(now).elapsed).as_secs())
}

#[test]
fn a_restart_does_not_make_a_dead_cluster_look_alive() {
    let first = Liveness::observe(None, renewal(-500, true), at(0));
    assert_eq!(seconds(first, 0), Some(500));
    assert_eq!(seconds(first, 10), Some(510));
}

#[test]
fn a_clock_that_runs_ahead_gives_no_negative_age() {
    assert_eq!(seconds(Liveness::observe(None, renewal(900, true), at(0)), 5), Some(5));
}

#[test]
fn later_renewals_count_from_when_they_were_seen_whatever_they_say() {
    let first = Liveness::observe(None, renewal(0, true), at(0));
    let same = Liveness::observe(first, renewal(0, true), at(30));
    assert_eq!(seconds(same, 30), Some(30));
    for skewed in [-100_000, 100_000] {
        assert_eq!(seconds(Liveness::observe(same, renewal(skewed, true), at(31)), 33), Some(2));
    }
}

#[test]
fn a_release_never_lowers_the_age() {
    let first = Liveness::observe(None, renewal(0, true), at(0));
    assert_eq!(seconds(Liveness::observe(first, renewal(20, false), at(20)), 25), Some(25));
    let released = Liveness::observe(None, renewal(-60, false), at(0));
    assert_eq!(seconds(released, 0), Some(60));
}

#[test]
fn a_lease_never_renewed_says_nothing() {
    assert_eq!(Liveness::observe(None, Renewal { time: None, held: true }, at(0)), None);
}

#[test]
fn the_deadline_is_when_the_age_is_reached() {
    let first = Liveness::observe(None, renewal(-30, true), at(5)).unwrap();
    assert_eq!(first.reaches(Duration::from_secs(40)), Some(Duration::from_secs(10)));
    assert_eq!(first.reaches(Duration::from_secs(20)), None);
}

#[test]
fn a_lease_is_read_by_its_spec() {
    let object = |json: &str| RawObject {
        meta: crate::informers::ObjectMeta::default(),
        json: serde_json::value::RawValue::from_string(json.into()).unwrap(),
    };
    let lease = object(r#"{"spec":{"holderIdentity":"a","renewTime":"2026-01-02T03:04:05.000006Z"}}"#);
    let expected = Renewal { time: "2026-01-02T03:04:05.000006Z".parse().ok(), held: true };
    assert_eq!(read(&lease), Some(expected));
    assert_eq!(read(&object(r#"{"spec":{"holderIdentity":""}}"#)), Some(Renewal::default()));
    assert_eq!(read(&object(r#"{"spec":{"renewTime":7}}"#)), None);
    assert_eq!(target_of("synctarget-u1"), Some("u1"));
    assert_eq!(target_of("synctarget-"), None);
    assert_eq!(target_of("tmc"), None);
}
