//! What is kept of a SyncTarget, whole or broken.

use serde_json::{Value, json};

use super::*;
use crate::views::fixtures::object;

fn sample() -> Value {
    json!({
        "apiVersion": "workload.kcp.io/v1alpha1",
        "kind": "SyncTarget",
        "metadata": {
            "name": "east", "uid": "u", "resourceVersion": "5",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "managedFields": [{}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        },
        "spec": {"kcpCluster": "root:production", "future": 1},
        "status": {
            "lastSyncerHeartbeatTime": "2026-01-01T00:10:00Z",
            "resourcesObservedTime": "2026-01-01T00:09:00Z",
            "resources": [{"group": "apps", "resource": "deployments", "total": 3, "ready": 2}],
            "problems": [{"kind": "Deployment", "namespace": "n", "name": "d", "reason": "Crash"}],
        },
    })
}

#[test]
fn a_target_is_shown_without_what_changes_with_every_heartbeat() {
    let target = Target::read(&object(&sample()), None, &Origin::Kubernetes);
    let shown: Value = serde_json::from_str(target.json.get()).unwrap();
    assert_eq!(
        shown["metadata"],
        json!({"name": "east", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"})
    );
    assert_eq!(shown["spec"]["future"], 1);
    assert_eq!(shown["status"].as_object().unwrap().len(), 2);
    assert_eq!(target.workspace.as_deref(), Some("root:production"));
    assert_eq!(target.newest, "2026-01-01T00:09:00Z".parse().ok());
    let mut later = sample();
    later["metadata"]["resourceVersion"] = json!("6");
    later["status"]["lastSyncerHeartbeatTime"] = json!("2026-01-01T00:11:00Z");
    later["status"]["resourcesObservedTime"] = json!("2026-01-01T00:11:00Z");
    assert!(target.same_content(&Target::read(&object(&later), None, &Origin::Kubernetes)));
    later["status"]["resources"][0]["total"] = json!(4);
    assert!(!target.same_content(&Target::read(&object(&later), None, &Origin::Kubernetes)));
}

#[test]
fn a_broken_part_keeps_identity_and_workspace() {
    let last: Arc<str> = "root:before".into();
    for (pointer, value, part, workspace) in [
        ("/status", json!("x"), Unreadable::Status, Some("root:production")),
        ("/status/resources", json!({}), Unreadable::Status, Some("root:production")),
        ("/status/resources/0/total", json!(-1), Unreadable::Status, Some("root:production")),
        ("/spec/taints", json!("x"), Unreadable::Spec, Some("root:production")),
        ("/spec/kcpCluster", json!(7), Unreadable::Spec, Some("root:before")),
        ("/spec", json!([]), Unreadable::Spec, Some("root:before")),
    ] {
        let mut broken = sample();
        broken["spec"]["taints"] = json!([]);
        *broken.pointer_mut(pointer).unwrap() = value;
        let target = Target::read(&object(&broken), Some(&last), &Origin::Kubernetes);
        assert_eq!(target.facts, Err(part), "{pointer}");
        assert_eq!(target.workspace.as_deref(), workspace, "{pointer}");
        let shown: Value = serde_json::from_str(target.json.get()).unwrap();
        assert_eq!(shown["metadata"]["name"], "east");
        assert!(shown.get("status").is_none() && shown.get("spec").is_none());
    }
}

#[test]
fn a_target_without_status_or_workspace_is_fine() {
    let mut bare = sample();
    bare.as_object_mut().unwrap().remove("status");
    bare["spec"] = json!({});
    let target = Target::read(&object(&bare), None, &Origin::Kubernetes);
    assert_eq!(target.facts, Ok(Facts::default()));
    assert_eq!(target.workspace, None);
}

#[test]
fn an_absurdly_long_target_is_counted_but_not_shown_whole() {
    let mut long = sample();
    long["metadata"]["annotations"]["a"] = json!("x".repeat(SHOWN_BYTES));
    let target = Target::read(&object(&long), None, &Origin::Kubernetes);
    assert!(target.cut && target.facts.is_ok());
    assert!(target.json.get().len() < 300);
}

#[test]
fn many_lines_become_one() {
    let pretty = serde_json::to_string_pretty(&sample()).unwrap();
    let object = RawObject { json: RawValue::from_string(pretty).unwrap(), ..object(&sample()) };
    assert!(!Target::read(&object, None, &Origin::Kubernetes).json.get().contains('\n'));
}
