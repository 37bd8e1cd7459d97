//! Says of every SyncTarget whether its syncer is heard, which workspace it serves and whether it is ready.
//!
//! The only writer of the conditions `HeartbeatHealthy`, `Ready` and `WorkspaceAssigned` and of
//! `status.key`, and the maker of the Lease that a syncer renews. Several processes may run it: the holder
//! of Lease `tmc-heartbeat` writes. It must not know what is made of its conditions.

mod controller;
mod feeds;
mod metrics;
mod reconcile;
mod state;
mod target;
mod write;

use std::{future::Future, sync::Arc};

use tokio_util::sync::CancellationToken;

use self::controller::Controller;
pub use self::metrics::Metrics;
use super::{
    call::{Caller, Requests},
    leader::{Election, Timing},
};
use crate::{
    api::workspace::Paths,
    informers::{self, Fetch, Limits},
    liveness::{LEASES, clock::Clock},
};

/// The Lease that its holder writes under.
pub const LEADER: &str = "tmc-heartbeat";

pub struct Heartbeat {
    fetch: Arc<dyn Fetch>,
    caller: Caller,
    /// Of the logical clusters, if the upstream has some.
    paths: Option<Arc<dyn Paths>>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    informers: informers::Metrics,
    metrics: Metrics,
}

impl Heartbeat {
    /// Over one upstream, which is read and written.
    pub fn new<U: Fetch + Requests>(
        upstream: Arc<U>,
        clock: Arc<dyn Clock>,
        informers: informers::Metrics,
        metrics: Metrics,
    ) -> Self {
        let caller = Caller::new(upstream.clone());
        Self { fetch: upstream, caller, paths: None, clock, limits: Limits::default(), informers, metrics }
    }

    /// Over many logical clusters. `fetch` reads all of them; `requests` is their server's root, where each has its
    /// path `/clusters/<id>` and the leader its Lease.
    pub fn across<F: Fetch, R: Requests>(
        fetch: Arc<F>,
        requests: Arc<R>,
        paths: Arc<dyn Paths>,
        clock: Arc<dyn Clock>,
        informers: informers::Metrics,
        metrics: Metrics,
    ) -> Self {
        let caller = Caller::new(requests);
        Self { fetch, caller, paths: Some(paths), clock, limits: Limits::default(), informers, metrics }
    }

    /// Writes whenever it leads, until shutdown. `identity` tells this process from all others.
    pub fn run(self, identity: String, shutdown: CancellationToken) -> impl Future<Output = ()> + Send {
        let namespace = LEASES.namespace.unwrap_or_default();
        let election = Election::new(self.caller.clone(), namespace, LEADER, identity, Timing::default());
        let heartbeat = Arc::new(self);
        election.run(shutdown, move |leading| {
            let heartbeat = heartbeat.clone();
            async move {
                heartbeat.metrics.leading.set(1);
                let _guard = Led(heartbeat.metrics.clone());
                Controller::new(heartbeat, leading).run().await;
            }
        })
    }
}

/// Until it is dropped, we lead.
struct Led(Metrics);

impl Drop for Led {
    fn drop(&mut self) {
        self.0.leading.set(0);
        self.0.waiting.set(0);
    }
}

#[cfg(test)]
mod tests;
