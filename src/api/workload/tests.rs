//! SyncTarget on the wire.

use serde_json::{Value, json};

use super::*;

#[test]
fn the_example_is_a_synctarget() -> anyhow::Result<()> {
    let target: SyncTarget = serde_saphyr::from_str(include_str!("../../../examples/synctarget.yaml"))?;
    assert_eq!(target.metadata.name.as_deref(), Some("production-east"));
    assert_eq!(target.spec.kcp_cluster.as_deref(), Some("root:production"));
    assert_eq!(target.spec.supported_api_exports, ["kubernetes"]);
    assert_eq!(target.spec.sync_mode, SyncMode::Sync);
    assert_eq!(target.spec.namespace_mapping, NamespaceMapping::Hashed);
    Ok(())
}

#[test]
fn every_field_survives_a_round_trip() -> anyhow::Result<()> {
    let object = full();
    let target: SyncTarget = serde_json::from_value(object.clone())?;
    assert_eq!(serde_json::to_value(&target)?, object);
    Ok(())
}

#[test]
fn what_is_not_known_is_not_written() -> anyhow::Result<()> {
    let target = SyncTarget { status: Some(SyncTargetStatus::default()), ..SyncTarget::default() };
    let object = serde_json::to_value(target)?;
    assert_eq!(object["spec"], json!({"syncMode": "Sync", "namespaceMapping": "Hashed"}));
    assert_eq!(object["status"], json!({}));
    Ok(())
}

#[test]
fn a_quantity_may_be_a_number() -> anyhow::Result<()> {
    let status: SyncTargetStatus = serde_json::from_value(json!({"capacity": {"pods": 110, "cpu": "4"}}))?;
    assert_eq!(serde_json::to_value(status)?["capacity"], json!({"pods": "110", "cpu": "4"}));
    Ok(())
}

#[test]
fn enums_have_their_documented_values() -> anyhow::Result<()> {
    use {CompatibilityState as C, NamespaceMapping as N, TaintEffect as T};
    assert_eq!(
        serde_json::to_value([T::NoSchedule, T::PreferNoSchedule, T::NoExecute])?,
        json!(["NoSchedule", "PreferNoSchedule", "NoExecute"])
    );
    assert_eq!(serde_json::to_value([SyncMode::Sync, SyncMode::Paused])?, json!(["Sync", "Paused"]));
    assert_eq!(serde_json::to_value([N::Hashed, N::Preserve])?, json!(["Hashed", "Preserve"]));
    assert_eq!(
        serde_json::to_value([Mode::Placement, Mode::Filter, Mode::Observe])?,
        json!(["placement", "filter", "observe"])
    );
    assert_eq!(
        serde_json::to_value([C::Pending, C::Accepted, C::Incompatible])?,
        json!(["Pending", "Accepted", "Incompatible"])
    );
    Ok(())
}

#[test]
fn a_negative_count_is_not_read() {
    for count in [json!(-1), json!(1.5), json!("3"), Value::Null] {
        let row = json!({"group": "apps", "resource": "deployments", "total": count});
        assert!(serde_json::from_value::<ResourceStatus>(row).is_err(), "{count}");
    }
}

fn full() -> Value {
    let time = "2026-03-01T12:00:00Z";
    json!({
        "apiVersion": "workload.kcp.io/v1alpha1",
        "kind": "SyncTarget",
        "metadata": {"name": "east", "uid": "u-1"},
        "spec": {
            "kcpCluster": "root:production",
            "supportedAPIExports": ["kubernetes", "root:apis:cowboys"],
            "unschedulable": true,
            "evictAfter": time,
            "taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule", "timeAdded": time}],
            "cells": {"rack": "7"},
            "topology": {"region": "eu-west-1", "zone": "eu-west-1a", "provider": "own"},
            "syncMode": "Paused",
            "namespaceMapping": "Preserve",
        },
        "status": {
            "observedGeneration": 3,
            "conditions": [{
                "type": condition::READY, "status": "True", "reason": "AsExpected", "message": "",
                "lastTransitionTime": time, "observedGeneration": 3,
            }],
            "key": "34sZi3721YwBLDHUuNVIOLxuYp5nEZBpsTQyDq",
            "mode": "observe",
            "lastSyncerHeartbeatTime": time,
            "syncerVersion": "v0.1.0",
            "syncerHolder": "syncer-0",
            "kubernetesVersion": "v1.36.3",
            "nodeSummary": {"total": 3, "ready": 2},
            "allocatable": {"cpu": "4"},
            "capacity": {"cpu": "5"},
            "allocated": {"cpu": "1500m"},
            "syncedResources": [{
                "group": "apps", "resource": "deployments", "versions": ["v1"], "identityHash": "abc",
                "state": "Incompatible", "message": "spec.replicas: type differs",
            }],
            "resources": [{
                "group": "apps", "resource": "deployments", "total": 21, "ready": 20, "present": 30,
                "synced": 1, "pending": 2, "error": 3, "conflict": 4, "drifted": 5, "deleting": 6,
            }],
            "resourcesObservedTime": time,
            "problems": [{
                "kind": "Deployment", "namespace": "shop", "name": "web", "reason": "Unavailable",
                "message": "0 of 3 replicas are ready", "since": time,
            }],
            "virtualWorkspaces": [{"url": "https://kcp.example.com/services/syncer/a"}],
        },
    })
}
