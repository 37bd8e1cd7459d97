//! Writes the status of every object that several targets sync, out of the shares that they tell.
//!
//! Fed by `informers` with the metadata alone of the kinds its caller names: the shares are annotations. Only an
//! object that several targets sync is read whole, when it changes. Several processes may run it: the holder of
//! Lease `tmc-status` writes. It must not know who names the kinds, nor how shares come there.

pub mod combine;
mod controller;
mod metrics;
mod seen;
mod state;
mod targets;
mod work;

use std::{future::Future, sync::Arc};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::controller::Controller;
pub use self::metrics::Metrics;
use super::{
    call::{Caller, Requests},
    leader::{Election, Timing},
};
use crate::{
    informers::{self, Fetch, Limits, Resource},
    liveness::{LEASES, clock::Clock},
};

/// The Lease that its holder writes under.
pub const LEADER: &str = "tmc-status";

/// The kinds that have a status to be combined; `None` until they are known.
pub type Kinds = watch::Receiver<Option<Vec<Resource>>>;

pub struct Combiner {
    fetch: Arc<dyn Fetch>,
    caller: Caller,
    kinds: Kinds,
    clock: Arc<dyn Clock>,
    limits: Limits,
    informers: informers::Metrics,
    metrics: Metrics,
}

impl Combiner {
    /// `fetch` reads the upstream, or many logical clusters of it; `requests` is its root, where each of them has its
    /// path `/clusters/<id>` and the leader its Lease.
    pub fn new<F: Fetch, R: Requests>(
        fetch: Arc<F>,
        requests: Arc<R>,
        kinds: Kinds,
        clock: Arc<dyn Clock>,
        informers: informers::Metrics,
        metrics: Metrics,
    ) -> Self {
        let caller = Caller::new(requests);
        Self { fetch, caller, kinds, clock, limits: Limits::quiet(), informers, metrics }
    }

    /// Writes whenever it leads, until shutdown. `identity` tells this process from all others.
    pub fn run(self, identity: String, shutdown: CancellationToken) -> impl Future<Output = ()> + Send {
        let namespace = LEASES.namespace.unwrap_or_default();
        let election = Election::new(self.caller.clone(), namespace, LEADER, identity, Timing::default());
        let combiner = Arc::new(self);
        election.run(shutdown, move |leading| {
            let combiner = combiner.clone();
            async move {
                combiner.metrics.leading.set(1);
                let _guard = Led(combiner.metrics.clone());
                Controller::new(combiner, leading).run().await;
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
        self.0.shared.set(0);
    }
}

#[cfg(test)]
mod tests;
