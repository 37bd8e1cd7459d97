//! Series whose labels have been looked up already: for each request the lookups would cost more than counting.
//!
//! A series still appears with its first use. Labels come from closed sets, so there are few.

use std::{collections::HashMap, sync::OnceLock, time::Duration};

use http::StatusCode;
use parking_lot::RwLock;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};

use super::{RequestLabels, labels::Identity};

/// Attempts at something and the time they took, by one of three results.
pub struct Attempts {
    counts: IntCounterVec,
    seconds: HistogramVec,
    results: [(&'static str, OnceLock<(IntCounter, Histogram)>); 3],
}

/// Which of the three.
#[derive(Clone, Copy, Debug)]
pub enum Attempt {
    Passed,
    Refused,
    Failed,
}

impl Attempts {
    /// What each of the three is called.
    pub fn new(counts: IntCounterVec, seconds: HistogramVec, results: [&'static str; 3]) -> Self {
        Self { counts, seconds, results: results.map(|result| (result, OnceLock::new())) }
    }

    pub fn observe(&self, result: Attempt, took: Duration) {
        let (name, resolved) = &self.results[result as usize];
        let resolve = || (self.counts.with_label_values(&[name]), self.seconds.with_label_values(&[name]));
        let (attempts, seconds) = resolved.get_or_init(resolve);
        attempts.inc();
        seconds.observe(took.as_secs_f64());
    }
}

/// The series of one kind of answer; duration and size are a watch's neither.
pub type Answer = (IntCounter, Option<(Histogram, Histogram)>);

/// What an answer is counted as, by addresses of what its entry keeps alive.
type Labelled = (Identity, StatusCode);

/// The series of all answers so far.
#[derive(Default)]
pub struct Answers(RwLock<HashMap<Labelled, (RequestLabels, Answer)>>);

impl Answers {
    /// Counts one, with the series that `resolve` looks up the first time.
    pub fn count(
        &self,
        labels: &RequestLabels,
        code: StatusCode,
        resolve: impl FnOnce() -> Answer,
        count: impl FnOnce(&Answer),
    ) {
        let key = (labels.identity(), code);
        if let Some((_, answer)) = self.0.read().get(&key) {
            return count(answer);
        }
        let mut answers = self.0.write();
        let (_, answer) = answers.entry(key).or_insert_with(|| (labels.clone(), resolve()));
        count(answer);
    }
}
