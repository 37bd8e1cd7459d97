//! A view's conditions: what `kubectl wait` waits for and `kubectl describe` explains.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::{
    api::views::condition,
    views::{
        aggregate::{Aggregate, Sums},
        contribution::Key,
        target::Kind,
    },
};

/// Names in one message.
const NAMED: usize = 5;

pub(super) fn of(sums: &Aggregate, unseen: bool) -> Vec<Condition> {
    vec![counts_verified(sums), data_complete(sums, unseen), ready(sums), workloads_ready(sums)]
}

fn ready(sums: &Aggregate) -> Condition {
    if sums.ailing.is_empty() {
        return new(condition::READY, "True", "AllTargetsHealthy", "every SyncTarget is Healthy".into());
    }
    let names = sums.ailing.iter().map(|(health, key)| format!("{} ({})", key.0, health.as_str()));
    let message =
        listed(&format!("{} of {} SyncTargets are not Healthy", sums.ailing.len(), sums.targets), names);
    new(condition::READY, "False", "TargetsNotHealthy", message)
}

fn workloads_ready(sums: &Aggregate) -> Condition {
    let judged = || sums.resources.iter().filter(|(_, sums)| sums.ready.known().is_some());
    if judged().next().is_none() {
        let message = "no SyncTarget reports how many objects are ready".to_owned();
        return new(condition::WORKLOADS_READY, "Unknown", "NothingReported", message);
    }
    let short = || judged().filter(|(_, sums)| ready_of(sums) < sums.judged);
    if short().next().is_none() {
        let message = "every object that can be ready is ready".to_owned();
        return new(condition::WORKLOADS_READY, "True", "AllReady", message);
    }
    let names = short().map(|(kind, sums)| format!("{} {}/{}", name(kind), ready_of(sums), sums.judged));
    new(condition::WORKLOADS_READY, "False", "NotAllReady", listed("not all objects are ready", names))
}

fn data_complete(sums: &Aggregate, unseen: bool) -> Condition {
    if !sums.unreadable.is_empty() {
        let names = sums.unreadable.iter().map(|(key, part)| format!("{} ({part})", key.0));
        let message = listed("SyncTargets that do not decode", names);
        return new(condition::DATA_COMPLETE, "False", "Undecodable", message);
    }
    if unseen {
        let message = "the SyncTargets themselves could not be read for 30 seconds".to_owned();
        return new(condition::DATA_COMPLETE, "False", "SourceUnseen", message);
    }
    if sums.incomplete.is_empty() {
        let message = "the counts of every SyncTarget are known and fresh".to_owned();
        return new(condition::DATA_COMPLETE, "True", "Complete", message);
    }
    let reason = if sums.uncounted > 0 { "CountsMissing" } else { "CountsStale" };
    let names =
        sums.incomplete.iter().map(|(state, key): &(_, Key)| format!("{} ({})", key.0, state.as_str()));
    new(
        condition::DATA_COMPLETE,
        "False",
        reason,
        listed("SyncTargets whose counts are missing or stale", names),
    )
}

fn counts_verified(sums: &Aggregate) -> Condition {
    let (status, reason, message) = match (sums.wrong, sums.verified) {
        (0, verified) if verified == sums.targets => {
            ("True", "AllVerified", "every SyncTarget verified its counts".to_owned())
        }
        (0, verified) => (
            "Unknown",
            "NotVerified",
            format!("{verified} of {} SyncTargets verified their counts", sums.targets),
        ),
        (wrong, _) => (
            "False",
            "CountsWrong",
            format!("{wrong} of {} SyncTargets found their counts wrong", sums.targets),
        ),
    };
    new(condition::COUNTS_VERIFIED, status, reason, message)
}

fn ready_of(sums: &Sums) -> u128 {
    sums.ready.known().unwrap_or(0)
}

fn name(kind: &Kind) -> String {
    if kind.0.is_empty() { kind.1.to_string() } else { format!("{}.{}", kind.1, kind.0) }
}

/// `what: a, b, c and more`.
fn listed(what: &str, names: impl Iterator<Item = String>) -> String {
    let mut names = names.fuse();
    let shown: Vec<_> = names.by_ref().take(NAMED).collect();
    let more = if names.next().is_some() { " and more" } else { "" };
    format!("{what}: {}{more}", shown.join(", "))
}

/// The time is set when it is known whether the status changed.
fn new(kind: &str, status: &str, reason: &str, message: String) -> Condition {
    Condition {
        type_: kind.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message,
        last_transition_time: Time(Timestamp::UNIX_EPOCH),
        observed_generation: None,
    }
}
