//! The views on the wire.

use serde_json::{Value, json};

use super::*;

#[test]
fn targets_are_spliced_in_as_they_are_encoded() -> anyhow::Result<()> {
    let encoded = r#"{"kind":"SyncTarget", "spec":{ },"unknown":1}"#;
    let target: Arc<RawValue> = RawValue::from_string(encoded.to_owned())?.into();
    let status = AggregatedViewStatus {
        summary: serde_json::from_value(summary())?,
        sync_targets: vec![target.clone(), target],
        sync_targets_truncated: false,
    };
    let text = serde_json::to_string(&status)?;
    assert!(text.contains(&format!(r#""syncTargets":[{encoded},{encoded}]"#)), "{text}");
    let read: AggregatedViewStatus = serde_json::from_str(&text)?;
    assert_eq!(read.sync_targets[1].get(), encoded);
    Ok(())
}

#[test]
fn a_view_survives_a_round_trip() -> anyhow::Result<()> {
    let mut status = summary();
    status["syncTargets"] = json!([{
        "apiVersion": "workload.kcp.io/v1alpha1", "kind": "SyncTarget", "metadata": {"name": "east"},
        "spec": {"kcpCluster": "root:production", "syncMode": "Sync", "namespaceMapping": "Hashed"},
    }]);
    status["syncTargetsTruncated"] = json!(true);
    let object = json!({
        "apiVersion": API_VERSION, "kind": "AggregatedView", "metadata": {"name": "root:production"},
        "status": status,
    });
    let view: AggregatedView<SyncTarget> = serde_json::from_value(object.clone())?;
    assert_eq!(view.status.sync_targets[0].spec.kcp_cluster.as_deref(), Some("root:production"));
    assert_eq!(serde_json::to_value(&view)?, object);
    Ok(())
}

#[test]
fn a_tree_survives_a_round_trip() -> anyhow::Result<()> {
    let tree = json!({
        "apiVersion": API_VERSION, "kind": "AggregatedTree", "metadata": {"name": "root"},
        "status": summary(),
    });
    let list = json!({
        "apiVersion": API_VERSION, "kind": "AggregatedTreeList", "metadata": {"resourceVersion": "7"},
        "items": [tree],
    });
    let read: AggregatedTreeList = serde_json::from_value(list.clone())?;
    assert_eq!(serde_json::to_value(&read)?, list);
    Ok(())
}

#[test]
fn zeros_are_written_and_unreported_numbers_are_not() -> anyhow::Result<()> {
    assert_eq!(
        serde_json::to_value(ResourceCount::default())?,
        json!({"deployments": 0, "services": 0, "configMaps": 0, "secrets": 0})
    );
    assert_eq!(
        serde_json::to_value(HealthStatus::default())?,
        json!({"healthy": 0, "degraded": 0, "unhealthy": 0, "unknown": 0})
    );
    let row = ResourceSum { resource: "pods".into(), ready: Some(0), ..ResourceSum::default() };
    assert_eq!(serde_json::to_value(row)?, json!({"group": "", "resource": "pods", "total": 0, "ready": 0}));
    Ok(())
}

#[test]
fn health_and_data_are_shown_as_they_are_written_and_ordered_by_what_is_worst() -> anyhow::Result<()> {
    let health = [Health::Unhealthy, Health::Unknown, Health::Degraded, Health::Healthy];
    assert!(health.is_sorted());
    for value in health {
        assert_eq!(serde_json::to_value(value)?, json!(value.as_str()));
    }
    let data = [DataState::Partial, DataState::Stale, DataState::Complete];
    assert!(data.is_sorted());
    for value in data {
        assert_eq!(serde_json::to_value(value)?, json!(value.as_str()));
    }
    Ok(())
}

fn summary() -> Value {
    let time = "2026-03-01T12:00:00Z";
    json!({
        "workspaceName": "root:production",
        "targetCount": 2,
        "resourceCount": {"deployments": 36, "services": 0, "configMaps": 1, "secrets": MAX_COUNT},
        "resources": [{
            "group": "apps", "resource": "deployments", "total": 36, "ready": 34, "present": 40, "synced": 1,
            "pending": 2, "error": 3, "conflict": 4, "drifted": 5, "deleting": 6,
        }],
        "problems": [{
            "syncTarget": "east", "kind": "Deployment", "namespace": "shop", "name": "web",
            "reason": "Unavailable", "message": "0 of 3 replicas are ready", "since": time,
        }],
        "healthStatus": {"healthy": 1, "degraded": 0, "unhealthy": 0, "unknown": 1},
        "data": "Partial",
        "lastUpdated": time,
        "conditions": [{
            "type": condition::READY, "status": "False", "reason": "TargetsUnknown", "message": "1 of 2",
            "lastTransitionTime": time,
        }],
    })
}
