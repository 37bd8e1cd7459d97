//! One caller's rows as they were found at one time, shared by all his requests until they change.
//!
//! Fed by a survey; names that appear later are asked about once, on demand, and then belong to the set.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{MAX_ROWS, slot, survey::Survey, too_many_rows};
use crate::apiserver::{
    authz::{CachedAuthorizer, unreviewed},
    identity::{Access, Attributes, Decision},
    resource::ResourceInfo,
    status::ApiError,
};

/// Decided names of one set, those that are gone included.
pub(crate) const MAX_DECIDED: usize = 2 * MAX_ROWS;

pub(crate) struct RowSet {
    resource: Arc<ResourceInfo>,
    /// `get` without a name.
    question: Attributes,
    authorizer: Arc<CachedAuthorizer>,
    all: bool,
    since: u64,
    rows: RwLock<Rows>,
    confirmed: Mutex<Instant>,
    ended: CancellationToken,
}

struct Rows {
    decided: HashMap<String, bool>,
    /// When present, a name beyond these and the decided ones is not asked about: it is refused.
    candidates: Option<HashSet<String>>,
}

impl Rows {
    fn peek(&self, name: &str) -> Option<bool> {
        let undecided = || self.candidates.as_ref().filter(|names| !names.contains(name)).map(|_| false);
        self.decided.get(name).copied().or_else(undecided)
    }
}

impl RowSet {
    pub(crate) fn new(
        resource: Arc<ResourceInfo>,
        question: Attributes,
        authorizer: Arc<CachedAuthorizer>,
        survey: Survey,
        since: u64,
    ) -> Self {
        Self {
            resource,
            question,
            authorizer,
            all: survey.all,
            since,
            rows: RwLock::new(Rows { decided: survey.rows, candidates: survey.candidates }),
            confirmed: Mutex::new(survey.asked),
            ended: CancellationToken::new(),
        }
    }

    /// Whether the survey found what this set says, names apart that it says nothing about.
    pub(crate) fn agrees(&self, survey: &Survey) -> bool {
        let rows = self.rows.read();
        let agrees = |(name, allowed): (&String, &bool)| rows.peek(name).is_none_or(|was| was == *allowed);
        self.all == survey.all && (self.all || survey.rows.iter().all(agrees))
    }

    /// Takes what a survey that agrees knows beyond this set.
    pub(crate) fn confirm(&self, survey: Survey) {
        let mut rows = self.rows.write();
        if survey.only_present {
            rows.decided.retain(|name, _| survey.rows.contains_key(name));
        }
        for (name, allowed) in survey.rows {
            // One that was decided meanwhile stays; if it differs, the next re-check finds out.
            rows.decided.entry(name).or_insert(allowed);
        }
        rows.candidates = survey.candidates;
        let mut confirmed = self.confirmed.lock();
        *confirmed = survey.asked.max(*confirmed);
    }

    pub(crate) fn confirmed(&self) -> Instant {
        *self.confirmed.lock()
    }

    pub(crate) fn decided(&self) -> Vec<String> {
        self.rows.read().decided.keys().cloned().collect()
    }

    /// The reviews of one re-check: the door, the wide question, and each name.
    pub(crate) fn cost(&self) -> usize {
        2 + self.rows.read().decided.len()
    }

    pub(crate) fn end(&self) {
        self.ended.cancel();
    }
}

#[async_trait]
impl Access for RowSet {
    fn all(&self) -> bool {
        self.all
    }

    fn peek(&self, name: &str) -> Option<bool> {
        if self.all { Some(true) } else { self.rows.read().peek(name) }
    }

    async fn decide(&self, name: &str) -> Result<bool, ApiError> {
        if let Some(allowed) = self.peek(name) {
            return Ok(allowed);
        }
        if self.rows.read().decided.len() >= MAX_DECIDED {
            return Err(too_many_rows(&self.resource, &self.question));
        }
        let question = slot::about(&self.question, name);
        let decision = self.authorizer.recent(&question).await.map_err(|_| unreviewed())?;
        let mut rows = self.rows.write();
        Ok(*rows.decided.entry(name.to_owned()).or_insert(decision == Decision::Allow))
    }

    fn since(&self) -> u64 {
        self.since
    }

    async fn changed(&self) {
        self.ended.cancelled().await;
    }
}
