//! SyncTarget: a physical cluster that takes workloads, as its owner declares it.
//!
//! Administrators write the spec; [`status`] is written by the target's syncer and by the server. This
//! module must not know who that is.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

mod key;
pub mod status;
pub use key::{Base, digest, key};
pub use status::*;
#[cfg(test)]
mod tests;

/// API group of SyncTarget.
pub const GROUP: &str = "workload.kcp.io";
/// Version of SyncTarget.
pub const VERSION: &str = "v1alpha1";
/// Plural resource name of SyncTarget.
pub const RESOURCE: &str = "synctargets";

/// What the owner of a physical cluster declares about it.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::duplicated_attributes, reason = "columns may have the same type")]
#[kube(
    group = "workload.kcp.io",
    version = "v1alpha1",
    kind = "SyncTarget",
    plural = "synctargets",
    shortname = "st",
    category = "tmc",
    status = "SyncTargetStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "SyncTarget is a physical cluster that takes workloads of one workspace.",
    printcolumn(
        name = "Workspace",
        type_ = "string",
        json_path = ".spec.kcpCluster",
        description = "The workspace that the cluster serves."
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status",
        description = "Whether the cluster takes workloads."
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].reason",
        description = "Why the cluster is ready or not."
    ),
    printcolumn(
        name = "Last-Seen",
        type_ = "date",
        json_path = ".status.lastSyncerHeartbeatTime",
        description = "Time since the syncer was last seen, to a minute."
    ),
    printcolumn(
        name = "Version",
        type_ = "string",
        json_path = ".status.syncerVersion",
        description = "Version of the syncer."
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!has(oldSelf.kcpCluster) || (has(self.kcpCluster) && self.kcpCluster == oldSelf.kcpCluster)",
    "message": "kcpCluster is immutable once it is set",
    "fieldPath": ".kcpCluster",
}]))]
pub struct SyncTargetSpec {
    /// Path of the workspace, or name of the logical cluster, that this target serves. Immutable once it
    /// is set. On Kubernetes a target without it belongs to no workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024), regex(pattern = schema::WORKSPACE))]
    pub kcp_cluster: Option<String>,
    /// Names of the APIExports whose resources this target takes; `path:name` for one of another
    /// workspace.
    #[serde(rename = "supportedAPIExports", default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 256),
        inner(length(max = 1024), regex(pattern = schema::API_EXPORT)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub supported_api_exports: Vec<String>,
    /// True keeps new workloads away; those placed already stay.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unschedulable: bool,
    /// From this time on, workloads placed here are moved elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evict_after: Option<Time>,
    /// Taints keep workloads away that do not tolerate them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key", "effect"])
    )]
    pub taints: Vec<Taint>,
    /// Free-form names of the failure domains the cluster is part of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cells: BTreeMap<String, String>,
    /// Where the cluster is. Mirrored to the labels `topology.kubernetes.io/region` and `zone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology: Option<Topology>,
    /// Whether the syncer writes. `Paused` stops every write on both sides; it goes on reporting.
    #[serde(default)]
    pub sync_mode: SyncMode,
    /// How namespaces are named on the cluster. `Hashed` keeps workspaces apart; `Preserve` keeps the
    /// names and is possible only where the target serves exactly one workspace.
    #[serde(default)]
    pub namespace_mapping: NamespaceMapping,
}

/// A mark on a target that keeps workloads away which do not tolerate it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Taint {
    /// Key of the taint.
    #[schemars(length(min = 1, max = 316))]
    pub key: String,
    /// Value of the taint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub value: Option<String>,
    /// What happens to workloads that do not tolerate the taint. `NoSchedule` keeps new ones away,
    /// `PreferNoSchedule` tries to, `NoExecute` also moves those placed already.
    pub effect: TaintEffect,
    /// When the taint was added. Tolerations with a time limit count from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_added: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TaintEffect {
    NoSchedule,
    PreferNoSchedule,
    NoExecute,
}

/// Where a cluster is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Topology {
    /// Region, for example `eu-west-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub region: Option<String>,
    /// Zone within the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub zone: Option<String>,
    /// Who runs the infrastructure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub provider: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SyncMode {
    #[default]
    Sync,
    Paused,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum NamespaceMapping {
    #[default]
    Hashed,
    Preserve,
}

pub(crate) fn is_false(value: &bool) -> bool {
    !value
}
