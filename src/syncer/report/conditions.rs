//! The conditions that are the syncer's own. True is the good state of each; the reason of one that is not says why.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Facts, Phase, reach::Reach, rows, time};
use crate::{
    api::{
        placement::GroupResource,
        views,
        workload::{Mode, condition},
    },
    security::context::{Code, Verdict},
    syncer::facts::{Counts, Progress},
};

/// Syncing is called failed when too many objects fail for so long.
pub const SUSTAINED: Duration = Duration::from_secs(60);
/// As is one whose oldest work waits for longer than this.
const BACKLOG: Duration = Duration::from_secs(120);
/// A syncer that has not listed everything by then is not ready; before, nobody knows.
const START: Duration = Duration::from_secs(120);
/// The longest message that anybody reads.
const MESSAGE: usize = 1024;
/// As many kinds or fields as a message names.
const NAMED: usize = 8;

/// One condition before it is known since when.
struct Said {
    kind: &'static str,
    status: &'static str,
    reason: String,
    message: String,
}

fn verdict(
    kind: &'static str,
    status: &'static str,
    reason: impl Into<String>,
    message: impl Into<String>,
) -> Said {
    Said { kind, status, reason: reason.into(), message: message.into() }
}

/// Sorted by type; each with the time since when its status holds.
pub(super) fn all(facts: &Facts<'_>, previous: &Value, now: Timestamp) -> Value {
    let mut all = vec![verified(facts.counts), reachable(facts.reach), synced(facts, previous)];
    all.extend(facts.security.map(secure));
    all.extend([authorized(facts), ready(facts)]);
    all.into_iter().map(|said| dated(said, facts.generation, previous, now)).collect()
}

fn ready(facts: &Facts<'_>) -> Said {
    let verdict = |status, reason, message: &str| verdict(condition::SYNCER_READY, status, reason, message);
    match facts.phase {
        Phase::Stopping => {
            verdict("Unknown", "Stopping", "the syncer is stopping; nobody knows what comes after")
        }
        Phase::Starting(since) => {
            let status = if since < START { "Unknown" } else { "False" };
            verdict(status, "CachesNotSynced", "the syncer has not listed everything yet")
        }
        Phase::Running if facts.paused && facts.mode != Mode::Observe => {
            verdict("False", "Paused", "spec.syncMode is Paused: nothing is synced until it is Sync again")
        }
        Phase::Running => verdict("True", "SyncerReady", ""),
    }
}

fn reachable(reach: &Reach) -> Said {
    let verdict = |status, reason: &str, message: &str| {
        verdict(condition::DOWNSTREAM_REACHABLE, status, reason, message)
    };
    match reach {
        Reach::Unknown => {
            verdict("Unknown", "NotAsked", "the API server of the cluster has not been asked yet")
        }
        Reach::Ready => verdict("True", "Reachable", ""),
        Reach::Unreachable(message) => verdict("False", "Unreachable", message),
        Reach::NotReady(message) => verdict("False", "NotReady", message),
        Reach::Throttled(message) => verdict("False", "Throttled", message),
    }
}

fn authorized(facts: &Facts<'_>) -> Said {
    let findings = facts.security.into_iter().flat_map(|verdict| &verdict.findings);
    let missing = findings.filter(|finding| finding.code == Code::RBACMissing);
    let missing = missing.map(|finding| finding.message.clone());
    let unreadable = facts.counts.unreadable.iter();
    let unreadable = unreadable.map(|(kind, why)| format!("cannot read {}: {why}", name(kind)));
    let all: Vec<_> = missing.chain(unreadable).collect();
    match all.is_empty() {
        true => verdict(condition::SYNCER_AUTHORIZED, "True", "SyncerAuthorized", ""),
        false => verdict(condition::SYNCER_AUTHORIZED, "False", "SyncerUnauthorized", named(&all)),
    }
}

fn secure(security: &Verdict) -> Said {
    let said = security.condition();
    let status = if said.status { "True" } else { "False" };
    verdict(condition::SECURITY_CONTEXT_VALID, status, said.reason, said.message)
}

fn verified(counts: &Counts) -> Said {
    let verdict =
        |status, reason, message: String| verdict(views::condition::COUNTS_VERIFIED, status, reason, message);
    let wrong: Vec<_> = counts.unverified.iter().map(name).collect();
    match (wrong.is_empty(), counts.complete) {
        (false, _) => {
            let message = format!("counted again, these came to another number twice: {}", named(&wrong));
            verdict("False", "CountsDiffer", message)
        }
        (true, true) => verdict("True", "CountsVerified", String::new()),
        (true, false) => verdict("Unknown", "CachesNotSynced", "not everything was counted yet".to_owned()),
    }
}

fn synced(facts: &Facts<'_>, previous: &Value) -> Said {
    let verdict =
        |status, reason, message: String| verdict(condition::RESOURCES_SYNCED, status, reason, message);
    let Some(progress) = facts.progress else {
        return verdict("True", "ObserveOnly", "in mode observe nothing is synced".to_owned());
    };
    if let Some(why) = &progress.deletions_paused {
        return verdict("False", "DeletionsPaused", why.clone());
    }
    if let Some((reason, message)) = failing(progress)
        && (facts.failing.is_some_and(|since| since >= SUSTAINED) || said_false(previous))
    {
        return verdict("False", reason, message);
    }
    if !progress.paused.is_empty() {
        let kinds = progress.paused.iter().map(|(kind, why)| format!("{}: {why}", name(kind)));
        let message = format!("these kinds are not synced: {}", named(&kinds.collect::<Vec<_>>()));
        return verdict("False", "SyncErrors", message);
    }
    if !progress.contended.is_empty() {
        let message = format!("somebody else keeps changing back: {}", named(&progress.contended));
        return verdict("False", "FieldContention", message);
    }
    match progress.oldest {
        Some(oldest) if oldest > BACKLOG => {
            let message = format!("work waits for more than {} seconds", BACKLOG.as_secs());
            verdict("False", "Backlog", message)
        }
        _ if !progress.complete => {
            verdict("Unknown", "CachesNotSynced", "not everything was compared yet".to_owned())
        }
        _ => verdict("True", "ResourcesSynced", String::new()),
    }
}

/// Whether so many objects fail that syncing is called failed, if that goes on; and the greater cause.
pub(super) fn failing(progress: &Progress) -> Option<(&'static str, String)> {
    let sum = |of: fn(&crate::syncer::facts::Buckets) -> u64| {
        progress.rows.values().map(of).fold(0_u64, u64::saturating_add)
    };
    let (total, errors, conflicts) =
        (sum(rows::total), sum(|buckets| buckets.error), sum(|buckets| buckets.conflict));
    if errors + conflicts < (total / 20).max(1) {
        return None;
    }
    let reason = if errors >= conflicts { "SyncErrors" } else { "Conflicts" };
    Some((reason, format!("of {total} objects {errors} cannot be synced and {conflicts} are in conflict")))
}

fn said_false(previous: &Value) -> bool {
    known(previous, condition::RESOURCES_SYNCED).is_some_and(|known| known["status"] == "False")
}

/// What `previous` says under `kind`.
fn known<'a>(previous: &'a Value, kind: &str) -> Option<&'a Value> {
    previous["conditions"].as_array()?.iter().find(|known| known["type"] == kind)
}

fn dated(said: Said, generation: Option<i64>, previous: &Value, now: Timestamp) -> Value {
    let Said { kind, status, reason, message } = said;
    let same = known(previous, kind).filter(|known| known["status"] == status);
    let since = same.map_or_else(|| json!(time(now)), |known| known["lastTransitionTime"].clone());
    let message: String = message.chars().take(MESSAGE).collect();
    let mut condition = json!({
        "type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since,
    });
    if let Some(generation) = generation {
        condition["observedGeneration"] = json!(generation);
    }
    condition
}

fn name(kind: &GroupResource) -> String {
    match kind.group.as_str() {
        "" => kind.resource.clone(),
        group => format!("{}.{group}", kind.resource),
    }
}

/// The first ones, and how many more there are.
fn named(all: &[String]) -> String {
    let mut text = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    if all.len() > NAMED {
        text.push_str(&format!("; and {} more", all.len() - NAMED));
    }
    text
}

/// Whether a target says every condition that `status` does, and has every member of it: somebody may have taken
/// them away. Values are not compared; the server may write them in its own way.
pub(super) fn says(target: &Value, status: &Value) -> bool {
    let ours = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    let there = |our: &Value| {
        let their = our["type"].as_str().and_then(|kind| known(target, kind));
        their.is_some_and(|their| ["status", "reason", "message"].iter().all(|part| their[part] == our[part]))
    };
    let members: BTreeMap<_, _> = status.as_object().into_iter().flatten().collect();
    ours.iter().all(there) && members.keys().all(|member| !target[member.as_str()].is_null())
}
