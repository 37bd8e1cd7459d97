//! Objects for tests, as a source would send them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::informers::{ObjectMeta, RawObject};

pub fn object(value: &Value) -> RawObject {
    let text = |field: &str| value["metadata"][field].as_str().unwrap_or_default().to_owned();
    RawObject {
        meta: ObjectMeta {
            name: text("name"),
            namespace: text("namespace"),
            uid: text("uid"),
            resource_version: text("resourceVersion"),
            creation_timestamp: text("creationTimestamp").parse().ok(),
            cluster: value["metadata"]["annotations"]["kcp.io/cluster"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            ..ObjectMeta::default()
        },
        json: serde_json::value::to_raw_value(value).unwrap(),
    }
}

/// A SyncTarget of a workspace with a Ready condition and so many Deployments, all but one ready.
pub fn target(name: &str, uid: &str, workspace: &str, ready: &str, deployments: u64) -> Value {
    json!({
        "apiVersion": "workload.kcp.io/v1alpha1",
        "kind": "SyncTarget",
        "metadata": {
            "name": name, "uid": uid, "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"kcpCluster": workspace},
        "status": {
            "conditions": [{
                "type": "Ready", "status": ready, "reason": "Test", "message": "",
                "lastTransitionTime": "2026-01-01T00:00:05Z",
            }],
            "resources": [{
                "group": "apps", "resource": "deployments",
                "total": deployments, "ready": deployments.saturating_sub(1),
            }],
        },
    })
}

pub fn lease(uid: &str, renewed: Timestamp, holder: &str) -> Value {
    json!({
        "metadata": {
            "name": format!("synctarget-{uid}"), "namespace": "tmc-system", "uid": format!("lease-{uid}"),
            "resourceVersion": "1",
        },
        "spec": {"holderIdentity": holder, "renewTime": renewed.to_string()},
    })
}
