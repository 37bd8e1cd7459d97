//! Objects as their controllers leave them, and how each stands.

use serde_json::{Value, json};

use super::*;

/// How an object stands, in one word, or what it is in trouble for.
fn stands(readiness: &Readiness, object: &Value) -> String {
    match readiness.judge(&object.to_string()) {
        None => "nothing".into(),
        Some(Standing::Ready) => "ready".into(),
        Some(Standing::Waiting) => "waiting".into(),
        Some(Standing::Troubled(trouble)) => {
            let since = trouble.since.map(|since| format!(" since {since}")).unwrap_or_default();
            format!("{}% {}: {}{since}", trouble.works, trouble.reason, trouble.message)
        }
    }
}

fn object(generation: u64, spec: &Value, status: &Value) -> Value {
    json!({"metadata": {"name": "a", "generation": generation}, "spec": spec, "status": status})
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": "2026-01-02T03:04:05Z",
    })
}

fn check(readiness: &Readiness, cases: &[(Value, &str)]) {
    for (object, expected) in cases {
        assert_eq!(stands(readiness, object), *expected, "{object}");
    }
}

#[test]
fn a_deployment_is_ready_when_it_is_rolled_out() {
    let of = |spec: Value, status: Value| object(2, &spec, &status);
    let counts = |replicas: i64, updated: i64, available: i64| json!({"observedGeneration": 2, "replicas": replicas, "updatedReplicas": updated, "availableReplicas": available});
    let with = |mut status: Value, condition: Value| {
        status["conditions"] = json!([condition]);
        status
    };
    let serving = condition("Available", "True", "MinimumReplicasAvailable", "");
    let short = condition("Available", "False", "MinimumReplicasUnavailable", "not shown");
    let three = || json!({"replicas": 3});
    check(
        &Readiness::Deployment,
        &[
            (of(three(), counts(3, 3, 3)), "ready"),
            // Without a number one replica is wanted; none may be.
            (of(json!({}), counts(1, 1, 1)), "ready"),
            (of(json!({"replicas": null}), counts(1, 1, 1)), "ready"),
            (of(json!({"replicas": 0}), json!({"observedGeneration": 2})), "ready"),
            (
                of(json!({"replicas": i64::MAX}), counts(3, 3, 3)),
                "0% MinimumReplicasUnavailable: 3 of 9223372036854775807 replicas are available",
            ),
            // An old replica is still there, a new one not yet available, the change not yet seen.
            (of(three(), with(counts(4, 3, 3), serving.clone())), "waiting"),
            (of(three(), with(counts(3, 3, 2), serving.clone())), "waiting"),
            (object(3, &three(), &with(counts(3, 3, 3), serving)), "waiting"),
            (
                of(three(), with(counts(3, 3, 1), short.clone())),
                "33% MinimumReplicasUnavailable: 1 of 3 replicas are available since 2026-01-02T03:04:05Z",
            ),
            (
                of(
                    three(),
                    with(
                        counts(3, 1, 2),
                        condition(
                            "Progressing",
                            "False",
                            "ProgressDeadlineExceeded",
                            "ReplicaSet \"a\" has timed out",
                        ),
                    ),
                ),
                "66% ProgressDeadlineExceeded: ReplicaSet \"a\" has timed out since 2026-01-02T03:04:05Z",
            ),
            (
                of(
                    three(),
                    with(
                        counts(0, 0, 0),
                        condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota"),
                    ),
                ),
                "0% FailedCreate: exceeded quota since 2026-01-02T03:04:05Z",
            ),
            (of(three(), json!({})), "0% NotObserved: no controller of the cluster has looked at it"),
            (of(three(), Value::Null), "0% NotObserved: no controller of the cluster has looked at it"),
            // What controllers never write.
            (
                of(three(), json!({"observedGeneration": 2, "availableReplicas": -3})),
                "0% MinimumReplicasUnavailable: 0 of 3 replicas are available",
            ),
            (
                of(three(), json!({"observedGeneration": "2", "conditions": "no"})),
                "0% MinimumReplicasUnavailable: 0 of 3 replicas are available",
            ),
            (of(json!("text"), json!({})), "0% Unreadable: its spec is not of its kind"),
        ],
    );
    let mut leaving = of(three(), with(counts(3, 3, 1), short));
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-02T03:04:05Z");
    assert_eq!(stands(&Readiness::Deployment, &leaving), "waiting");
}

#[test]
fn a_stateful_set_is_ready_when_it_is_updated_and_available() {
    let of = |spec: Value, status: Value| object(2, &spec, &status);
    let counts = |updated: u64, available: u64, done: bool| {
        json!({
            "observedGeneration": 2, "replicas": 3, "updatedReplicas": updated, "availableReplicas": available,
            "currentRevision": if done { "b" } else { "a" }, "updateRevision": "b",
        })
    };
    let three = || json!({"replicas": 3});
    let partition = json!({"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}});
    check(
        &Readiness::StatefulSet,
        &[
            (of(three(), counts(3, 3, true)), "ready"),
            (of(three(), counts(1, 3, false)), "waiting"),
            (
                of(three(), counts(1, 2, false)),
                "66% MinimumReplicasUnavailable: 2 of 3 replicas are available",
            ),
            (of(partition.clone(), counts(1, 3, false)), "ready"),
            (of(partition, counts(0, 3, false)), "waiting"),
            (
                of(json!({"replicas": 3, "updateStrategy": {"type": "OnDelete"}}), counts(0, 3, false)),
                "ready",
            ),
            // Of a cluster that does not tell which are available.
            (of(three(), json!({"observedGeneration": 2, "readyReplicas": 3})), "ready"),
            (
                of(three(), json!({"replicas": 0})),
                "0% NotObserved: no controller of the cluster has looked at it",
            ),
            (object(3, &three(), &counts(3, 3, true)), "waiting"),
        ],
    );
}

#[test]
fn a_daemon_set_is_ready_on_every_node_it_is_wanted_on() {
    let of = |spec: Value, status: Value| object(2, &spec, &status);
    let counts = |wanted: u64, updated: u64, available: u64| {
        json!({
            "observedGeneration": 2, "desiredNumberScheduled": wanted, "updatedNumberScheduled": updated,
            "numberAvailable": available,
        })
    };
    check(
        &Readiness::DaemonSet,
        &[
            (of(json!({}), counts(3, 3, 3)), "ready"),
            (of(json!({}), counts(0, 0, 0)), "ready"),
            (of(json!({}), counts(3, 1, 3)), "waiting"),
            (of(json!({"updateStrategy": {"type": "OnDelete"}}), counts(3, 1, 3)), "ready"),
            (of(json!({}), counts(3, 3, 2)), "66% MinimumReplicasUnavailable: 2 of 3 replicas are available"),
            (of(json!({}), json!({})), "0% NotObserved: no controller of the cluster has looked at it"),
        ],
    );
}

#[test]
fn a_replica_set_is_ready_when_it_is_available() {
    let of = |status: Value| object(2, &json!({"replicas": 2}), &status);
    let failed = condition("ReplicaFailure", "True", "FailedCreate", "no quota");
    check(
        &Readiness::ReplicaSet,
        &[
            (of(json!({"observedGeneration": 2, "availableReplicas": 2})), "ready"),
            (of(json!({"observedGeneration": 1, "availableReplicas": 2})), "waiting"),
            (
                of(json!({"observedGeneration": 2, "availableReplicas": 1})),
                "50% MinimumReplicasUnavailable: 1 of 2 replicas are available",
            ),
            (
                of(json!({"observedGeneration": 2, "conditions": [failed]})),
                "0% FailedCreate: no quota since 2026-01-02T03:04:05Z",
            ),
        ],
    );
}

#[test]
fn a_job_is_ready_while_it_does_what_it_is_asked_to() {
    let of = |spec: Value, status: Value| object(1, &spec, &status);
    let done = json!([condition("Complete", "True", "", "")]);
    let failed = json!([condition("Failed", "True", "BackoffLimitExceeded", "it failed too often")]);
    check(
        &Readiness::Job,
        &[
            (of(json!({}), json!({"startTime": "t", "succeeded": 1, "conditions": done})), "ready"),
            (of(json!({"suspend": true}), json!({})), "ready"),
            (of(json!({}), json!({"startTime": "t", "active": 2, "ready": 2})), "ready"),
            (of(json!({}), json!({"startTime": "t", "active": 2})), "ready"),
            (of(json!({}), json!({"startTime": "t"})), "waiting"),
            (
                of(json!({}), json!({"startTime": "t", "active": 2, "ready": 1})),
                "50% PodsNotReady: 1 of 2 pods are ready",
            ),
            (
                of(json!({}), json!({"startTime": "t", "failed": 2})),
                "0% PodsFailed: 2 pods failed and none runs",
            ),
            (of(json!({}), json!({})), "0% NotStarted: no controller of the cluster has started it"),
            (
                of(json!({}), json!({"startTime": "t", "failed": 7, "conditions": failed})),
                "0% BackoffLimitExceeded: it failed too often since 2026-01-02T03:04:05Z",
            ),
        ],
    );
}

#[test]
fn a_claim_is_ready_when_it_is_bound() {
    let of = |phase: &str| object(0, &json!({}), &json!({"phase": phase}));
    check(
        &Readiness::Claim,
        &[
            (of("Bound"), "ready"),
            (of("Lost"), "0% Lost: the volume of the claim is gone"),
            (of("Pending"), "50% Pending: the claim is not bound to a volume"),
            (object(0, &json!({}), &json!({})), "50% Pending: the claim is not bound to a volume"),
        ],
    );
}

#[test]
fn other_kinds_are_ready_by_a_condition_that_was_asked_for() {
    let ready = Readiness::Condition("Ready".into());
    let of = |status: Value| json!({"metadata": {"generation": 2}, "spec": {"replicas": "many"}, "status": status});
    let mut old = condition("Ready", "True", "", "");
    old["observedGeneration"] = json!(1);
    check(
        &ready,
        &[
            (of(json!({"conditions": [condition("Ready", "True", "", "")]})), "ready"),
            (
                of(json!({"observedGeneration": 1, "conditions": [condition("Ready", "True", "", "")]})),
                "waiting",
            ),
            (of(json!({"conditions": [old]})), "waiting"),
            (
                of(json!({"conditions": [condition("Ready", "False", "NoDisk", "it is full")]})),
                "0% NoDisk: it is full since 2026-01-02T03:04:05Z",
            ),
            (
                of(json!({"conditions": [condition("Ready", "Unknown", "", "")]})),
                "0% NotReady:  since 2026-01-02T03:04:05Z",
            ),
            (of(json!({})), "0% NotObserved: it has no condition Ready"),
        ],
    );
    let kind = |group: &str, resource: &str| Kind {
        group: group.into(),
        version: "v1".into(),
        resource: resource.into(),
        kind: "K".into(),
        namespaced: true,
    };
    let (widgets, services) = (kind("x.io", "widgets"), kind("", "services"));
    let conditions = [(widgets.group_resource(), "Ready".to_owned())].into();
    assert_eq!(Readiness::of(&widgets, &conditions), ready);
    assert_eq!(Readiness::of(&services, &conditions), Readiness::None);
    assert_eq!(stands(&Readiness::None, &of(json!({}))), "nothing");
}

#[test]
fn long_messages_are_cut_between_characters() {
    let long = condition("Ready", "False", &"r".repeat(300), &"ä".repeat(300));
    let object = json!({"metadata": {}, "status": {"conditions": [long]}});
    let Some(Standing::Troubled(trouble)) = Readiness::Condition("Ready".into()).judge(&object.to_string())
    else {
        panic!("it is in trouble");
    };
    assert_eq!((trouble.reason.len(), trouble.message.chars().count()), (256, 256));
}
