//! Which SyncTarget this syncer serves: read once at the start, and the part of every stamp.

use crate::api::workload::{NamespaceMapping, key};

/// Two syncers never have the same one: a SyncTarget that is made again has another uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Of the SyncTarget.
    pub name: String,
    pub uid: String,
    /// The logical cluster that stores it; on a Kubernetes source `spec.kcpCluster` stands for it.
    pub cluster: String,
    /// The logical cluster whose objects are synced, by the same rule.
    pub workspace: String,
    pub namespace_mapping: NamespaceMapping,
}

impl Identity {
    /// As labels, annotations and finalizers name the target.
    pub fn key(&self) -> String {
        key(&self.cluster, &self.name)
    }
}
