//! How the objects of a Placement are written on the targets.
//!
//! Read by syncers; it must not know how they do it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How objects are written on the targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplyPolicy {
    /// What happens when another manager holds a field with another value. `UpstreamWins` takes it over,
    /// `DownstreamWins` leaves it alone, `FailOnConflict` writes nothing and reports.
    #[serde(default)]
    pub conflict_resolution: ConflictResolution,
    /// Who wins for single fields, whatever `conflictResolution` says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["path"])
    )]
    pub winners: Vec<FieldWinner>,
    /// What happens to an object that exists on the target and is not owned. `Never` leaves it alone,
    /// `IfNoDiff` takes it over if it is as it should be, `Always` takes it over.
    #[serde(default)]
    pub take_over: TakeOver,
    /// What happens when an object is changed on the target. `Correct` changes it back, `ReportOnly` tells
    /// of it, `Ignore` does neither.
    #[serde(default)]
    pub drift_policy: DriftPolicy,
    /// What happens when a field cannot be changed. `Report` tells of it, `Recreate` deletes and creates
    /// the object.
    #[serde(default)]
    pub on_immutable: OnImmutable,
    /// What happens to the objects on the targets when the Placement is deleted. `Orphan` keeps them,
    /// `Delete` deletes them.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// JSON pointers of fields whose value is copied up from the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        inner(length(max = 1024), regex(pattern = "^/spec/")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub upsync_fields: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConflictResolution {
    #[default]
    UpstreamWins,
    DownstreamWins,
    FailOnConflict,
}

/// Who wins for one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldWinner {
    /// JSON pointer of the field.
    #[schemars(length(min = 1, max = 1024), regex(pattern = "^/"))]
    pub path: String,
    /// The side whose value holds.
    pub winner: Winner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Winner {
    Upstream,
    Downstream,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TakeOver {
    #[default]
    Never,
    IfNoDiff,
    Always,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DriftPolicy {
    #[default]
    Correct,
    ReportOnly,
    Ignore,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum OnImmutable {
    #[default]
    Report,
    Recreate,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    #[default]
    Orphan,
    Delete,
}
