//! What is in a simulated world.

use serde_json::{Value, json};

use super::Server;
use crate::syncer::kind::Kind;

pub(in crate::syncer::engine) const TARGET: &str = "/apis/workload.kcp.io/v1alpha1/synctargets/east";
pub(in crate::syncer::engine) const NAMESPACE: &str = "/api/v1/namespaces/shop";

pub(in crate::syncer::engine) fn kind(group: &str, resource: &str, kind: &str) -> Kind {
    Kind {
        group: group.into(),
        version: "v1".into(),
        resource: resource.into(),
        kind: kind.into(),
        namespaced: true,
    }
}

/// Something with a spec and a status, and ConfigMaps.
pub(in crate::syncer::engine) fn kinds() -> [Kind; 2] {
    [kind("example.com", "widgets", "Widget"), kind("", "configmaps", "ConfigMap")]
}

pub(in crate::syncer::engine) fn widget(replicas: u64) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {}, "spec": {"replicas": replicas, "note": "n"}})
}

/// A namespace and the SyncTarget.
pub(super) fn populate(up: &Server) {
    up.create(NAMESPACE, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {}}));
    let target =
        json!({"apiVersion": "workload.kcp.io/v1alpha1", "kind": "SyncTarget", "metadata": {}, "spec": {}});
    up.create(TARGET, target);
    // Its uid is known before the world begins.
    up.edit(TARGET, "test", |target| target["metadata"]["uid"] = json!("target-uid"));
}
