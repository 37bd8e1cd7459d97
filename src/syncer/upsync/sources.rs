//! The informers: namespaces, the SyncTarget, the copies by their label, and the originals wherever they are.
//!
//! It must not know what is made of the events.

use std::sync::Arc;

use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::decide::{STATE, UPSYNC};
use crate::{
    api::workload::NamespaceMapping,
    informers::{Event, Fetch, Limits, Metrics, RawObject, Resource, Selection, Source},
    liveness::SYNC_TARGETS,
    syncer::{
        engine::{NAMESPACES, Object, Plan},
        kind::Kind,
        naming::HASHED,
        ownership::CLUSTER,
    },
};

/// Events between the sources of one side and the loop.
const QUEUE: usize = 256;

/// Where the events come from.
pub struct Sources {
    pub upstream: Arc<dyn Fetch>,
    pub downstream: Arc<dyn Fetch>,
    pub limits: Limits,
    pub metrics: Metrics,
}

impl Sources {
    /// The feeds, and the task that fills them.
    pub fn start(
        self,
        plan: &Plan,
        kinds: &[Kind],
        shutdown: CancellationToken,
    ) -> (super::Feeds, impl Future<Output = ()> + Send + use<>) {
        let (above, upstream) = mpsc::channel(QUEUE);
        let (below, downstream) = mpsc::channel(QUEUE);
        let labelled = |label: String| Selection { labels: Some(label), ..Selection::default() };
        let target = Selection { name: Some(plan.identity.name.clone()), ..Selection::default() };
        let copies = labelled(format!("{STATE}{}={UPSYNC}", plan.key()));
        let ours = labelled(format!("{CLUSTER}={}", plan.key()));
        let hashed = plan.identity.namespace_mapping == NamespaceMapping::Hashed;
        let mut sources = vec![
            self.source(true, SYNC_TARGETS, target, &above, Object::of),
            self.source(true, NAMESPACES, Selection::default(), &above, Object::of),
            self.source(false, NAMESPACES, ours, &below, Object::of),
        ];
        for kind in kinds {
            let (resource, namespaced) = (kind.informed(), kind.namespaced);
            // Of what can be in no namespace of ours it is only known that it is there.
            let keep =
                move |raw: RawObject| match hashed && namespaced && !raw.meta.namespace.starts_with(HASHED) {
                    true => Object::bare(&raw),
                    false => Object::of(raw),
                };
            sources.push(self.source(true, resource, copies.clone(), &above, Object::of));
            sources.push(self.source(false, resource, Selection::default(), &below, keep));
        }
        let running = async move {
            let mut tasks = JoinSet::new();
            for source in sources {
                tasks.spawn(source.run(shutdown.child_token()));
            }
            while let Some(ended) = tasks.join_next().await {
                if let Err(error) = ended
                    && error.is_panic()
                {
                    std::panic::resume_unwind(error.into_panic());
                }
            }
            // A source that is not read any more ends by itself.
            shutdown.cancelled().await;
        };
        (super::Feeds { upstream, downstream }, running)
    }

    fn source(
        &self,
        above: bool,
        resource: Resource,
        selection: Selection,
        events: &mpsc::Sender<Event<Object>>,
        keep: impl Fn(RawObject) -> Object + Send + Sync + 'static,
    ) -> Source<Object> {
        let fetch = if above { &self.upstream } else { &self.downstream };
        let (fetch, metrics) = (fetch.clone(), self.metrics.clone());
        Source::keeping(fetch, resource, self.limits, events.clone(), metrics, keep).select(selection)
    }
}
