//! Tables of what is said when, and properties that hold for every target.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

const WORKSPACE: &str = "root:production";

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Condition {
    Condition {
        type_: kind.into(),
        status: status.into(),
        reason: reason.into(),
        message: message.into(),
        last_transition_time: Time(at(1)),
        observed_generation: None,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn target(conditions: Vec<Condition>) -> Target {
    let kcp_cluster = Some(WORKSPACE.to_owned());
    Target {
        name: "east".into(),
        uid: "u1".into(),
        generation: Some(3),
        kcp_cluster,
        conditions,
        ..Target::default()
    }
}

fn heard_after(seconds: u64) -> Option<Heartbeat> {
    Some(Heartbeat { age: Duration::from_secs(seconds), ahead: None })
}

/// Status and reason of `HeartbeatHealthy`, then of `Ready`.
fn said(target: &Target, heartbeat: Option<Heartbeat>) -> [String; 2] {
    let owned = reconcile(target, heartbeat, at(100));
    [0, 1].map(|index| format!("{} {}", owned.conditions[index].status, owned.conditions[index].reason))
}

#[test]
fn a_target_that_a_logical_cluster_stores_serves_it_or_one_below() {
    for (path, says, expected) in [
        (Some("root:a"), None, "True WorkspaceAssigned"),
        (Some("root:a"), Some("root:a"), "True WorkspaceAssigned"),
        (Some("root:a"), Some("root:a:b"), "True WorkspaceAssigned"),
        (Some("root:a"), Some("root:b"), "True KcpClusterIgnored"),
        (Some("root:a"), Some("Nonsense"), "True KcpClusterIgnored"),
        (None, Some("root:a"), "Unknown WorkspaceNotFound"),
    ] {
        let (cluster, stored) = ("1abc".to_owned(), path.map(Arc::from));
        let target = Target { cluster, stored, kcp_cluster: says.map(str::to_owned), ..target(Vec::new()) };
        let owned = reconcile(&target, None, at(100));
        let assigned = &owned.conditions[2];
        assert_eq!(format!("{} {}", assigned.status, assigned.reason), expected, "{path:?} {says:?}");
        assert_eq!(owned.key, Some(key("1abc", "east")), "whatever it says");
    }
}

#[test]
fn ready_sums_up_the_syncers_conditions_and_the_heartbeat() {
    let part = |kind, status: &str| {
        let reason = if status == "True" { "Fine" } else { "Trouble" };
        (status != "absent").then(|| condition(kind, status, reason, ""))
    };
    let table = [
        ("absent", "absent", None, "Unknown HeartbeatNotSeen", "Unknown HeartbeatNotSeen"),
        ("absent", "absent", Some(0), "True HeartbeatSeen", "Unknown NotReported"),
        ("True", "absent", Some(0), "True HeartbeatSeen", "Unknown NotReported"),
        ("True", "True", Some(0), "True HeartbeatSeen", "True Ready"),
        ("True", "True", Some(40), "True HeartbeatSeen", "True Ready"),
        ("True", "True", Some(41), "Unknown HeartbeatStale", "Unknown HeartbeatStale"),
        ("True", "True", None, "Unknown HeartbeatNotSeen", "Unknown HeartbeatNotSeen"),
        ("True", "Unknown", Some(0), "True HeartbeatSeen", "Unknown Trouble"),
        ("False", "True", Some(0), "True HeartbeatSeen", "False Trouble"),
        ("True", "False", Some(0), "True HeartbeatSeen", "False Trouble"),
        ("Unknown", "False", Some(0), "True HeartbeatSeen", "False Trouble"),
        ("False", "True", Some(41), "Unknown HeartbeatStale", "False Trouble"),
        ("odd", "True", Some(0), "True HeartbeatSeen", "Unknown Trouble"),
    ];
    for (syncer, downstream, age, heartbeat, ready) in table {
        let conditions =
            [part(condition::SYNCER_READY, syncer), part(condition::DOWNSTREAM_REACHABLE, downstream)];
        let target = target(conditions.into_iter().flatten().collect());
        let row = format!("{syncer} {downstream} {age:?}");
        assert_eq!(said(&target, age.and_then(heard_after)), [heartbeat, ready], "{row}");
    }
}

#[test]
fn nothing_else_makes_a_target_unready() {
    let others = [
        condition::SYNCER_AUTHORIZED,
        condition::API_IMPORTER_READY,
        condition::RESOURCES_SYNCED,
        condition::SECURITY_CONTEXT_VALID,
        condition::SCHEDULABLE,
        condition::WORKSPACE_ASSIGNED,
    ];
    let fine = [condition::SYNCER_READY, condition::DOWNSTREAM_REACHABLE];
    let fine = fine.map(|kind| condition(kind, "True", "Fine", ""));
    let bad = others.map(|kind| condition(kind, "False", "Trouble", ""));
    let target = target(fine.into_iter().chain(bad).collect());
    assert_eq!(said(&target, heard_after(0))[1], "True Ready");
}

#[test]
fn a_target_without_a_workspace_says_what_to_set() {
    for (kcp_cluster, status, reason) in [
        (Some(WORKSPACE), "True", "WorkspaceAssigned"),
        (None, "False", "WorkspaceNotSet"),
        (Some("Root production"), "False", "InvalidWorkspace"),
    ] {
        let target = Target { kcp_cluster: kcp_cluster.map(Into::into), ..target(Vec::new()) };
        let owned = reconcile(&target, None, at(100));
        let assigned = &owned.conditions[2];
        assert_eq!((&*assigned.status, &*assigned.reason), (status, reason));
        assert_eq!(owned.key.is_some(), status == "True");
        assert_eq!(assigned.message.contains("spec.kcpCluster"), status == "False");
        assert_eq!(assigned.observed_generation, Some(3));
    }
    let owned = reconcile(&Target { kcp_cluster: None, ..target(Vec::new()) }, None, at(100));
    assert!(owned.conditions[2].message.contains("kubectl patch synctarget east"));
}

#[test]
fn a_wrong_clock_is_told_of_and_not_at_every_beat() {
    let beat = |seconds| {
        let ahead = Some(SignedDuration::from_secs(seconds));
        Some(Heartbeat { age: Duration::ZERO, ahead })
    };
    let message = |target: &Target, beat| reconcile(target, beat, at(100)).conditions[0].message.clone();
    let right = target(Vec::new());
    assert_eq!(message(&right, beat(29)), "");
    assert!(message(&right, beat(31)).ends_with("ahead of the server's"));
    let told = message(&right, beat(-31));
    assert!(told.ends_with("behind the server's"));
    let wrong = target(vec![condition(condition::HEARTBEAT_HEALTHY, "True", "HeartbeatSeen", &told)]);
    assert_eq!(message(&wrong, beat(-25)), told, "still");
    assert_eq!(message(&wrong, heard_after(0)), told, "not measured yet");
    assert_eq!(message(&wrong, beat(-19)), "");
}

#[test]
fn a_time_changes_with_its_status_alone() {
    let known = vec![
        condition(condition::HEARTBEAT_HEALTHY, "True", "Other", ""),
        condition(condition::READY, "True", "Ready", ""),
    ];
    let owned = reconcile(&target(known), heard_after(0), at(100));
    let times = owned.conditions.each_ref().map(|condition| condition.last_transition_time.0.as_second());
    assert_eq!(times, [1, 100, 100]);
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let kinds = [
        condition::SYNCER_READY,
        condition::DOWNSTREAM_REACHABLE,
        condition::HEARTBEAT_HEALTHY,
        condition::READY,
        condition::WORKSPACE_ASSIGNED,
    ];
    let kind = prop::sample::select(kinds.to_vec());
    let status = prop::sample::select(vec!["True", "False", "Unknown", ""]);
    (kind, status, "\\PC{0,12}", "\\PC{0,40}")
        .prop_map(|(kind, status, reason, message)| condition(kind, status, &reason, &message))
}

proptest! {
    /// Written once, there is nothing left to write; and what is written is what a schema of conditions takes.
    #[test]
    fn it_settles_in_one_step(
        conditions in prop::collection::vec(any_condition(), 0..6),
        workspace in prop::option::of("[a-zA-Z:-]{0,12}"),
        age in prop::option::of(0_u64..100),
        ahead in prop::option::of(-100_i64..100),
    ) {
        let ahead = ahead.map(SignedDuration::from_secs);
        let heartbeat = age.map(|age| Heartbeat { age: Duration::from_secs(age), ahead });
        let mut target = Target { kcp_cluster: workspace, ..target(conditions) };
        let owned = reconcile(&target, heartbeat, at(100));
        for condition in &owned.conditions {
            prop_assert!(is_reason(&condition.reason), "{condition:?}");
            prop_assert!(["True", "False", "Unknown"].contains(&&*condition.status));
            prop_assert!(condition.message.chars().count() <= MESSAGE);
        }
        let [heard, ready, _] = &owned.conditions;
        prop_assert_ne!(&*heard.status, "False");
        if ready.status == "True" {
            prop_assert_eq!(&*heard.status, "True");
        }
        target.key.clone_from(&owned.key);
        target.conditions.retain(|known| owned.conditions.iter().all(|ours| ours.type_ != known.type_));
        target.conditions.extend(owned.conditions.clone());
        let again = reconcile(&target, heartbeat, at(200));
        prop_assert!(!again.differs(&target));
        prop_assert_eq!(again, owned);
    }
}
