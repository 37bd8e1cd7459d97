//! When an object is ready, by its kind, as `kubectl rollout status` and the conditions of its controller say. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::trouble::Trouble;
use crate::{api::placement::GroupResource, syncer::kind::Kind};

mod jobs;
mod status;
mod workloads;

use status::{Status, integer};

/// How readiness is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Not at all: its objects are there or not.
    None,
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Job,
    Claim,
    /// By the condition of this type.
    Condition(String),
}

/// Whether an object is ready; or else why not, unless that is only a matter of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Ready,
    Waiting,
    Troubled(Trouble),
}

/// The parts of an object that are looked at. Nothing in it is trusted to be of its type.
#[derive(Deserialize)]
struct Body {
    metadata: Metadata,
    #[serde(default)]
    spec: Option<Spec>,
    #[serde(default)]
    status: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    generation: Value,
    #[serde(default)]
    deletion_timestamp: Value,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    replicas: Value,
    suspend: Value,
    update_strategy: Value,
}

impl Spec {
    /// One if nothing is said.
    fn replicas(&self) -> u64 {
        integer(&self.replicas).unwrap_or(1)
    }
}

impl Readiness {
    pub(super) fn of(kind: &Kind, conditions: &BTreeMap<GroupResource, String>) -> Self {
        if let Some(condition) = conditions.get(&kind.group_resource()) {
            return Self::Condition(condition.clone());
        }
        match (kind.group.as_str(), kind.resource.as_str()) {
            ("apps", "deployments") => Self::Deployment,
            ("apps", "statefulsets") => Self::StatefulSet,
            ("apps", "daemonsets") => Self::DaemonSet,
            ("apps", "replicasets") => Self::ReplicaSet,
            ("batch", "jobs") => Self::Job,
            ("", "persistentvolumeclaims") => Self::Claim,
            _ => Self::None,
        }
    }

    /// `None` where readiness means nothing.
    pub(super) fn judge(&self, object: &str) -> Option<Standing> {
        if *self == Self::None {
            return None;
        }
        let Ok(body) = serde_json::from_str::<Body>(object) else {
            return Some(Standing::Troubled(Trouble::new(
                0,
                "Unreadable",
                "its spec is not of its kind",
                None,
            )));
        };
        let status = Status::new(&body.status, integer(&body.metadata.generation));
        let spec = body.spec.unwrap_or_default();
        let standing = match self {
            Self::None => return None,
            Self::Deployment => workloads::deployment(&spec, &status),
            Self::StatefulSet => workloads::stateful_set(&spec, &status),
            Self::DaemonSet => workloads::daemon_set(&spec, &status),
            Self::ReplicaSet => workloads::replica_set(&spec, &status),
            Self::Job => jobs::job(&spec, &status),
            Self::Claim => claim(&status),
            Self::Condition(kind) => condition(kind, &status),
        };
        // What is to go need not work.
        match standing {
            Standing::Troubled(_) if !body.metadata.deletion_timestamp.is_null() => Some(Standing::Waiting),
            standing => Some(standing),
        }
    }
}

fn claim(status: &Status<'_>) -> Standing {
    match status.text("phase") {
        "Bound" => Standing::Ready,
        "Lost" => Standing::Troubled(Trouble::new(0, "Lost", "the volume of the claim is gone", None)),
        // One that waits for its first pod is in order, which the claim alone does not tell.
        _ => Standing::Troubled(Trouble::new(50, "Pending", "the claim is not bound to a volume", None)),
    }
}

fn condition(kind: &str, status: &Status<'_>) -> Standing {
    match status.condition(kind) {
        Some(found) if found.is_true() && status.is_observed() && status.knows(&found) => Standing::Ready,
        Some(found) if found.is_true() => Standing::Waiting,
        Some(found) => Standing::Troubled(found.trouble(0)),
        None => {
            let message = format!("it has no condition {kind}");
            Standing::Troubled(Trouble::new(0, "NotObserved", &message, None))
        }
    }
}

#[cfg(test)]
mod tests;
