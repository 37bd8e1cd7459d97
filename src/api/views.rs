//! AggregatedView and AggregatedTree: a workspace's targets, summed up. Read-only, never stored.
//!
//! The views' index fills these in; the OpenAPI documents describe them. This module must not compute
//! them, and it carries SyncTargets as encoded JSON, so that each is serialized once for all answers.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ListMeta, ObjectMeta, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    schema,
    workload::{SyncTarget, is_false},
};

#[cfg(test)]
mod tests;

/// API group of the views. One of their own: an APIService captures a whole group-version.
pub const GROUP: &str = "views.workload.kcp.io";
/// Version of the views.
pub const VERSION: &str = "v1alpha1";
/// Group and version as objects carry them.
pub const API_VERSION: &str = "views.workload.kcp.io/v1alpha1";
/// Label with the worst [`Health`] of a view's targets.
pub const HEALTH_LABEL: &str = "views.workload.kcp.io/health";
/// Label with the view's [`DataState`].
pub const DATA_LABEL: &str = "views.workload.kcp.io/data";
/// SyncTargets in one view; beyond that it says `syncTargetsTruncated`.
pub const MAX_SYNC_TARGETS: usize = 100;
/// Problems in one view.
pub const MAX_PROBLEMS: usize = 20;
/// The highest number in a view. Clients read an int64, so sums stop here.
pub const MAX_COUNT: u64 = i64::MAX as u64;

/// Types of a view's conditions. True is the good state of all of them.
pub mod condition {
    /// There is a target, and all are Healthy.
    pub const READY: &str = "Ready";
    /// Everything that can be ready is.
    pub const WORKLOADS_READY: &str = "WorkloadsReady";
    /// Every target's counts are known and fresh.
    pub const DATA_COMPLETE: &str = "DataComplete";
    /// The targets' counts agree with what is seen of their objects.
    pub const COUNTS_VERIFIED: &str = "CountsVerified";
}

/// AggregatedView sums up the physical clusters that serve one workspace. It is named after the
/// workspace's path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AggregatedView")]
pub struct AggregatedView<T = Arc<RawValue>> {
    #[doc = include_str!("views/api_version.txt")]
    pub api_version: String,
    #[doc = include_str!("views/kind.txt")]
    pub kind: String,
    /// Standard object's metadata.
    pub metadata: ObjectMeta,
    /// What is known of the workspace's targets.
    pub status: AggregatedViewStatus<T>,
}

/// AggregatedTree sums up the physical clusters that serve a workspace or one of its descendants. It is
/// named after the workspace's path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AggregatedTree {
    #[doc = include_str!("views/api_version.txt")]
    pub api_version: String,
    #[doc = include_str!("views/kind.txt")]
    pub kind: String,
    /// Standard object's metadata.
    pub metadata: ObjectMeta,
    /// What is known of the targets of the workspace and all its descendants, each target once.
    pub status: AggregatedTreeStatus,
}

/// AggregatedViewList is a list of AggregatedViews.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AggregatedViewList")]
pub struct AggregatedViewList<T = Arc<RawValue>> {
    #[doc = include_str!("views/api_version.txt")]
    pub api_version: String,
    #[doc = include_str!("views/kind.txt")]
    pub kind: String,
    /// Standard list metadata.
    pub metadata: ListMeta,
    /// The views, by name.
    pub items: Vec<AggregatedView<T>>,
}

/// AggregatedTreeList is a list of AggregatedTrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AggregatedTreeList {
    #[doc = include_str!("views/api_version.txt")]
    pub api_version: String,
    #[doc = include_str!("views/kind.txt")]
    pub kind: String,
    /// Standard list metadata.
    pub metadata: ListMeta,
    /// The trees, by name.
    pub items: Vec<AggregatedTree>,
}

/// What is known of one workspace's targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AggregatedViewStatus")]
pub struct AggregatedViewStatus<T = Arc<RawValue>> {
    #[serde(flatten)]
    pub summary: AggregatedTreeStatus,
    /// The targets, by name and then uid, at most 100; without managedFields, the last applied
    /// configuration, resourceVersion and the times of the last heartbeat and report.
    #[schemars(with = "Vec<SyncTarget>", length(max = 100))]
    pub sync_targets: Vec<T>,
    /// True when there are more targets than `syncTargets` shows. All of them are counted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sync_targets_truncated: bool,
}

/// What is known of the targets, summed up: all that a tree shows, and a view's sums.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AggregatedTreeStatus {
    /// Path of the workspace.
    pub workspace_name: String,
    /// All targets. The four numbers of `healthStatus` sum to it.
    pub target_count: u64,
    /// Objects of the kinds that every cluster has, summed over the targets.
    pub resource_count: ResourceCount,
    /// Objects of every kind that a target reports, summed over the targets. Sorted by group and
    /// resource.
    pub resources: Vec<ResourceSum>,
    /// The 20 worst objects of all targets.
    #[schemars(length(max = 20))]
    pub problems: Vec<TargetProblem>,
    /// Targets by health.
    pub health_status: HealthStatus,
    /// How far the numbers can be relied on. `Complete`: every target's are known and fresh. `Partial`:
    /// a target never reported any, or none that can be read. `Stale`: a target, or what is known of it,
    /// was not seen for a while; its last numbers stay in the sums.
    pub data: DataState,
    /// When the content last changed, as far as that can be told from the targets.
    pub last_updated: Time,
    /// `Ready`: there is a target and all are healthy. `WorkloadsReady`: all that can be ready is.
    /// `DataComplete`: `data` is Complete. `CountsVerified`: the numbers agree with what is seen.
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
}

/// Objects of the kinds that every cluster has. Zeros are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceCount {
    /// Deployments of the group apps.
    pub deployments: u64,
    /// Services.
    pub services: u64,
    /// ConfigMaps.
    pub config_maps: u64,
    /// Secrets.
    pub secrets: u64,
}

/// Objects of one kind, summed over the targets that report it. A number that nobody reports is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceSum {
    /// API group; empty for the core group.
    pub group: String,
    /// Plural name of the resource.
    pub resource: String,
    /// Objects of the targets' scopes.
    pub total: u64,
    /// Objects of `total` that are ready. Only for kinds where that means something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<u64>,
    /// All objects of the kind in the namespaces of the targets' filters, whoever owns them.
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
    /// Objects that were changed on their cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drifted: Option<u64>,
    /// Objects that are being deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleting: Option<u64>,
}

/// One object that is in trouble, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetProblem {
    /// Name of the SyncTarget that reports it.
    pub sync_target: String,
    /// Kind of the object.
    pub kind: String,
    /// Namespace of the object in its workspace; absent for a cluster-scoped object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name of the object.
    pub name: String,
    /// What is wrong, in CamelCase.
    pub reason: String,
    /// What is wrong, for a reader.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

/// Targets by health. Zeros are written; the four sum to `targetCount`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthStatus {
    /// Targets that are ready and unimpaired.
    pub healthy: u64,
    /// Targets that are ready, with an impaired part.
    pub degraded: u64,
    /// Targets that say themselves that they are not ready.
    pub unhealthy: u64,
    /// Targets that were not heard of, or not for a while.
    pub unknown: u64,
}

/// Health of one target, and of a workspace: the worst of its targets. Ordered from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Health {
    Unhealthy,
    Unknown,
    Degraded,
    Healthy,
}

impl Health {
    /// As labels and table cells show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unhealthy => "Unhealthy",
            Self::Unknown => "Unknown",
            Self::Degraded => "Degraded",
            Self::Healthy => "Healthy",
        }
    }
}

/// How far numbers can be relied on. Ordered from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DataState {
    Partial,
    Stale,
    Complete,
}

impl DataState {
    /// As labels and table cells show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Partial => "Partial",
            Self::Stale => "Stale",
            Self::Complete => "Complete",
        }
    }
}
