//! What a cluster makes for the workloads of a workspace, shown in the workspace: Pods, Endpoints and
//! PersistentVolumes, for the kinds that are asked for.
//!
//! A small engine beside the engine: one task owns what is known of both sides, `decide` names one step for one
//! object, and requests are made beside it. Fed by informers of its own; told by `Lead` whether it may write. It
//! never writes to the cluster, and it must not know what is synced down.

mod decide;
mod intake;
mod job;
mod pass;
mod run;
mod sources;
mod state;

use std::sync::Arc;

use futures::{future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::{mpsc, watch};

use self::state::State;
pub use self::{
    decide::{UPSYNC, is_copy},
    sources::Sources,
};
use super::{
    engine::{Object, Plan, Tools},
    facts::Progress,
    kind::Kind,
};
use crate::informers::Event;

/// Shows the objects of one cluster in one workspace.
pub struct Upsync {
    state: State,
    tools: Tools,
    progress: watch::Sender<Arc<Progress>>,
    unshown: watch::Sender<bool>,
    working: FuturesUnordered<BoxFuture<'static, run::Ended>>,
}

/// What it is fed with.
pub struct Feeds {
    pub upstream: mpsc::Receiver<Event<Object>>,
    pub downstream: mpsc::Receiver<Event<Object>>,
}

impl Upsync {
    /// Of these kinds; they are Kubernetes' own and the same everywhere.
    pub fn new(plan: Arc<Plan>, kinds: Vec<Kind>, tools: Tools) -> Self {
        Self {
            state: State::new(plan, kinds),
            tools,
            progress: watch::Sender::default(),
            unshown: watch::Sender::new(false),
            working: FuturesUnordered::new(),
        }
    }

    /// What is wrong with objects and kinds; nothing else.
    pub fn progress(&self) -> watch::Receiver<Arc<Progress>> {
        self.progress.subscribe()
    }

    /// Whether the SyncTarget is on its way out and no copy is left.
    pub fn unshown(&self) -> watch::Receiver<bool> {
        self.unshown.subscribe()
    }
}

#[cfg(test)]
mod tests;
