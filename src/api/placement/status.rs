//! Placement's status: what was decided, and why not otherwise.
//!
//! Written by the scheduler alone; syncers act on the decisions. This module must not decide anything.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::schema;

/// Types of a Placement's conditions.
pub mod condition {
    pub const READY: &str = "Ready";
    pub const SCHEDULED: &str = "Scheduled";
    /// True while failover is frozen because too many targets went silent at once.
    pub const FAILOVER_SUSPENDED: &str = "FailoverSuspended";
}

/// What was decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlacementStatus {
    /// The generation of the spec that the status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Whether all that was asked for is placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The targets chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 1024),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["uid"])
    )]
    pub decisions: Vec<Decision>,
    /// Number of `decisions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_count: Option<u32>,
    /// Targets that were not chosen, and why; at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub rejected: Vec<Rejection>,
    /// Number of workloads that the Placement selects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_workloads: Option<u64>,
    /// Replicas that no target takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unschedulable_replicas: Option<u64>,
    /// Conditions of the Placement: Ready, Scheduled, FailoverSuspended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    Pending,
    Scheduled,
    PartiallyScheduled,
    Failed,
}

/// One target that was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Name of the SyncTarget.
    #[schemars(length(min = 1, max = 253))]
    pub sync_target: String,
    /// Logical cluster of the SyncTarget; absent where it is the Placement's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub cluster: Option<String>,
    /// Key of the SyncTarget.
    #[schemars(length(min = 1, max = 63))]
    pub key: String,
    /// UID of the SyncTarget.
    #[schemars(length(min = 1, max = 128))]
    pub uid: String,
    /// Why it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub reason: Option<String>,
    /// How it compared with the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<i64>,
    /// Replicas that it gets, of all workloads; absent where they are not divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u64>,
    /// `Pending` until the target takes the workloads, then `Active`; `Evicting` while they leave it.
    pub state: DecisionState,
    /// Since when it is in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DecisionState {
    Active,
    Evicting,
    Pending,
}

/// One target that was not chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rejection {
    /// Name of the SyncTarget.
    #[schemars(length(min = 1, max = 253))]
    pub sync_target: String,
    /// Why, in CamelCase.
    #[schemars(length(max = 256))]
    pub reason: String,
    /// Why, for a reader.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1024))]
    pub message: String,
}
