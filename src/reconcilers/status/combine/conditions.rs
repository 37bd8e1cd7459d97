//! Conditions of several targets: each type has the worst status that is told of it, in the words of who told it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Shares, Told};
use crate::api::share::{self, clean::cut};

/// Bytes of a message.
const MESSAGE: usize = 1024;
/// Types that end so are bad when they are true; who does not tell them is well.
const BAD: [&str; 10] = [
    "Failure",
    "Failed",
    "FailureTarget",
    "Error",
    "Degraded",
    "Stalled",
    "Pressure",
    "Conflict",
    "Dangling",
    "Terminating",
];

/// What one target says of one type.
pub(super) struct Said<'a> {
    target: &'a str,
    condition: Option<&'a Value>,
}

impl Said<'_> {
    fn text(&self, member: &str) -> &str {
        self.condition.and_then(|condition| condition[member].as_str()).unwrap_or_default()
    }
}

/// `bad` tells of which types beside the usual ones True is the bad status.
pub(super) fn merge(shares: &Shares<'_>, bad: impl Fn(&str) -> bool) -> Vec<Value> {
    let kinds: BTreeSet<&str> = shares
        .told
        .iter()
        .flat_map(|share| share.status.get("conditions").and_then(Value::as_array).into_iter().flatten())
        .filter_map(|condition| condition["type"].as_str())
        .filter(|kind| is_kind(kind) && *kind != share::COMPLETE)
        .filter(|kind| !kind.starts_with(share::SYNC_STATE_CONDITION))
        .collect();
    let is_bad = |kind: &str| bad(kind) || BAD.iter().any(|end| kind.ends_with(end));
    kinds.into_iter().map(|kind| one(shares, kind, is_bad(kind))).collect()
}

/// As the schema of conditions wants a type.
fn is_kind(kind: &str) -> bool {
    let edge = |char: Option<char>| char.is_some_and(|char| char.is_ascii_alphanumeric());
    edge(kind.chars().next())
        && edge(kind.chars().next_back())
        && kind.chars().all(|char| char.is_ascii_alphanumeric() || "-_./".contains(char))
}

pub(super) fn said<'a>(share: &'a Told<'_>, kind: &str) -> Option<&'a Value> {
    let mut conditions = share.status.get("conditions")?.as_array()?.iter();
    conditions.find(|condition| condition["type"] == kind)
}

pub(super) fn is_true(share: &Told<'_>, kind: &str) -> bool {
    said(share, kind).is_some_and(|condition| condition["status"] == "True")
}

fn one(shares: &Shares<'_>, kind: &str, bad: bool) -> Value {
    let told: Vec<_> =
        shares.told.iter().map(|share| Said { target: share.target, condition: said(share, kind) }).collect();
    // A Deployment without a deadline does not tell of its progress, a Job that never was suspended not of that.
    let optional = bad || matches!(kind, "Progressing" | "Suspended");
    let is_unknown = |said: &Said<'_>| said.condition.is_none() && !optional;
    let any = |status: &str| told.iter().any(|said| said.text("status") == status);
    let missing = !optional && (!shares.is_complete() || told.iter().any(is_unknown));
    let status = match (bad, any("True"), any("False")) {
        (true, true, _) => "True",
        (false, _, true) => "False",
        _ if any("Unknown") || missing => "Unknown",
        (true, ..) => "False",
        (false, ..) => "True",
    };
    let words: Vec<_> = told.iter().filter(|said| said.text("status") == status).collect();
    let Some(first) = words.first() else {
        return dated(shares, kind, status, "TargetsMissing", "not every target has told", &[]);
    };
    let decisive = words.iter().min_by_key(|said| rank(said.text("reason"))).unwrap_or(first);
    let alike = words.iter().all(|said| said.text("message") == first.text("message"));
    let message = match decisive.text("message") {
        message if message.is_empty() || alike => message.to_owned(),
        message => format!("{}: {message}", decisive.target),
    };
    dated(shares, kind, status, decisive.text("reason"), &message, &words)
}

/// The reason that says most comes first: `kubectl rollout status` reads these.
fn rank(reason: &str) -> u8 {
    match reason {
        "ProgressDeadlineExceeded" => 0,
        "NewReplicaSetAvailable" => 2,
        _ => 1,
    }
}

/// A condition since when its status holds: as those who say it say, else as it is known.
pub(super) fn dated(
    shares: &Shares<'_>,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    words: &[&Said<'_>],
) -> Value {
    let known = shares.object["status"]["conditions"].as_array().into_iter().flatten();
    let known = known.into_iter().find(|known| known["type"] == kind);
    let latest =
        |member: &str| words.iter().map(|said| said.text(member)).max().filter(|text| !text.is_empty());
    let same = known.filter(|known| known["status"] == status);
    let since =
        latest("lastTransitionTime").or_else(|| same.and_then(|known| known["lastTransitionTime"].as_str()));
    let now = || shares.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let reason = if is_reason(reason) { reason } else { "Reported" };
    let mut condition = Map::from_iter(
        [
            ("type", kind.to_owned()),
            ("status", status.to_owned()),
            ("reason", reason.to_owned()),
            ("message", cut(message, MESSAGE).to_owned()),
            ("lastTransitionTime", since.map_or_else(now, str::to_owned)),
        ]
        .map(|(member, text)| (member.to_owned(), Value::from(text))),
    );
    for member in shares.shape.condition {
        let value = match *member {
            "observedGeneration" => observed(shares, kind, known).map(Value::from),
            time => latest(time).map(Value::from),
        };
        condition.extend(value.map(|value| ((*member).to_owned(), value)));
    }
    Value::Object(condition)
}

/// What we say ourselves is of now.
fn observed(shares: &Shares<'_>, kind: &str, known: Option<&Value>) -> Option<i64> {
    if kind == share::COMPLETE {
        return shares.generation();
    }
    shares.observed(known.unwrap_or(&Value::Null), |share| said(share, kind)?["observedGeneration"].as_i64())
}

/// As the schema of conditions wants a reason.
fn is_reason(reason: &str) -> bool {
    reason.starts_with(|char: char| char.is_ascii_alphabetic())
        && reason.ends_with(|char: char| char.is_ascii_alphanumeric() || char == '_')
        && reason.chars().all(|char| char.is_ascii_alphanumeric() || "_,:".contains(char))
}
