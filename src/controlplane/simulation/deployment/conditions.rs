//! The conditions of a Deployment, by the rules of the deployment controller's `progress.go` and `sync.go`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::spec::Spec;
use crate::controlplane::simulation::pods::after;

pub(super) struct Conditions {
    list: Vec<Value>,
    now: Timestamp,
}

impl Conditions {
    pub(super) fn of(deployment: &Value, now: Timestamp) -> Self {
        let list = deployment["status"]["conditions"].as_array().cloned().unwrap_or_default();
        Self { list, now }
    }

    fn get(&self, kind: &str) -> Option<&Value> {
        self.list.iter().find(|condition| condition["type"] == kind)
    }

    fn reason(&self) -> &str {
        self.get("Progressing").and_then(|condition| condition["reason"].as_str()).unwrap_or_default()
    }

    fn remove(&mut self, kind: &str) {
        self.list.retain(|condition| condition["type"] != kind);
    }

    /// Nothing happens where status and reason stay; a time of transition changes with the status alone.
    pub(super) fn set(&mut self, kind: &str, status: &str, reason: &str, message: impl Into<String>) {
        let known = self.get(kind);
        let same = |member, value: &str| known.is_some_and(|known| known[member] == value);
        if !(same("status", status) && same("reason", reason)) {
            self.put(kind, status, reason, message.into());
        }
    }

    fn put(&mut self, kind: &str, status: &str, reason: &str, message: String) {
        let now = json!(self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let known = self.get(kind).filter(|known| known["status"] == status);
        let since = known.map_or_else(|| now.clone(), |known| known["lastTransitionTime"].clone());
        self.remove(kind);
        self.list.push(json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastUpdateTime": now, "lastTransitionTime": since,
        }));
    }

    pub(super) fn pause(&mut self, paused: bool) {
        match (self.reason(), paused) {
            ("ProgressDeadlineExceeded", _) => {}
            ("DeploymentPaused", false) => {
                self.set("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
            }
            (reason, true) if reason != "DeploymentPaused" => {
                self.set("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
            }
            _ => {}
        }
    }

    pub(super) fn available(&mut self, available: bool) {
        if available {
            let message = "Deployment has minimum availability.";
            self.set("Available", "True", "MinimumReplicasAvailable", message);
        } else {
            let message = "Deployment does not have minimum availability.";
            self.set("Available", "False", "MinimumReplicasUnavailable", message);
        }
    }

    /// How the rollout goes, from the counts that were written last and those of now.
    pub(super) fn progress(&mut self, old: &Value, new: &Map<String, Value>, spec: &Spec, replica_set: &str) {
        let Some(deadline) = spec.deadline else { return self.remove("Progressing") };
        let before = |name: &str| old[name].as_u64().unwrap_or_default();
        let now = |name: &str| new.get(name).and_then(Value::as_u64).unwrap_or_default();
        let is_complete =
            now("replicas") == now("updatedReplicas") && self.reason() == "NewReplicaSetAvailable";
        // A paused rollout is not expected to progress.
        if is_complete || spec.paused {
            return;
        }
        let all = ["updatedReplicas", "replicas", "availableReplicas"];
        if all.iter().all(|name| now(name) == spec.replicas as u64) {
            let message = format!("ReplicaSet {replica_set:?} has successfully progressed.");
            return self.set("Progressing", "True", "NewReplicaSetAvailable", message);
        }
        let rest_before = before("replicas").saturating_sub(before("updatedReplicas"));
        let more = |name: &str| now(name) > before(name);
        if ["updatedReplicas", "readyReplicas", "availableReplicas"].into_iter().any(more)
            || now("replicas") - now("updatedReplicas") < rest_before
        {
            let message = format!("ReplicaSet {replica_set:?} is progressing.");
            return self.put("Progressing", "True", "ReplicaSetUpdated", message);
        }
        if self.get("Progressing").and_then(updated).is_some_and(|at| after(at, deadline) <= self.now) {
            let message = format!("ReplicaSet {replica_set:?} has timed out progressing.");
            self.set("Progressing", "False", "ProgressDeadlineExceeded", message);
        }
    }
}

impl From<Conditions> for Value {
    fn from(conditions: Conditions) -> Self {
        let Conditions { list, now: _ } = conditions;
        Self::Array(list)
    }
}

fn updated(condition: &Value) -> Option<Timestamp> {
    condition["lastUpdateTime"].as_str()?.parse().ok()
}

/// When the rollout of this status has gone without progress for too long.
pub(super) fn deadline(status: &Value, deadline: Option<Duration>) -> Option<Timestamp> {
    let conditions = status["conditions"].as_array()?;
    let progressing = conditions.iter().find(|condition| condition["type"] == "Progressing")?;
    let open = ["NewReplicaSetCreated", "ReplicaSetUpdated", "DeploymentResumed"];
    let is_open = open.iter().any(|reason| progressing["reason"] == *reason);
    Some(after(updated(progressing).filter(|_| is_open)?, deadline?))
}
