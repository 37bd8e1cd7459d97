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
}

#[test]
fn a_lease_is_about_a_target_of_its_own_logical_cluster() {
    let about = |name: &str, cluster: &str| {
        let meta = ObjectMeta { name: name.into(), cluster: cluster.into(), ..ObjectMeta::default() };
        target_of(&meta).map(Cow::into_owned)
    };
    assert_eq!(about("synctarget-u1", "").as_deref(), Some("u1"));
    assert_ne!(about("synctarget-u1", "a"), about("synctarget-u1", "b"));
    assert_eq!(about("synctarget-", ""), None);
    assert_eq!(about("tmc", "a"), None);
}

/// What no API should let in, and what it lets in although no syncer writes it.
#[test]
fn odd_leases_give_an_age_or_none_and_never_a_panic() {
    let spec = |spec: &str| {
        read(&RawObject {
            meta: crate::informers::ObjectMeta::default(),
            json: serde_json::value::RawValue::from_string(format!(r#"{{"spec":{spec}}}"#)).unwrap(),
        })
    };
    let age = |text: &str, later: u64| {
        let seen = Liveness::observe(None, spec(text)?, at(0));
        seconds(seen, later)
    };
    let now = Timestamp::from_second(1_000_000).unwrap();
    for duration in ["0", "-30", "9007199254740993", r#""long""#, "null"] {
        let text =
            format!(r#"{{"holderIdentity":"a","leaseDurationSeconds":{duration},"renewTime":"{now}"}}"#);
        assert_eq!(age(&text, 7), Some(7), "how long a lease lasts is its holder's affair: {duration}");
    }
    for far in ["9999-12-30T22:00:00.999999999Z", "2100-01-01T00:00:00Z"] {
        assert_eq!(age(&format!(r#"{{"holderIdentity":"a","renewTime":"{far}"}}"#), 41), Some(41), "{far}");
    }
    let long_ago = age(r#"{"holderIdentity":"a","renewTime":"-009999-01-02T01:59:59Z"}"#, 41);
    assert!(long_ago > Some(300_000_000_000), "{long_ago:?}");
    assert!(age(r#"{"renewTime":"0001-01-01T00:00:00Z"}"#, 0) > Some(60_000_000_000));
    for none in [
        r#"{"holderIdentity":"a"}"#,
        r#"{"holderIdentity":"a","renewTime":null}"#,
        r#"{"holderIdentity":"a","renewTime":""}"#,
        r#"{"holderIdentity":"a","renewTime":"9999-12-31T23:59:59Z"}"#,
        r#"{"holderIdentity":"a","renewTime":"10000-01-01T00:00:00Z"}"#,
        r#"{"holderIdentity":{"a":1},"renewTime":"2026-01-01T00:00:00Z"}"#,
        "null",
        "[]",
        "7",
    ] {
        assert_eq!(age(none, 0), None, "{none}");
    }
    // Another holder is as good a sign of life.
    let first = Liveness::observe(None, renewal(0, true), at(0));
    let held = spec(r#"{"holderIdentity":"somebody-else","renewTime":"2001-01-01T00:00:00Z"}"#).unwrap();
    assert_eq!(seconds(Liveness::observe(first, held, at(30)), 31), Some(1));
}
