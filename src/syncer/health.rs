//! What the health and the metrics port of a syncer answer, over plain HTTP: the truth, and nothing to anybody who
//! means harm.
//!
//! [`Pulse`] is how a loop shows that it turns. [`server`] serves; it must not know what is checked.

pub mod server;

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};

use super::{facts::Counts, lease::BEAT, report::reach};
use crate::{
    apiserver::health::{Check, Health},
    reconcilers::leader::Standing,
};

/// The last turn of one loop.
#[derive(Clone, Debug)]
pub struct Pulse {
    at: Arc<Mutex<Option<Instant>>>,
    /// A loop that has not turned for so long hangs.
    limit: Duration,
}

impl Pulse {
    pub fn new(limit: Duration) -> Self {
        Self { at: Arc::default(), limit }
    }

    pub fn beat(&self) {
        *self.at.lock() = Some(Instant::now());
    }

    /// As long as the answer lives, the loop has to turn.
    pub fn turning(&self) -> Turning<'_> {
        self.beat();
        Turning(self)
    }

    pub fn is_alive(&self) -> bool {
        self.at.lock().is_none_or(|at| at.elapsed() <= self.limit)
    }
}

/// While it lives, a loop turns.
pub struct Turning<'a>(&'a Pulse);

impl Drop for Turning<'_> {
    fn drop(&mut self) {
        *self.0.at.lock() = None;
    }
}

/// What is asked about.
pub struct Signs {
    pub pulses: Vec<(&'static str, Pulse)>,
    pub counts: watch::Receiver<Arc<Counts>>,
    pub standing: watch::Receiver<Standing>,
    /// When the cluster last answered.
    pub answered: reach::Answered,
    /// Between questions to the cluster.
    pub period: Duration,
}

/// A syncer that stands by is as ready as one that leads.
pub fn health(signs: Signs) -> Health {
    let Signs { pulses, counts, standing, answered, period } = signs;
    let mut checks: Vec<_> =
        pulses.into_iter().map(|(name, pulse)| Check::liveness(name, move || pulse.is_alive())).collect();
    let within = |at: Option<Instant>, limit: Duration| at.is_some_and(|at| at.elapsed() <= limit);
    checks.push(Check::readiness("caches-synced", move || counts.borrow().complete));
    // The Lease is read or written all the time, so it also tells whether the workspace can be reached.
    checks.push(Check::readiness("lease", move || within(standing.borrow().seen, 2 * BEAT)));
    checks.push(Check::readiness("downstream", move || {
        within(*answered.borrow(), 2 * period + Duration::from_secs(10))
    }));
    Health::new(checks)
}

#[cfg(test)]
mod tests;
