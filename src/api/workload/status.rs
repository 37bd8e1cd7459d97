//! SyncTarget's status: what its syncer and the server observe.
//!
//! The syncer reports counts, problems and its own conditions; the server alone writes `Ready`,
//! `HeartbeatHealthy`, `WorkspaceAssigned` and `key`. This module must not judge what it carries.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::{
    api::resource::Quantity,
    apis::meta::v1::{Condition, Time},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::schema;

/// Types of a SyncTarget's conditions. True is the good state of all of them.
pub mod condition {
    pub const READY: &str = "Ready";
    pub const HEARTBEAT_HEALTHY: &str = "HeartbeatHealthy";
    pub const WORKSPACE_ASSIGNED: &str = "WorkspaceAssigned";
    pub const SYNCER_READY: &str = "SyncerReady";
    pub const DOWNSTREAM_REACHABLE: &str = "DownstreamReachable";
    pub const SYNCER_AUTHORIZED: &str = "SyncerAuthorized";
    pub const API_IMPORTER_READY: &str = "APIImporterReady";
    pub const RESOURCES_SYNCED: &str = "ResourcesSynced";
    pub const SECURITY_CONTEXT_VALID: &str = "SecurityContextValid";
    pub const SCHEDULABLE: &str = "Schedulable";
}

/// What is observed of a physical cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncTargetStatus {
    /// The generation of the spec that the status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions of the target, each with one writer. `Ready` sums them up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// The target's key: it stands for the target in labels and names, on both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub key: Option<String>,
    /// How the syncer chooses what to sync. `placement` asks for a Placement's decision, `filter` takes
    /// every object its filter admits, `observe` writes nothing on the cluster and only reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// When the syncer was last seen, updated at most once a minute. Its Lease tells the exact time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_syncer_heartbeat_time: Option<Time>,
    /// Version of the syncer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub syncer_version: Option<String>,
    /// Identity of the syncer process that holds the target's Lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub syncer_holder: Option<String>,
    /// Version of Kubernetes on the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub kubernetes_version: Option<String>,
    /// Nodes of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_summary: Option<NodeSummary>,
    /// Resources of the cluster that workloads can use.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::quantities")]
    pub allocatable: BTreeMap<String, Quantity>,
    /// All resources of the cluster.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::quantities")]
    pub capacity: BTreeMap<String, Quantity>,
    /// Resources that running workloads requested.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::quantities")]
    pub allocated: BTreeMap<String, Quantity>,
    /// The resources that were to be synced, and whether the cluster can take them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 1024),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["group", "resource"])
    )]
    pub synced_resources: Vec<SyncedResource>,
    /// Objects on the cluster by kind, as the syncer counts them. Sorted by group and resource.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 1024),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["group", "resource"])
    )]
    pub resources: Vec<ResourceStatus>,
    /// When `resources` was last reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources_observed_time: Option<Time>,
    /// The worst objects of the target, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub problems: Vec<Problem>,
    /// Addresses of the virtual workspaces that the syncer reads from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub virtual_workspaces: Vec<VirtualWorkspace>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Placement,
    Filter,
    Observe,
}

/// Nodes of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeSummary {
    /// All nodes.
    pub total: u64,
    /// Nodes that are ready.
    pub ready: u64,
}

/// Whether the cluster can take one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncedResource {
    /// API group; empty for the core group.
    #[serde(default)]
    #[schemars(length(max = 253))]
    pub group: String,
    /// Plural name of the resource.
    #[schemars(length(min = 1, max = 63))]
    pub resource: String,
    /// Versions that both sides serve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 63)), extend("x-kubernetes-list-type" = "set"))]
    pub versions: Vec<String>,
    /// Identity of the APIExport that the resource comes from; absent for built-in resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub identity_hash: Option<String>,
    /// `Pending` until the schemas are compared, then `Accepted` or `Incompatible`.
    pub state: CompatibilityState,
    /// Why the resource is in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CompatibilityState {
    Pending,
    Accepted,
    Incompatible,
}

/// Objects of one kind on the cluster. `total` is the sum of the six states, where these are reported: an
/// object is in exactly one of them. A number that nobody reports is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceStatus {
    /// API group; empty for the core group.
    #[serde(default)]
    #[schemars(length(max = 253))]
    pub group: String,
    /// Plural name of the resource.
    #[schemars(length(min = 1, max = 63))]
    pub resource: String,
    /// Objects of this target's scope: those it owns, or in mode `observe` all that its filter admits.
    pub total: u64,
    /// Objects of `total` that are ready. Only for kinds where that means something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<u64>,
    /// All objects of the kind in the namespaces of the filter, whoever owns them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<u64>,
    /// Objects that are as they should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced: Option<u64>,
    /// Objects that wait to be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<u64>,
    /// Objects that could not be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<u64>,
    /// Objects that another manager holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<u64>,
    /// Objects that were changed on the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drifted: Option<u64>,
    /// Objects that are being deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleting: Option<u64>,
}

/// One object that is in trouble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Kind of the object.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Namespace of the object in its workspace; absent for a cluster-scoped object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub namespace: Option<String>,
    /// Name of the object.
    #[schemars(length(max = 253))]
    pub name: String,
    /// What is wrong, in CamelCase.
    #[schemars(length(max = 256))]
    pub reason: String,
    /// What is wrong, for a reader.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 256))]
    pub message: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

/// A virtual workspace of a syncer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VirtualWorkspace {
    /// Address of the virtual workspace.
    #[schemars(length(min = 1, max = 2048))]
    pub url: String,
}
