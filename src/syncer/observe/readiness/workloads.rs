//! Deployments, StatefulSets, DaemonSets and ReplicaSets: ready when rolled out and available.

use super::{
    super::trouble::Trouble,
    Spec, Standing,
    status::{Status, integer, percent},
};

const UNAVAILABLE: &str = "MinimumReplicasUnavailable";

/// As `kubectl rollout status` has it.
pub(super) fn deployment(spec: &Spec, status: &Status<'_>) -> Standing {
    let (wanted, available) = (spec.replicas(), status.count("availableReplicas"));
    let (replicas, updated) = (status.count("replicas"), status.count("updatedReplicas"));
    if status.was_looked_at() && updated >= wanted && replicas <= updated && available >= updated {
        return Standing::Ready;
    }
    let works = percent(available, wanted);
    let stuck = status.condition_is("Progressing", "False");
    if let Some(said) = stuck.or_else(|| status.condition_is("ReplicaFailure", "True")) {
        return Standing::Troubled(said.trouble(works));
    }
    match status.condition("Available") {
        // It rolls out, and serves meanwhile.
        Some(available) if available.is_true() => Standing::Waiting,
        Some(said) => Standing::Troubled(Trouble::new(
            works,
            UNAVAILABLE,
            &available_of(available, wanted),
            said.since(),
        )),
        None => unobserved(status, works, available_of(available, wanted)),
    }
}

pub(super) fn stateful_set(spec: &Spec, status: &Status<'_>) -> Standing {
    let wanted = spec.replicas();
    // Older clusters do not tell which pods are available.
    let available = status.known("availableReplicas").unwrap_or_else(|| status.count("readyReplicas"));
    if status.was_looked_at() && available >= wanted && is_updated(spec, status, wanted) {
        return Standing::Ready;
    }
    short(status, available, wanted)
}

/// Whether all pods that are to be replaced were.
fn is_updated(spec: &Spec, status: &Status<'_>, wanted: u64) -> bool {
    let strategy = &spec.update_strategy;
    if strategy["type"] == "OnDelete" {
        return true;
    }
    match integer(&strategy["rollingUpdate"]["partition"]).unwrap_or_default() {
        0 => status.text("updateRevision") == status.text("currentRevision"),
        partition => status.count("updatedReplicas") >= wanted.saturating_sub(partition),
    }
}

pub(super) fn daemon_set(spec: &Spec, status: &Status<'_>) -> Standing {
    let (wanted, available) = (status.count("desiredNumberScheduled"), status.count("numberAvailable"));
    let by_hand = spec.update_strategy["type"] == "OnDelete";
    let updated = by_hand || status.count("updatedNumberScheduled") >= wanted;
    if status.was_looked_at() && updated && available >= wanted {
        return Standing::Ready;
    }
    short(status, available, wanted)
}

pub(super) fn replica_set(spec: &Spec, status: &Status<'_>) -> Standing {
    let (wanted, available) = (spec.replicas(), status.count("availableReplicas"));
    if status.was_looked_at() && available >= wanted {
        return Standing::Ready;
    }
    match status.condition_is("ReplicaFailure", "True") {
        Some(said) => Standing::Troubled(said.trouble(percent(available, wanted))),
        None => short(status, available, wanted),
    }
}

/// Of a kind without conditions.
fn short(status: &Status<'_>, available: u64, wanted: u64) -> Standing {
    if status.has("observedGeneration") && available >= wanted {
        return Standing::Waiting;
    }
    unobserved(status, percent(available, wanted), available_of(available, wanted))
}

fn unobserved(status: &Status<'_>, works: u8, available: String) -> Standing {
    let trouble = match status.has("observedGeneration") {
        true => Trouble::new(works, UNAVAILABLE, &available, None),
        false => Trouble::new(works, "NotObserved", "no controller of the cluster has looked at it", None),
    };
    Standing::Troubled(trouble)
}

fn available_of(available: u64, wanted: u64) -> String {
    format!("{available} of {wanted} replicas are available")
}
