//! How a Placement chooses targets and divides replicas among them.
//!
//! Read by the scheduler; it must not hold the algorithm.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::workload::{TaintEffect, is_false};

/// How targets are chosen, and replicas divided among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.strategy) || self.strategy != 'Pinned' \
            || (has(self.clusterNames) && size(self.clusterNames) > 0)",
        "message": "strategy Pinned needs clusterNames",
        "fieldPath": ".clusterNames",
    },
    {
        "rule": "!has(self.strategy) || self.strategy != 'Weighted' \
            || (has(self.weights) && size(self.weights) > 0)",
        "message": "strategy Weighted needs weights",
        "fieldPath": ".weights",
    },
]))]
pub struct PlacementPolicy {
    /// `Spread`: all targets that qualify, or `numberOfClusters` of them, balanced. `All`: all of them,
    /// each with a full copy. `Pinned`: those of `clusterNames`. `Singleton`: the best one.
    /// `HighAvailability`: targets of at least `minDomains` failure domains. `Weighted`: those with a
    /// weight. `LeastLoaded`: those with the most free capacity.
    #[serde(default)]
    pub strategy: Strategy,
    /// How many targets are chosen; as many as the strategy admits if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub number_of_clusters: Option<u32>,
    /// Names of the SyncTargets for strategy `Pinned`. One that does not qualify is reported and never
    /// replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), inner(length(max = 253)), extend("x-kubernetes-list-type" = "set"))]
    pub cluster_names: Vec<String>,
    /// How evenly targets are spread over topology domains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["topologyKey"])
    )]
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    /// Label of SyncTargets that names their failure domain, for strategy `HighAvailability`; the zone if
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 316))]
    pub topology_key: Option<String>,
    /// Failure domains that strategy `HighAvailability` needs; 2 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub min_domains: Option<u32>,
    /// True makes strategy `HighAvailability` place so many replicas that the domains left after a loss
    /// hold all.
    #[serde(default, skip_serializing_if = "is_false")]
    pub overprovision: bool,
    /// Weights of SyncTargets for strategy `Weighted`; the first selector that matches counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub weights: Vec<TargetWeight>,
    /// How replicas are divided among the targets; as the strategy does if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica_scheduling: Option<ReplicaScheduling>,
    /// Taints of SyncTargets that the workloads put up with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub tolerations: Vec<Toleration>,
    /// What counts when targets are compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 4),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub prioritizers: Vec<Prioritizer>,
    /// What happens when a target fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<Failover>,
    /// When a decision that still holds is taken anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reschedule: Option<Reschedule>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Strategy {
    #[default]
    Spread,
    All,
    Pinned,
    Singleton,
    HighAvailability,
    Weighted,
    LeastLoaded,
}

/// How evenly targets are spread over the values of one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopologySpreadConstraint {
    /// Label of SyncTargets that names their domain.
    #[schemars(length(min = 1, max = 316))]
    pub topology_key: String,
    /// The most by which the numbers of two domains may differ.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub max_skew: u32,
    /// Whether a choice beyond `maxSkew` is refused, or only the last one taken.
    #[serde(default)]
    pub when_unsatisfiable: WhenUnsatisfiable,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum WhenUnsatisfiable {
    #[default]
    DoNotSchedule,
    ScheduleAnyway,
}

/// The weight of some SyncTargets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetWeight {
    /// Labels of the SyncTargets.
    pub selector: LabelSelector,
    /// Their weight; 0 keeps workloads away.
    #[schemars(range(min = 0, max = 1000))]
    pub weight: u32,
}

/// How replicas are divided among the targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaScheduling {
    /// `Duplicated` gives every target all replicas, `Divided` a share. As the strategy does if absent.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<DivisionType>,
    /// What a share depends on: `Weighted` on the weights, `Aggregated` uses as few targets as hold them,
    /// `Capacity` on free capacity. As the strategy does if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<DivisionPreference>,
    /// The least that a target gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The most that a target gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// True starts from the present division, so that as few replicas as possible move.
    #[serde(default = "yes")]
    pub avoid_disruption: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DivisionType {
    Duplicated,
    Divided,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DivisionPreference {
    Weighted,
    Aggregated,
    Capacity,
}

/// A taint that workloads put up with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Toleration {
    /// Key of the taint; every taint if absent, with operator `Exists`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 316))]
    pub key: Option<String>,
    /// `Equal` compares the value, `Exists` takes any.
    #[serde(default)]
    pub operator: TolerationOperator,
    /// Value of the taint, with operator `Equal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub value: Option<String>,
    /// Effect of the taint; every effect if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,
    /// For how long a taint with effect `NoExecute` is put up with; forever if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub toleration_seconds: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TolerationOperator {
    #[default]
    Equal,
    Exists,
}

/// How much one consideration counts when targets are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Prioritizer {
    /// `Steady` prefers present targets, `Balance` those with fewer workloads, `Capacity` those with more
    /// room, `Affinity` those that hold related workloads.
    pub name: PrioritizerName,
    /// How much it counts, against it below 0.
    #[schemars(range(min = -10, max = 10))]
    pub weight: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PrioritizerName {
    Steady,
    Balance,
    Capacity,
    Affinity,
}

/// What happens when a target fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failover {
    /// `Graceful` keeps the old copy until its replacement is available or the grace period ends,
    /// `Immediate` does not wait, `Never` leaves workloads where they are.
    #[serde(default)]
    pub mode: FailoverMode,
    /// How long `Graceful` waits for the replacement.
    #[serde(default = "ten_minutes")]
    pub grace_period_seconds: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum FailoverMode {
    #[default]
    Graceful,
    Immediate,
    Never,
}

/// When a decision that still holds is taken anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reschedule {
    /// When the policy changed.
    #[serde(default = "yes")]
    pub on_policy_change: bool,
    /// When a SyncTarget joined.
    #[serde(default)]
    pub on_target_join: bool,
    /// When a SyncTarget's labels changed.
    #[serde(default)]
    pub on_label_change: bool,
}

fn one() -> u32 {
    1
}

fn ten_minutes() -> u32 {
    600
}

fn yes() -> bool {
    true
}
