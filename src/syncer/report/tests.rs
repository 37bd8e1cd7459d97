//! What is reported of which cluster.

mod progress;

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::*;
use crate::{
    api::{placement::GroupResource, workload::NodeSummary},
    security::context::{Code, Finding, Severity},
    syncer::facts::Count,
};

fn now() -> Timestamp {
    "2026-05-01T00:01:00Z".parse().unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn kind(group: &str, resource: &str) -> GroupResource {
    GroupResource { group: group.into(), resource: resource.into() }
}

fn problem(name: &str) -> Problem {
    let (kind, namespace, reason) = ("Deployment".into(), Some("shop".into()), "Unavailable".into());
    Problem { kind, namespace, name: name.into(), reason, message: "0 of 3".into(), since: None }
}

fn counts() -> Counts {
    let count = |total, ready| Count { total, ready, present: Some(total + 1) };
    Counts {
        rows: [(kind("apps", "deployments"), count(3, Some(2))), (kind("", "services"), count(1, None))]
            .into(),
        problems: vec![problem("ship")],
        nodes: Some(NodeSummary { total: 3, ready: 2 }),
        kubernetes_version: "v1.36.3".into(),
        complete: true,
        ..Counts::default()
    }
}

/// Facts that are as they should be.
fn facts<'a>(counts: &'a Counts, progress: Option<&'a Progress>) -> Facts<'a> {
    Facts {
        mode: if progress.is_some() { Mode::Filter } else { Mode::Observe },
        version: "v0.1.0",
        holder: "syncer-1",
        generation: Some(2),
        phase: Phase::Running,
        paused: false,
        reach: &Reach::Ready,
        counts,
        progress,
        failing: None,
        security: None,
    }
}

fn condition(status: &Value, kind: &str) -> (String, String, String) {
    let conditions = status["conditions"].as_array().unwrap();
    let found = conditions.iter().find(|condition| condition["type"] == kind).cloned().unwrap_or_default();
    let text = |member: &str| found[member].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"), text("message"))
}

fn says(status: &Value, kind: &str) -> String {
    let (status, reason, _) = condition(status, kind);
    format!("{status} {reason}")
}

#[test]
fn what_is_counted_is_reported_sorted_and_nothing_of_the_servers() {
    let status = status(&facts(&counts(), None), &Value::Null, now());
    let expected = json!([
        {"group": "", "resource": "services", "total": 1, "present": 2},
        {"group": "apps", "resource": "deployments", "total": 3, "ready": 2, "present": 4},
    ]);
    assert_eq!(status["resources"], expected);
    assert_eq!(status["nodeSummary"], json!({"total": 3, "ready": 2}));
    assert_eq!(status["problems"][0]["name"], "ship");
    assert_eq!(status["mode"], "observe");
    assert_eq!(status["observedGeneration"], 2);
    for others in ["Ready", "HeartbeatHealthy", "WorkspaceAssigned"] {
        assert_eq!(says(&status, others), " ", "{others}");
    }
    assert!(status["key"].is_null());
    for (kind, expected) in [
        ("SyncerReady", "True SyncerReady"),
        ("DownstreamReachable", "True Reachable"),
        ("SyncerAuthorized", "True SyncerAuthorized"),
        ("ResourcesSynced", "True ObserveOnly"),
        ("CountsVerified", "True CountsVerified"),
        ("SecurityContextValid", " "),
    ] {
        assert_eq!(says(&status, kind), expected, "{kind}");
    }
    serde_json::from_value::<crate::api::workload::SyncTargetStatus>(status).unwrap();
}

#[test]
fn each_condition_says_why_it_is_not_true() {
    let (all, some) = (counts(), Counts::default());
    let ok = facts(&all, None);
    let paused = Progress { complete: true, ..Progress::default() };
    let unreachable = Reach::Unreachable("refused".into());
    let (not_ready, throttled) = (Reach::NotReady("etcd".into()), Reach::Throttled(String::new()));
    let unreadable = Counts { unreadable: [(kind("", "secrets"), "forbidden".into())].into(), ..counts() };
    let unverified = Counts { unverified: [kind("", "services")].into(), ..counts() };
    let found = |severity, code| Verdict { findings: vec![Finding { severity, code, message: "x".into() }] };
    let insecure = found(Severity::Fatal, Code::CertExpired);
    let missing = found(Severity::Degrade, Code::RBACMissing);
    let secure = Verdict::default();
    let starting = |seconds| Phase::Starting(Duration::from_secs(seconds));
    let cases = [
        (Facts { phase: starting(119), ..ok }, "SyncerReady", "Unknown CachesNotSynced"),
        (Facts { phase: starting(120), ..ok }, "SyncerReady", "False CachesNotSynced"),
        (Facts { phase: Phase::Stopping, ..ok }, "SyncerReady", "Unknown Stopping"),
        (Facts { paused: true, ..ok }, "SyncerReady", "True SyncerReady"),
        (Facts { paused: true, ..facts(&all, Some(&paused)) }, "SyncerReady", "False Paused"),
        (Facts { reach: &Reach::Unknown, ..ok }, "DownstreamReachable", "Unknown NotAsked"),
        (Facts { reach: &unreachable, ..ok }, "DownstreamReachable", "False Unreachable"),
        (Facts { reach: &not_ready, ..ok }, "DownstreamReachable", "False NotReady"),
        (Facts { reach: &throttled, ..ok }, "DownstreamReachable", "False Throttled"),
        (facts(&unreadable, None), "SyncerAuthorized", "False SyncerUnauthorized"),
        (Facts { security: Some(&missing), ..ok }, "SyncerAuthorized", "False SyncerUnauthorized"),
        (Facts { security: Some(&missing), ..ok }, "SecurityContextValid", "True RBACMissing"),
        (Facts { security: Some(&secure), ..ok }, "SecurityContextValid", "True AsExpected"),
        (facts(&unverified, None), "CountsVerified", "False CountsDiffer"),
        (facts(&some, None), "CountsVerified", "Unknown CachesNotSynced"),
        (Facts { security: Some(&insecure), ..ok }, "SecurityContextValid", "False CertExpired"),
    ];
    for (facts, kind, expected) in cases {
        assert_eq!(says(&status(&facts, &Value::Null, now()), kind), expected, "{facts:?}");
    }
}

#[test]
fn times_move_only_with_what_they_are_of() {
    let (all, few) = (counts(), Counts { rows: BTreeMap::new(), ..counts() });
    let first = status(&facts(&all, None), &Value::Null, now());
    assert_eq!(status(&facts(&all, None), &first, later(59)), first, "nothing is new");
    let heard = status(&facts(&all, None), &first, later(60));
    assert_eq!(heard["lastSyncerHeartbeatTime"], time(later(60)));
    assert_eq!(heard["resourcesObservedTime"], first["resourcesObservedTime"]);
    assert_eq!(heard["conditions"], first["conditions"]);
    let refused = Reach::Unreachable("refused".into());
    let counted = status(&Facts { reach: &refused, ..facts(&few, None) }, &heard, later(90));
    assert_eq!(counted["resourcesObservedTime"], time(later(90)));
    let moved = counted["conditions"].as_array().unwrap().iter();
    assert_eq!(moved.filter(|condition| condition["lastTransitionTime"] == time(later(90))).count(), 1);
    // A clock that was set back, or one of another syncer that runs ahead, holds nothing up.
    let back = status(&facts(&all, None), &heard, now());
    assert_eq!(back["lastSyncerHeartbeatTime"], time(now()));
}

#[test]
fn until_everything_is_counted_the_last_numbers_stay() {
    let all = counts();
    let first = status(&facts(&all, None), &Value::Null, now());
    let starting = Facts { phase: Phase::Starting(Duration::ZERO), ..facts(&all, None) };
    let nothing = Counts { kubernetes_version: "v2".into(), ..Counts::default() };
    let restarted = status(&Facts { counts: &nothing, ..starting }, &first, later(10));
    for member in COUNTED {
        assert_eq!(restarted[member], first[member], "{member}");
    }
    let fresh = status(&Facts { counts: &nothing, ..starting }, &Value::Null, now());
    assert!(COUNTED.iter().all(|member| fresh[*member].is_null()), "{fresh}");
}

#[test]
fn whatever_is_known_fits_the_schema() {
    let long = "ä".repeat(5_000);
    let mut counts = counts();
    counts.problems = (0..50)
        .map(|index| Problem { message: long.clone(), reason: long.clone(), ..problem(&index.to_string()) })
        .collect();
    counts.kubernetes_version = long.clone();
    counts.unreadable = (0..500).map(|index| (kind("x", &index.to_string()), long.clone())).collect();
    counts.rows = (0..2_000).map(|index| (kind("x", &index.to_string()), Count::default())).collect();
    let facts = Facts { version: &long, holder: &long, ..facts(&counts, None) };
    let status = status(&facts, &Value::Null, now());
    let length = |value: &Value| value.as_str().unwrap().chars().count();
    assert_eq!(status["problems"].as_array().unwrap().len(), 20);
    assert_eq!(status["resources"].as_array().unwrap().len(), 1024);
    for text in [
        &status["syncerVersion"],
        &status["syncerHolder"],
        &status["kubernetesVersion"],
        &status["problems"][0]["message"],
    ] {
        assert_eq!(length(text), 256);
    }
    assert!(
        status["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|condition| length(&condition["message"]) <= 1024)
    );
}

#[test]
fn what_somebody_took_away_is_missed() {
    let counts = counts();
    let ours = status(&facts(&counts, None), &Value::Null, now());
    assert!(conditions::says(&ours, &ours));
    let mut theirs = ours.clone();
    theirs["key"] = json!("x");
    theirs["conditions"].as_array_mut().unwrap().push(json!({"type": "Ready", "status": "True"}));
    assert!(conditions::says(&theirs, &ours), "what others say does not matter");
    theirs["conditions"][0]["reason"] = json!("Wish");
    assert!(!conditions::says(&theirs, &ours));
    let mut without = ours.clone();
    without.as_object_mut().unwrap().remove("resources");
    assert!(!conditions::says(&without, &ours));
    assert!(!conditions::says(&Value::Null, &ours));
}

#[test]
fn health_is_what_the_server_will_make_of_it() {
    use health::Health;
    let unreadable = Counts { unreadable: [(kind("", "secrets"), "forbidden".into())].into(), ..counts() };
    let counts = counts();
    let (ok, less) = (facts(&counts, None), facts(&unreadable, None));
    let refused = Reach::Unreachable("refused".into());
    for (facts, expected) in [
        (ok, Health::Healthy),
        (less, Health::Degraded),
        (Facts { reach: &refused, ..less }, Health::Unhealthy),
        (Facts { phase: Phase::Stopping, ..less }, Health::Unknown),
    ] {
        assert_eq!(Health::of(&status(&facts, &Value::Null, now())), expected, "{facts:?}");
    }
    assert_eq!(Health::of(&Value::Null), Health::Unknown);
}
