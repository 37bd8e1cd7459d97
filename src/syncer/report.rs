//! What a syncer says of its cluster in the status of its SyncTarget: counts, problems and its own conditions, and
//! nothing of what the server writes.
//!
//! [`status`] is pure. [`reach`] asks the cluster whether it is ready, [`reporter`] writes while it leads. What is
//! counted and what is synced is told to it; it must not know how.

mod conditions;
pub mod health;
pub mod reach;
pub mod reporter;
mod rows;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::reach::Reach;
use super::facts::{Counts, Progress};
use crate::{
    api::workload::{Mode, Problem},
    security::context::Verdict,
};

pub use conditions::SUSTAINED;

/// `lastSyncerHeartbeatTime` follows at most so often, in seconds.
const HEARTBEAT: i64 = 60;
/// As many problems as a target shows.
const PROBLEMS: usize = 20;
/// As long as the schema allows.
const TEXT: usize = 256;
/// What is known only when everything was listed once. Before that, what the last report said of it stays.
const COUNTED: [&str; 7] = [
    "resources",
    "resourcesObservedTime",
    "problems",
    "nodeSummary",
    "allocatable",
    "capacity",
    "kubernetesVersion",
];

/// How far the syncer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// For so long; not everything was listed yet.
    Starting(Duration),
    Running,
    Stopping,
}

/// Everything a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub mode: Mode,
    /// Of the syncer.
    pub version: &'a str,
    /// Who holds the Lease.
    pub holder: &'a str,
    /// Of the target.
    pub generation: Option<i64>,
    pub phase: Phase,
    /// The target says that nothing is to be synced.
    pub paused: bool,
    pub reach: &'a Reach,
    pub counts: &'a Counts,
    /// Absent in mode `observe`.
    pub progress: Option<&'a Progress>,
    /// How long syncing has been failing for too many objects.
    pub failing: Option<Duration>,
    /// What the check of the security context came to; `None`: nobody checks.
    pub security: Option<&'a Verdict>,
}

/// `previous` is the status that was written last.
pub fn status(facts: &Facts<'_>, previous: &Value, now: Timestamp) -> Value {
    let mut status = Map::new();
    let mut put = |member: &str, value: Value| drop(status.insert(member.to_owned(), value));
    put("mode", json!(facts.mode));
    put("syncerVersion", json!(cut(facts.version)));
    put("syncerHolder", json!(cut(facts.holder)));
    put("lastSyncerHeartbeatTime", heartbeat(previous, now));
    if let Some(generation) = facts.generation {
        put("observedGeneration", json!(generation));
    }
    put("conditions", conditions::all(facts, previous, now));
    match facts.counts.complete {
        true => counted(facts, previous, now).into_iter().for_each(|(member, value)| put(member, value)),
        false => COUNTED
            .into_iter()
            .filter(|member| !previous[*member].is_null())
            .for_each(|member| put(member, previous[member].clone())),
    }
    Value::Object(status)
}

fn counted(facts: &Facts<'_>, previous: &Value, now: Timestamp) -> Vec<(&'static str, Value)> {
    let Facts { counts, progress, .. } = facts;
    let resources = rows::all(counts, *progress);
    let since = match &previous["resourcesObservedTime"] {
        Value::String(since) if previous["resources"] == resources => json!(since),
        _ => json!(time(now)),
    };
    let mut all = vec![
        ("resources", resources),
        ("resourcesObservedTime", since),
        ("problems", problems(counts, *progress)),
    ];
    if !counts.kubernetes_version.is_empty() {
        all.push(("kubernetesVersion", json!(cut(&counts.kubernetes_version))));
    }
    if let Some(nodes) = &counts.nodes {
        all.push(("nodeSummary", json!(nodes)));
    }
    for (member, amounts) in [("allocatable", &counts.allocatable), ("capacity", &counts.capacity)] {
        if !amounts.is_empty() {
            all.push((member, json!(amounts)));
        }
    }
    all
}

/// What cannot be synced first, then what does not work; an object is named once.
fn problems(counts: &Counts, progress: Option<&Progress>) -> Value {
    let all = progress.into_iter().flat_map(|progress| &progress.problems).chain(&counts.problems);
    let mut named = std::collections::HashSet::new();
    let once = all.filter(|one| named.insert((&one.kind, &one.namespace, &one.name)));
    let short = once.take(PROBLEMS).map(|one| Problem {
        reason: cut(&one.reason).to_owned(),
        message: cut(&one.message).to_owned(),
        ..one.clone()
    });
    json!(short.collect::<Vec<_>>())
}

fn heartbeat(previous: &Value, now: Timestamp) -> Value {
    let known = &previous["lastSyncerHeartbeatTime"];
    let heard = known.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let age = heard.map(|heard| now.duration_since(heard).as_secs());
    match age {
        Some(age) if (0..HEARTBEAT).contains(&age) => known.clone(),
        _ => json!(time(now)),
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(TEXT).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests;
