//! The informers of an engine: each kind on both sides, namespaces, Placements and the SyncTarget. Kinds come and
//! go as discovery says. It must not know what is made of the events.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    intake::{NAMESPACES, PLACEMENTS},
    object::Object,
};
use crate::{
    informers::{Event, Fetch, Limits, Metrics, Resource, Selection, Source},
    liveness::SYNC_TARGETS,
    syncer::{discovery::Resolved, ownership::CLUSTER},
};

/// Events between the sources of one side and the engine.
const QUEUE: usize = 256;

/// Where the events of a syncer come from.
pub struct Sources {
    pub upstream: Arc<dyn Fetch>,
    pub downstream: Arc<dyn Fetch>,
    pub limits: Limits,
    pub metrics: Metrics,
    /// Name of the SyncTarget, the only one that a syncer may read.
    pub target: String,
    /// Its key: below, only what bears it is followed.
    pub key: String,
    /// Placements decide.
    pub placements: bool,
    pub kinds: watch::Receiver<Option<Arc<Resolved>>>,
}

/// One side's channel.
#[derive(Clone)]
struct Side {
    fetch: Arc<dyn Fetch>,
    selection: Selection,
    events: mpsc::Sender<Event<Object>>,
}

impl Sources {
    /// The events of both sides, and the task that brings them.
    pub fn start(
        self,
        shutdown: CancellationToken,
    ) -> (mpsc::Receiver<Event<Object>>, mpsc::Receiver<Event<Object>>, impl Future<Output = ()> + Send) {
        let (above, from_above) = mpsc::channel(QUEUE);
        let (below, from_below) = mpsc::channel(QUEUE);
        (from_above, from_below, self.run(above, below, shutdown))
    }

    async fn run(
        mut self,
        above: mpsc::Sender<Event<Object>>,
        below: mpsc::Sender<Event<Object>>,
        shutdown: CancellationToken,
    ) {
        let labels = Some(format!("{CLUSTER}={}", self.key));
        let above = Side { fetch: self.upstream.clone(), selection: Selection::default(), events: above };
        let selection = Selection { name: Some(self.target.clone()), ..Selection::default() };
        let target = Side { selection, ..above.clone() };
        let selection = Selection { labels, ..Selection::default() };
        let below = Side { fetch: self.downstream.clone(), selection, events: below };
        let mut tasks = JoinSet::new();
        let always = [(&above, NAMESPACES), (&target, SYNC_TARGETS), (&below, NAMESPACES)];
        let placements = self.placements.then_some((&above, PLACEMENTS));
        for (side, resource) in always.into_iter().chain(placements) {
            tasks.spawn(self.source(side, resource, &shutdown));
        }
        let mut running: HashMap<Resource, CancellationToken> = HashMap::new();
        loop {
            let wanted: HashSet<Resource> =
                self.kinds.borrow_and_update().as_ref().map_or_else(HashSet::new, |resolved| {
                    resolved.kinds.values().map(|found| found.kind.informed()).collect()
                });
            running.retain(|resource, stop| {
                let stays = wanted.contains(resource);
                if !stays {
                    stop.cancel();
                }
                stays
            });
            for resource in wanted {
                running.entry(resource).or_insert_with(|| {
                    let stop = shutdown.child_token();
                    tasks.spawn(self.source(&above, resource, &stop));
                    tasks.spawn(self.source(&below, resource, &stop));
                    stop
                });
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                changed = self.kinds.changed() => if changed.is_err() { break },
                Some(ended) = tasks.join_next() => if let Err(error) = ended && error.is_panic() {
                    std::panic::resume_unwind(error.into_panic());
                }
            }
        }
        // The engine reads to the end; a source that is not read any more ends by itself.
        shutdown.cancelled().await;
    }

    fn source(
        &self,
        side: &Side,
        resource: Resource,
        stop: &CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let Side { fetch, selection, events } = side.clone();
        let source = Source::keeping(fetch, resource, self.limits, events, self.metrics.clone(), Object::of);
        source.select(selection).run(stop.clone())
    }
}
