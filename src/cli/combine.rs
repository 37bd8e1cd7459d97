//! Prepares the reconciler that makes one status of the shares of several targets.

use std::sync::Arc;

use prometheus::Registry;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    informers::{self, Fetch, Limits},
    liveness::clock::SystemClock,
    reconcilers::{
        call::Requests,
        status::{Combiner, Kinds, Metrics},
    },
    supervisor::Supervisor,
    syncer::discovery::{Discoverer, Pace, Resolved, Side, Wanted},
};

/// `fetch` reads the upstream, or many logical clusters of it; `requests` is its root. Nothing is read yet but which
/// of the `wanted` kinds there are.
pub fn combiner<F: Fetch, R: Requests>(
    tasks: &mut Supervisor,
    fetch: Arc<F>,
    requests: Arc<R>,
    wanted: Wanted,
    registry: &Registry,
    metrics: informers::Metrics,
) -> anyhow::Result<Combiner> {
    let kinds = kinds(tasks, fetch.clone(), wanted);
    let clock = Arc::new(SystemClock::default());
    Ok(Combiner::new(fetch, requests, kinds, clock, metrics, Metrics::new(registry)?))
}

/// Those that are wanted and have a status of their own, as the upstream serves them.
fn kinds(tasks: &mut Supervisor, fetch: Arc<dyn Fetch>, wanted: Wanted) -> Kinds {
    let side = Side { name: "upstream", fetch, verbs: &["get", "list", "watch", "patch"] };
    let discoverer = Discoverer::new(vec![side], wanted, Limits::quiet(), Pace::default());
    let mut resolved = discoverer.resolved();
    let (sender, kinds) = watch::channel(None);
    tasks.spawn_background("kinds of statuses", async move {
        let follow = async {
            while resolved.changed().await.is_ok() {
                sender.send_replace(resolved.borrow_and_update().as_deref().map(with_status));
            }
        };
        tokio::join!(discoverer.run(CancellationToken::new()), follow);
    });
    kinds
}

fn with_status(resolved: &Resolved) -> Vec<informers::Resource> {
    resolved.kinds.values().filter(|found| found.status).map(|found| found.kind.informed()).collect()
}
