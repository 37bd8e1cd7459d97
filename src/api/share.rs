//! What an object says of the clusters that sync it, and the share of its status that each of them tells.
//!
//! The syncer of a target writes its share; whoever sums the shares up reads them. This module must not know who
//! that is, nor how shares are put together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub mod clean;
mod fit;
pub mod hold;
pub mod patch;
pub mod shape;
#[cfg(test)]
mod tests;

/// Finalizers that begin so name the targets that sync an object: the target's key follows.
pub const FINALIZER: &str = "workload.kcp.io/syncer-";
/// Annotations that begin so hold the share of one target, where several sync the object.
pub const COPY: &str = "diff.syncer.internal.kcp.io/";
/// Annotations that begin so say what is wrong on one target.
pub const SYNC_STATE: &str = "sync-state.workload.kcp.io/";
/// Conditions that begin so say what is wrong on the one target; the first 8 of its key follow.
pub const SYNC_STATE_CONDITION: &str = "workload.kcp.io/sync-state-";
/// The condition that says whether every target's share is in a status.
pub const COMPLETE: &str = "workload.kcp.io/StatusComplete";

/// Bytes of one share, its annotation's name not counted.
pub const SHARE_BYTES: usize = 16 << 10;
/// Bytes of all shares of an object. Kubernetes lets all annotations together have 256 KiB.
pub const ALL_BYTES: usize = 128 << 10;
/// Above that many targets a share holds its counters only.
pub const WHOLE_TARGETS: usize = 64;
/// What a share gets at least, whatever the others take.
const LEAST_BYTES: usize = 1 << 10;

/// The keys of the targets that sync the object, sorted.
pub fn targets(object: &Value) -> BTreeSet<&str> {
    let finalizers = object["metadata"]["finalizers"].as_array().into_iter().flatten();
    finalizers
        .filter_map(|finalizer| finalizer.as_str()?.strip_prefix(FINALIZER))
        .filter(|key| !key.is_empty())
        .collect()
}

/// The text of an annotation.
pub fn annotation<'a>(object: &'a Value, prefix: &str, rest: &str) -> Option<&'a str> {
    object["metadata"]["annotations"].get(format!("{prefix}{rest}"))?.as_str()
}

/// The shares that the object carries, by the keys of their targets. A text that is no share has none.
pub fn shares(object: &Value) -> BTreeMap<&str, Option<Share>> {
    let annotations = object["metadata"]["annotations"].as_object().into_iter().flatten();
    annotations
        .filter_map(|(name, text)| {
            let key = name.strip_prefix(COPY).filter(|key| !key.is_empty())?;
            Some((key, text.as_str().and_then(Share::read)))
        })
        .collect()
}

/// Bytes that the shares of the targets other than `key` take.
pub fn taken(object: &Value, key: &str) -> usize {
    let annotations = object["metadata"]["annotations"].as_object().into_iter().flatten();
    annotations
        .filter(|(name, _)| name.strip_prefix(COPY).is_some_and(|other| other != key))
        .map(|(_, text)| text.as_str().map_or(0, str::len))
        .sum()
}

/// Bytes that one of `targets` shares may have while the others take `taken`. Nobody hands the room out, so each
/// target reckons it by itself: once all have written, all together keep within [`ALL_BYTES`].
pub fn room(targets: usize, taken: usize) -> usize {
    let fair = (ALL_BYTES / targets.max(1)).min(SHARE_BYTES);
    fair.min(ALL_BYTES.saturating_sub(taken)).max(fair.min(LEAST_BYTES))
}

/// How much of the status a share holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Whole,
    /// Its short members, and the conditions without their words.
    Counters,
    /// Nothing but that there is a status: another digest, another status.
    Digest,
}

/// What one target tells of an object's status. Its `observedGeneration` is the object's above, not below.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub form: Form,
    /// Of form `Digest`: nothing but `observedGeneration`.
    pub status: Map<String, Value>,
    /// Whether whole members were left out.
    pub partial: bool,
}

impl Share {
    pub fn read(text: &str) -> Option<Self> {
        let Value::Object(mut members) = serde_json::from_str(text).ok()? else { return None };
        for (form, member) in [(Form::Whole, "status"), (Form::Counters, "counters")] {
            if let Some(Value::Object(status)) = members.remove(member) {
                let partial = members.remove("partial") == Some(Value::Bool(true));
                return Some(Self { form, status, partial });
            }
        }
        members.remove("digest")?.as_str()?;
        let observed = members.remove("observedGeneration");
        let status =
            observed.map(|observed| ("observedGeneration".to_owned(), observed)).into_iter().collect();
        Some(Self { form: Form::Digest, status, partial: true })
    }

    /// The largest form of a status that keeps within `room` bytes; `None` if not even its digest does.
    pub fn fit(status: &Map<String, Value>, targets: usize, room: usize) -> Option<String> {
        let fits = |text: &String| text.len() <= room;
        let whole = || json!({"status": status}).to_string();
        let counters = || {
            let (counters, partial) = fit::counters(status);
            let mut share = json!({"counters": counters});
            if partial {
                share["partial"] = true.into();
            }
            share.to_string()
        };
        let digest = || {
            let text = Value::Object(status.clone()).to_string();
            let digest: String = Sha256::digest(text)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            match status.get("observedGeneration") {
                Some(observed) => json!({"digest": digest, "observedGeneration": observed}).to_string(),
                None => json!({"digest": digest}).to_string(),
            }
        };
        let whole = (targets <= WHOLE_TARGETS).then(whole).filter(fits);
        whole.or_else(|| Some(counters()).filter(fits)).or_else(|| Some(digest()).filter(fits))
    }

    pub fn observed_generation(&self) -> Option<i64> {
        self.status.get("observedGeneration")?.as_i64()
    }
}
