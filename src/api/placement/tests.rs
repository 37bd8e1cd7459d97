//! Placement on the wire.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::*;

#[test]
fn the_example_is_a_placement() -> anyhow::Result<()> {
    let placement: Placement = serde_saphyr::from_str(include_str!("../../../examples/placement.yaml"))?;
    assert_eq!(placement.spec.placement_policy.strategy, Strategy::Spread);
    assert!(placement.spec.workload_selector.match_labels.is_some_and(|labels| labels["app"] == "web"));
    Ok(())
}

#[test]
fn defaults_are_those_documented() -> anyhow::Result<()> {
    let spec: PlacementSpec = serde_json::from_value(json!({"workloadSelector": {}}))?;
    assert_eq!(spec.placement_policy.strategy, Strategy::Spread);
    assert_eq!(spec.dependencies, Dependencies::Follow);
    let resources: Vec<_> = spec.resources.iter().map(|r| (r.group.as_str(), r.resource.as_str())).collect();
    let expected = [
        ("apps", "deployments"),
        ("apps", "statefulsets"),
        ("", "services"),
        ("", "configmaps"),
        ("", "secrets"),
    ];
    assert_eq!(resources, expected);
    let failover: Failover = serde_json::from_value(json!({}))?;
    assert_eq!(failover, Failover { mode: FailoverMode::Graceful, grace_period_seconds: 600 });
    let reschedule: Reschedule = serde_json::from_value(json!({}))?;
    assert!(reschedule.on_policy_change && !reschedule.on_target_join && !reschedule.on_label_change);
    let apply: ApplyPolicy = serde_json::from_value(json!({}))?;
    assert_eq!(apply, ApplyPolicy::default());
    assert_eq!(apply.deletion_policy, DeletionPolicy::Orphan);
    Ok(())
}

#[test]
fn every_field_survives_a_round_trip() -> anyhow::Result<()> {
    let object = full();
    let placement: Placement = serde_json::from_value(object.clone())?;
    assert_eq!(serde_json::to_value(&placement)?, object);
    Ok(())
}

#[test]
fn enums_have_their_documented_values() {
    values::<Strategy>(&[
        "Spread",
        "All",
        "Pinned",
        "Singleton",
        "HighAvailability",
        "Weighted",
        "LeastLoaded",
    ]);
    values::<Dependencies>(&["Follow", "None"]);
    values::<WhenUnsatisfiable>(&["DoNotSchedule", "ScheduleAnyway"]);
    values::<DivisionType>(&["Duplicated", "Divided"]);
    values::<DivisionPreference>(&["Weighted", "Aggregated", "Capacity"]);
    values::<TolerationOperator>(&["Equal", "Exists"]);
    values::<PrioritizerName>(&["Steady", "Balance", "Capacity", "Affinity"]);
    values::<FailoverMode>(&["Graceful", "Immediate", "Never"]);
    values::<ConflictResolution>(&["UpstreamWins", "DownstreamWins", "FailOnConflict"]);
    values::<Winner>(&["Upstream", "Downstream"]);
    values::<TakeOver>(&["Never", "IfNoDiff", "Always"]);
    values::<DriftPolicy>(&["Correct", "ReportOnly", "Ignore"]);
    values::<OnImmutable>(&["Report", "Recreate"]);
    values::<DeletionPolicy>(&["Orphan", "Delete"]);
    values::<JsonPatchOp>(&["add", "remove", "replace", "move", "copy", "test"]);
    values::<Phase>(&["Pending", "Scheduled", "PartiallyScheduled", "Failed"]);
    values::<DecisionState>(&["Active", "Evicting", "Pending"]);
}

/// The type reads and writes these values, and its schema has no others.
fn values<T: Serialize + DeserializeOwned + JsonSchema>(expected: &[&str]) {
    for value in expected {
        let read: T = serde_json::from_value(json!(value)).expect(value);
        assert_eq!(serde_json::to_value(read).expect(value), json!(value));
    }
    let mut schema = schemars::schema_for!(T).to_value();
    schema::simplify(&mut schema);
    assert_eq!(schema["enum"], json!(expected));
}

fn full() -> Value {
    let time = "2026-03-01T12:00:00Z";
    let selector = json!({"matchLabels": {"a": "b"}});
    json!({
        "apiVersion": "placement.kcp.io/v1alpha1",
        "kind": "Placement",
        "metadata": {"name": "web"},
        "spec": {
            "workloadSelector": selector, "selectAll": true, "namespaceSelector": selector,
            "resources": [{"group": "apps", "resource": "deployments"}],
            "syncTargetSelector": selector, "syncTargetWorkspace": "root:compute", "priority": -3,
            "dependencies": "None", "placementPolicy": policy(), "suspend": true,
            "applyPolicy": {
                "conflictResolution": "FailOnConflict",
                "winners": [{"path": "/spec/replicas", "winner": "Downstream"}],
                "takeOver": "IfNoDiff", "driftPolicy": "ReportOnly", "onImmutable": "Recreate",
                "deletionPolicy": "Delete", "upsyncFields": ["/spec/clusterIP"],
            },
            "overrides": [{
                "name": "eu", "targets": {"selector": selector}, "ops": ops(),
                "match": {
                    "resources": [{"group": "", "resource": "services"}], "namespaces": ["shop"],
                    "labelSelector": selector, "cel": "true",
                },
            }],
        },
        "status": {
            "observedGeneration": 1, "phase": "PartiallyScheduled", "targetCount": 1,
            "matchedWorkloads": 4, "unschedulableReplicas": 2,
            "decisions": [{
                "syncTarget": "east", "cluster": "root:compute", "key": "k", "uid": "u", "reason": "Best",
                "score": -7, "replicas": 3, "state": "Evicting", "since": time,
            }],
            "rejected": [{"syncTarget": "west", "reason": "Tainted", "message": "gpu=yes:NoSchedule"}],
            "conditions": [{
                "type": condition::SCHEDULED, "status": "False", "reason": "InsufficientCapacity",
                "message": "2 replicas", "lastTransitionTime": time,
            }],
        },
    })
}

fn policy() -> Value {
    json!({
        "strategy": "Weighted", "numberOfClusters": 2, "clusterNames": ["east"], "topologyKey": "zone",
        "topologySpreadConstraints":
            [{"topologyKey": "zone", "maxSkew": 2, "whenUnsatisfiable": "ScheduleAnyway"}],
        "minDomains": 3, "overprovision": true,
        "weights": [{"selector": {"matchLabels": {"a": "b"}}, "weight": 5}],
        "replicaScheduling":
            {"type": "Divided", "preference": "Capacity", "min": 1, "max": 9, "avoidDisruption": false},
        "tolerations": [{
            "key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoExecute", "tolerationSeconds": 60,
        }],
        "prioritizers": [{"name": "Steady", "weight": -10}],
        "failover": {"mode": "Immediate", "gracePeriodSeconds": 5},
        "reschedule": {"onPolicyChange": false, "onTargetJoin": true, "onLabelChange": true},
    })
}

fn ops() -> Value {
    json!([
        {"jsonPatch": [{"op": "move", "path": "/a", "from": "/b"}, {"op": "add", "path": "/c", "value": [1]}]},
        {"mergePatch": {"spec": {"replicas": null}}},
        {"set": {"path": "/spec/a", "value": {"b": 1}}},
        {"remove": "/spec/c"},
        {"image": {"registry": "r", "repository": "p", "tag": "t"}},
        {"renameMap": {"old": "new"}},
        {"labels": {"add": {"a": "b"}, "remove": ["c"]}},
        {"annotations": {"add": {"a": "b"}, "remove": ["c"]}},
        {"cel": {"path": "/spec/d", "expression": "1 + 1"}},
    ])
}
