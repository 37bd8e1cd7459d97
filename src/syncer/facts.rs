//! What is known of the physical cluster and of the work on it: the report is made of these, each of one owner.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::api::{
    placement::GroupResource,
    workload::{NodeSummary, Problem},
};

/// Of a report.
pub const MOST_PROBLEMS: usize = 20;

/// Objects of one kind, counted below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub total: u64,
    pub ready: Option<u64>,
    pub present: Option<u64>,
}

/// What observing the cluster told so far. Owned by `observe`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Of every kind that was listed completely; a kind that was not is absent.
    pub rows: BTreeMap<GroupResource, Count>,
    /// The worst first, at most 20.
    pub problems: Vec<Problem>,
    pub nodes: Option<NodeSummary>,
    pub allocatable: BTreeMap<String, Quantity>,
    pub capacity: BTreeMap<String, Quantity>,
    pub kubernetes_version: String,
    /// Kinds that cannot be read below, and why, in words for people.
    pub unreadable: BTreeMap<GroupResource, String>,
    /// Kinds whose count was found wrong twice by verification.
    pub unverified: BTreeSet<GroupResource>,
    /// Every kind that is to be counted was listed once, or is known to be unreadable.
    pub complete: bool,
}

/// Owned objects of one kind by what becomes of them. An object is in exactly one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buckets {
    pub synced: u64,
    pub pending: u64,
    pub error: u64,
    pub conflict: u64,
    pub drifted: u64,
    pub deleting: u64,
}

/// What syncing came to so far. Owned by `engine`; absent in mode `observe`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub rows: BTreeMap<GroupResource, Buckets>,
    /// The worst first, at most 20.
    pub problems: Vec<Problem>,
    /// How long the oldest key has waited for its turn or its retry.
    pub oldest: Option<Duration>,
    /// Why deletions are paused, and the command that resumes them.
    pub deletions_paused: Option<String>,
    /// Fields that somebody else keeps changing back: object, field and manager.
    pub contended: Vec<String>,
    /// Kinds that are paused on one side, and why.
    pub paused: BTreeMap<GroupResource, String>,
    /// Both sides were listed.
    pub complete: bool,
}

impl Progress {
    /// With what is wrong with objects that are shown upstream.
    pub fn with(&self, shown: &Self) -> Self {
        let problems = self.problems.iter().chain(&shown.problems).take(MOST_PROBLEMS).cloned().collect();
        let paused = shown.paused.iter().chain(&self.paused).map(|(kind, why)| (kind.clone(), why.clone()));
        Self { problems, paused: paused.collect(), ..self.clone() }
    }
}
