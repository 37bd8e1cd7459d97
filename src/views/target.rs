//! One SyncTarget as the index keeps it: what is tallied of it, and its JSON as views show it.
//!
//! From raw JSON, once per change. It knows nothing of other targets, of time or of leases.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    health::{Says, Signs, says},
    origin::Origin,
    prune,
};
use crate::{
    api::{
        views::{TargetProblem, condition},
        workload::{ResourceStatus, SyncTargetSpec, SyncTargetStatus},
    },
    informers::RawObject,
};

/// The longest target that a view shows whole.
pub const SHOWN_BYTES: usize = 256 << 10;
/// Rows and problems of one target; the CRD allows no more.
const ROWS: usize = 1024;
const PROBLEMS: usize = 20;

/// One SyncTarget at one time.
#[derive(Clone, Debug)]
pub struct Target {
    pub name: Arc<str>,
    pub uid: Arc<str>,
    /// Uid and name within the logical cluster it is in.
    pub id: Arc<str>,
    pub place: Arc<str>,
    pub created: Option<Timestamp>,
    pub workspace: Option<Arc<str>>,
    /// As views show it.
    pub json: Arc<RawValue>,
    /// Too long to be shown; `json` is its identity alone.
    pub cut: bool,
    pub facts: Result<Facts, Unreadable>,
    /// The newest time in it.
    pub newest: Option<Timestamp>,
}

/// What is tallied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub signs: Signs,
    /// What the target says of its own counts.
    pub verified: Option<Says>,
    /// `None`: it never reported any.
    pub resources: Option<Vec<(Kind, ResourceStatus)>>,
    /// Worst first.
    pub problems: Vec<Arc<TargetProblem>>,
}

/// Group and resource.
pub type Kind = (Arc<str>, Arc<str>);

/// The part that does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    Spec,
    Status,
}

impl Unreadable {
    pub fn part(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::Status => "status",
        }
    }
}

impl Target {
    /// Reads a SyncTarget. One that does not decode keeps its metadata, and its workspace if that can
    /// still be read; else `last_known` is.
    pub fn read(object: &RawObject, last_known: Option<&Arc<str>>, origin: &Origin) -> Self {
        let raw: Raw<'_> = serde_json::from_str(object.json.get()).unwrap_or_default();
        let name: Arc<str> = object.meta.name.as_str().into();
        let spec = decode::<SyncTargetSpec>(raw.spec).ok_or(Unreadable::Spec);
        let status = decode::<SyncTargetStatus>(raw.status).filter(sane).ok_or(Unreadable::Status);
        let of = |kcp_cluster: Option<&str>| origin.workspace(&object.meta.cluster, kcp_cluster);
        let (facts, workspace, newest) = match (&spec, &status) {
            (Ok(spec), Ok(status)) => {
                (Ok(facts(&name, status)), of(spec.kcp_cluster.as_deref()), newest(status))
            }
            (Err(part), _) | (_, Err(part)) => {
                let workspace = match kcp_cluster(raw.spec) {
                    Some(path) => of(Some(&path)),
                    None => last_known.cloned().or_else(|| of(None)),
                };
                (Err(*part), workspace, None)
            }
        };
        let shown = if facts.is_ok() { prune::shown(&object.json) } else { None };
        let shown = shown.filter(|json| json.get().len() <= SHOWN_BYTES);
        let cut = facts.is_ok() && shown.is_none();
        Self {
            uid: object.meta.uid.as_str().into(),
            id: (*object.meta.id()).into(),
            place: (*object.meta.within(&object.meta.name)).into(),
            created: object.meta.creation_timestamp,
            workspace,
            json: shown.unwrap_or_else(|| prune::identity(&object.meta)),
            cut,
            facts,
            newest: newest.max(object.meta.creation_timestamp),
            name,
        }
    }

    /// Whether views show and count both alike.
    pub fn same_content(&self, other: &Self) -> bool {
        self.name == other.name
            && self.created == other.created
            && self.workspace == other.workspace
            && self.cut == other.cut
            && self.json.get() == other.json.get()
            && self.facts == other.facts
    }
}

#[derive(Default, Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
}

/// An absent part is an empty one.
fn decode<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> Option<T> {
    match raw {
        None => Some(T::default()),
        Some(raw) if raw.get() == "null" => Some(T::default()),
        // Derived structs would take an array for an object.
        Some(raw) if raw.get().starts_with('{') => serde_json::from_str(raw.get()).ok(),
        Some(_) => None,
    }
}

fn sane(status: &SyncTargetStatus) -> bool {
    status.resources.len() <= ROWS && status.problems.len() <= ROWS && status.conditions.len() <= ROWS
}

/// `spec.kcpCluster` alone, if it is a string, whatever the rest of the spec is.
fn kcp_cluster(spec: Option<&RawValue>) -> Option<String> {
    #[derive(Deserialize)]
    struct Spec {
        #[serde(rename = "kcpCluster")]
        kcp_cluster: String,
    }
    let spec = spec.filter(|spec| spec.get().starts_with('{'))?;
    serde_json::from_str::<Spec>(spec.get()).ok().map(|spec| spec.kcp_cluster)
}

fn facts(name: &Arc<str>, status: &SyncTargetStatus) -> Facts {
    let reported = !status.resources.is_empty() || status.resources_observed_time.is_some();
    let rows =
        status.resources.iter().map(|row| ((Arc::from(&*row.group), Arc::from(&*row.resource)), row.clone()));
    let problem = |problem: &crate::api::workload::Problem| {
        Arc::new(TargetProblem {
            sync_target: name.to_string(),
            kind: problem.kind.clone(),
            namespace: problem.namespace.clone(),
            name: problem.name.clone(),
            reason: problem.reason.clone(),
            message: problem.message.chars().take(256).collect(),
            since: problem.since.clone(),
        })
    };
    Facts {
        signs: Signs::of(status),
        verified: says(status, condition::COUNTS_VERIFIED),
        resources: reported.then(|| rows.collect()),
        problems: status.problems.iter().take(PROBLEMS).map(problem).collect(),
    }
}

fn newest(status: &SyncTargetStatus) -> Option<Timestamp> {
    let transitions = status.conditions.iter().map(|condition| condition.last_transition_time.0);
    transitions.chain(status.resources_observed_time.as_ref().map(|time| time.0)).max()
}

#[cfg(test)]
mod tests;
