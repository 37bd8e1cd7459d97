//! Placement: which workloads of a workspace go to which SyncTargets.
//!
//! Users write the spec; the scheduler writes [`status`] and is the only one who does. This module must
//! not decide anything.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{schema, workload::is_false};

pub mod apply;
pub mod overrides;
pub mod policy;
pub mod status;
pub use apply::*;
pub use overrides::*;
pub use policy::*;
pub use status::*;
#[cfg(test)]
mod tests;

/// API group of Placement.
pub const GROUP: &str = "placement.kcp.io";
/// Version of Placement.
pub const VERSION: &str = "v1alpha1";
/// Plural resource name of Placement.
pub const RESOURCE: &str = "placements";

/// Which workloads are placed, and how.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::duplicated_attributes, reason = "columns may have the same type")]
#[kube(
    group = "placement.kcp.io",
    version = "v1alpha1",
    kind = "Placement",
    plural = "placements",
    category = "tmc",
    status = "PlacementStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "Placement says which workloads of a workspace go to which SyncTargets.",
    printcolumn(
        name = "Strategy",
        type_ = "string",
        json_path = ".spec.placementPolicy.strategy",
        description = "How targets are chosen."
    ),
    printcolumn(
        name = "Phase",
        type_ = "string",
        json_path = ".status.phase",
        description = "Whether all that was asked for is placed."
    ),
    printcolumn(
        name = "Targets",
        type_ = "integer",
        json_path = ".status.targetCount",
        description = "Number of targets chosen."
    ),
    printcolumn(
        name = "Workloads",
        type_ = "integer",
        json_path = ".status.matchedWorkloads",
        description = "Number of workloads selected."
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "(has(self.selectAll) && self.selectAll) \
        || (has(self.workloadSelector.matchLabels) && size(self.workloadSelector.matchLabels) > 0) \
        || (has(self.workloadSelector.matchExpressions) && size(self.workloadSelector.matchExpressions) > 0)",
    "message": "an empty workloadSelector selects every workload; set selectAll: true if that is meant",
    "fieldPath": ".workloadSelector",
}]))]
pub struct PlacementSpec {
    /// Labels of the workloads that are placed. An empty selector needs `selectAll`.
    pub workload_selector: LabelSelector,
    /// True lets an empty `workloadSelector` select every workload.
    #[serde(default, skip_serializing_if = "is_false")]
    pub select_all: bool,
    /// Labels of the namespaces whose workloads are placed; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Kinds of the workloads that are placed.
    #[serde(default = "default_resources")]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["group", "resource"])
    )]
    pub resources: Vec<GroupResource>,
    /// Labels of the SyncTargets that may be chosen; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_target_selector: Option<LabelSelector>,
    /// Path of the workspace whose SyncTargets may be chosen; the Placement's own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024), regex(pattern = schema::WORKSPACE))]
    pub sync_target_workspace: Option<String>,
    /// Of several Placements that select one workload, the highest priority has it. Ties go to the one
    /// with more selector requirements, then by name.
    #[serde(default)]
    pub priority: i32,
    /// `Follow` sends ConfigMaps, Secrets, PersistentVolumeClaims and ServiceAccounts that a pod template
    /// names to where it goes.
    #[serde(default)]
    pub dependencies: Dependencies,
    /// How targets are chosen, and replicas divided among them.
    #[serde(default)]
    pub placement_policy: PlacementPolicy,
    /// How objects are written on the targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_policy: Option<ApplyPolicy>,
    /// Changes to the objects, per target. Applied by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub overrides: Vec<Override>,
    /// True freezes the decisions as they are.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
}

/// A kind of workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupResource {
    /// API group; empty for the core group.
    #[serde(default)]
    #[schemars(length(max = 253))]
    pub group: String,
    /// Plural name of the resource.
    #[schemars(length(min = 1, max = 63))]
    pub resource: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Dependencies {
    #[default]
    Follow,
    None,
}

fn default_resources() -> Vec<GroupResource> {
    [("apps", "deployments"), ("apps", "statefulsets"), ("", "services"), ("", "configmaps"), ("", "secrets")]
        .map(|(group, resource)| GroupResource { group: group.into(), resource: resource.into() })
        .into()
}
