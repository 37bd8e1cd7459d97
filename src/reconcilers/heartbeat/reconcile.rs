//! What the server says of a SyncTarget: a pure function of the target, of its heartbeat and of now.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde::Serialize;

use super::target::Target;
use crate::{
    api::{
        workload::{condition, key},
        workspace::{is_within, workspace_of},
    },
    liveness::{LEASES, SILENT_AFTER, lease::Liveness, silent},
};

/// A syncer whose clock is off by more is told of; one that is told of until it is off by less than the
/// second, so that a clock at the edge does not write all the time.
const SKEW: [SignedDuration; 2] = [SignedDuration::from_secs(30), SignedDuration::from_secs(20)];
const CLOCK_IS: &str = "the clock of the syncer is more than";
/// The longest message that is taken over from another condition.
const MESSAGE: usize = 1024;

/// What is known of the renewals of a target's Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub age: Duration,
    /// By how much the syncer's clock is ahead of ours.
    pub ahead: Option<SignedDuration>,
}

impl Heartbeat {
    pub fn of(liveness: &Liveness, now: Duration) -> Self {
        Self { age: liveness.age(now), ahead: liveness.ahead() }
    }
}

/// The part of a status that is ours alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Owned {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub conditions: [Condition; 3],
}

/// One condition before it is known since when.
struct Verdict {
    kind: &'static str,
    status: &'static str,
    reason: String,
    message: String,
}

impl Verdict {
    fn new(
        kind: &'static str,
        status: &'static str,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { kind, status, reason: reason.into(), message: message.into() }
    }
}

/// `heartbeat` is `None` for a target that was never heard of.
pub fn reconcile(target: &Target, heartbeat: Option<Heartbeat>, now: Timestamp) -> Owned {
    let heard = heard(target, heartbeat);
    let ready = ready(target, &heard);
    let (key, assigned) = assigned(target);
    Owned { key, conditions: [heard, ready, assigned].map(|verdict| dated(target, verdict, now)) }
}

impl Owned {
    /// Whether `target` does not say that yet. A time alone is no difference.
    pub fn differs(&self, target: &Target) -> bool {
        let said = |ours: &Condition| {
            target.condition(&ours.type_).is_some_and(|theirs| {
                theirs.status == ours.status
                    && theirs.reason == ours.reason
                    && theirs.message == ours.message
                    && theirs.observed_generation == ours.observed_generation
            })
        };
        self.key != target.key || !self.conditions.iter().all(said)
    }
}

/// True while the Lease is renewed, else Unknown: nobody knows how a silent target is.
fn heard(target: &Target, heartbeat: Option<Heartbeat>) -> Verdict {
    let verdict =
        |status, reason, message: String| Verdict::new(condition::HEARTBEAT_HEALTHY, status, reason, message);
    match heartbeat {
        None => {
            let place = LEASES.namespace.unwrap_or_default();
            let message =
                format!("no syncer has renewed Lease synctarget-{} in namespace {place} yet", target.uid);
            verdict("Unknown", "HeartbeatNotSeen", message)
        }
        Some(Heartbeat { age, .. }) if silent(Some(age)) => {
            let limit = SILENT_AFTER.as_secs();
            let message = format!("the syncer has not renewed its Lease for more than {limit} seconds");
            verdict("Unknown", "HeartbeatStale", message)
        }
        Some(Heartbeat { ahead, .. }) => verdict("True", "HeartbeatSeen", skew(target, ahead)),
    }
}

/// What is wrong with the syncer's clock, if something is.
fn skew(target: &Target, ahead: Option<SignedDuration>) -> String {
    let known = target.condition(condition::HEARTBEAT_HEALTHY);
    let told = known.is_some_and(|condition| condition.message.starts_with(CLOCK_IS));
    let Some(ahead) = ahead else {
        // Not measured yet since we began: what was said before stays until it is.
        return known.filter(|_| told).map(|condition| condition.message.clone()).unwrap_or_default();
    };
    if ahead.abs() <= SKEW[usize::from(told)] {
        return String::new();
    }
    let side = if ahead.is_positive() { "ahead of" } else { "behind" };
    format!("{CLOCK_IS} {} seconds {side} the server's", SKEW[1].as_secs())
}

fn assigned(target: &Target) -> (Option<String>, Verdict) {
    let verdict = |status, reason, message: String| {
        Verdict::new(condition::WORKSPACE_ASSIGNED, status, reason, message)
    };
    if !target.cluster.is_empty() {
        return (Some(key(&target.cluster, &target.name)), stored(target));
    }
    match (workspace_of(target.kcp_cluster.as_deref()), &target.kcp_cluster) {
        (Some(path), _) => {
            (Some(key(path, &target.name)), verdict("True", "WorkspaceAssigned", String::new()))
        }
        (None, Some(_)) => {
            let message = "spec.kcpCluster is not the path of a workspace, as root:production is one";
            (None, verdict("False", "InvalidWorkspace", message.to_owned()))
        }
        (None, None) => (None, verdict("False", "WorkspaceNotSet", no_workspace(&target.name))),
    }
}

/// Of a target that a logical cluster stores: it serves that workspace, or one below.
fn stored(target: &Target) -> Verdict {
    let verdict = |status, reason, message: String| {
        Verdict::new(condition::WORKSPACE_ASSIGNED, status, reason, message)
    };
    let Some(path) = &target.stored else {
        let message = format!("the path of logical cluster {} is not known", target.cluster);
        return verdict("Unknown", "WorkspaceNotFound", message);
    };
    match (&target.kcp_cluster, workspace_of(target.kcp_cluster.as_deref())) {
        (Some(_), below) if !below.is_some_and(|below| is_within(below, path)) => {
            let message =
                format!("spec.kcpCluster names no workspace below this one; the cluster serves {path}");
            verdict("True", "KcpClusterIgnored", message)
        }
        _ => verdict("True", "WorkspaceAssigned", String::new()),
    }
}

fn no_workspace(name: &str) -> String {
    format!(
        "set spec.kcpCluster to the path of the workspace that this cluster serves, for example: kubectl patch \
         synctarget {name} --type=merge -p '{{\"spec\":{{\"kcpCluster\":\"root:production\"}}}}'"
    )
}

/// False if the target itself says so, else Unknown if something is not known, else True. The reason is
/// that of the worst part.
fn ready(target: &Target, heard: &Verdict) -> Verdict {
    let parts = [condition::SYNCER_READY, condition::DOWNSTREAM_REACHABLE].map(|kind| part(target, kind));
    let of = |status, part: &Verdict| {
        Verdict::new(condition::READY, status, part.reason.clone(), part.message.clone())
    };
    if let Some(broken) = parts.iter().find(|part| part.status == "False") {
        return of("False", broken);
    }
    match [heard].into_iter().chain(&parts).find(|part| part.status != "True") {
        Some(unknown) => of("Unknown", unknown),
        None => Verdict::new(condition::READY, "True", "Ready", ""),
    }
}

/// What the syncer says under `kind`, in words that a condition may carry.
fn part(target: &Target, kind: &'static str) -> Verdict {
    let Some(said) = target.condition(kind) else {
        return Verdict::new(
            kind,
            "Unknown",
            "NotReported",
            format!("the syncer has not reported {kind} yet"),
        );
    };
    let status = match said.status.as_str() {
        "True" => "True",
        "False" => "False",
        _ => "Unknown",
    };
    let reason = if is_reason(&said.reason) { said.reason.clone() } else { format!("{kind}{status}") };
    let message = match said.message.as_str() {
        "" => format!("{kind} is {status}"),
        message => message.chars().take(MESSAGE).collect(),
    };
    Verdict::new(kind, status, reason, message)
}

/// As the schema of conditions wants a reason.
fn is_reason(reason: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "_,:".contains(c);
    reason.len() <= 1024
        && reason.starts_with(|c: char| c.is_ascii_alphabetic())
        && reason.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && reason.chars().all(inner)
}

/// With the time since when its status holds.
fn dated(target: &Target, verdict: Verdict, now: Timestamp) -> Condition {
    let known = target.condition(verdict.kind).filter(|known| known.status == verdict.status);
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    Condition {
        type_: verdict.kind.to_owned(),
        status: verdict.status.to_owned(),
        reason: verdict.reason,
        message: verdict.message,
        last_transition_time: known.map_or(Time(now), |known| known.last_transition_time.clone()),
        observed_generation: target.generation,
    }
}

#[cfg(test)]
mod tests;
