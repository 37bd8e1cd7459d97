//! What is on the physical cluster: objects counted by kind, how many are ready, which are in trouble, and the nodes.
//!
//! Fed by informers of the cluster, which send metadata alone wherever no body is needed; the report consumes
//! [`Counts`]. Of each object a mark is kept, not the object. It writes nothing anywhere, and must not know what the
//! engine does with the same objects.

mod admits;
mod counting;
mod follow;
mod namespaces;
mod nodes;
mod observer;
mod probe;
mod problems;
mod reader;
mod readiness;
mod tally;
mod trouble;
mod verify;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

pub use admits::{Admits, Everything, Labels, Meta};
pub use observer::Observer;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{
    discovery::{Again, Resolved},
    facts::Counts,
    identity::Identity,
};
use crate::{
    api::{placement::GroupResource, workload::Problem},
    informers::{Fetch, Limits, Metrics},
    liveness::clock::Clock,
};

/// Whose objects make up a `total`.
#[derive(Clone, Debug)]
pub enum Scope {
    /// Everybody's that the filter admits.
    Observe,
    /// Those that bear the stamps of this target.
    Owned(Identity),
}

/// All that observing a cluster takes.
pub struct Observe {
    /// The cluster.
    pub fetch: Arc<dyn Fetch>,
    pub scope: Scope,
    pub admits: Arc<dyn Admits>,
    /// Kinds that are ready when a condition is True, and which condition. None but the built-in ones otherwise.
    pub conditions: BTreeMap<GroupResource, String>,
    /// Which kinds there are to count, of [`super::discovery::Discoverer`].
    pub resolved: watch::Receiver<Option<Arc<Resolved>>>,
    /// Of the same.
    pub again: Again,
    /// [`Limits::quiet`], but for tests.
    pub limits: Limits,
    pub times: Times,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
    /// What was reported before: a problem that lasts keeps the time it began.
    pub known: Vec<Problem>,
}

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// An object that is not ready for less is not in trouble yet: it may just start.
    pub patience: Duration,
    /// Between two verifications of one kind.
    pub verify: Duration,
    /// Between two looks at the version of the API.
    pub version: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(10),
            verify: Duration::from_secs(300),
            version: Duration::from_secs(600),
        }
    }
}

/// Where the counts come out; the first are empty and not complete.
pub type Output = watch::Receiver<Arc<Counts>>;
