//! The heart of the syncer: what both sides tell becomes keys, a key a pass, a pass at most one write.
//!
//! One task owns all that is known and makes the requests, a bounded number at a time, which come back as
//! outcomes. Fed by informers; told by [`Lead`] whether it may write. It must not know what is made of its progress.

mod asked;
mod deletable;
mod facts;
mod finish;
mod intake;
mod job;
pub mod key;
mod known;
mod learned;
mod namespaces;
mod notices;
pub mod object;
mod pass;
pub mod plan;
pub(super) mod progress;
pub(super) mod queue;
pub mod recorder;
mod references;
mod requests;
mod rules;
mod run;
mod sources;
pub(super) mod state;
pub(super) mod store;
pub mod target;
mod tokens;
mod up;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use self::{asked::Working, state::State};
pub use self::{
    deletable::Discovered,
    intake::{NAMESPACES, PLACEMENTS},
    job::{Apis, Failed},
    object::Object,
    plan::Plan,
    recorder::{Operation, Outcome, Recorder},
    sources::Sources,
};
use crate::{
    informers::Event,
    liveness::clock::Clock,
    syncer::{discovery::Resolved, events::Events, facts::Progress, kind::Kind},
};

/// Whether a write may begin now, and until when it must have ended; none while another process leads.
pub trait Lead: Send + Sync + 'static {
    fn deadline(&self) -> Option<Instant>;
}

impl<F: Fn() -> Option<Instant> + Send + Sync + 'static> Lead for F {
    fn deadline(&self) -> Option<Instant> {
        self()
    }
}

/// Which kinds of the cluster can be in a namespace and be deleted: all of them, whether synced or not.
#[async_trait]
pub trait Deletable: Send + Sync + 'static {
    /// # Errors
    /// Why they are not all known, in words for people.
    async fn deletable(&self) -> Result<Vec<Kind>, String>;
}

/// What an engine works with.
#[derive(Clone)]
pub struct Tools {
    pub apis: Apis,
    pub lead: Arc<dyn Lead>,
    pub deletable: Arc<dyn Deletable>,
    pub recorder: Arc<dyn Recorder>,
    pub events: Events,
    pub clock: Arc<dyn Clock>,
    /// Asked to look again which kinds are served.
    pub rediscover: Arc<dyn Fn() + Send + Sync>,
}

/// What an engine is fed with.
pub struct Feeds {
    pub upstream: mpsc::Receiver<Event<Object>>,
    pub downstream: mpsc::Receiver<Event<Object>>,
    pub kinds: watch::Receiver<Option<Arc<Resolved>>>,
    /// Nothing that is shown upstream has to go before the SyncTarget may.
    pub unshown: watch::Receiver<bool>,
}

/// Keeps one cluster in step with one workspace.
pub struct Engine {
    state: State,
    tools: Tools,
    progress: watch::Sender<Arc<Progress>>,
    working: Working,
}

impl Engine {
    pub fn new(plan: Arc<Plan>, tools: Tools) -> Self {
        Self {
            state: State::new(plan),
            tools,
            progress: watch::Sender::default(),
            working: Working::default(),
        }
    }

    /// What syncing came to, at most once a second.
    pub fn progress(&self) -> watch::Receiver<Arc<Progress>> {
        self.progress.subscribe()
    }
}

#[cfg(test)]
pub(super) mod simulation;
#[cfg(test)]
mod tests;
