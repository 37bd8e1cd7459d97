//! Which sources run: one for each kind that the cluster serves, one for the nodes, one for the namespaces where
//! their labels matter.

use std::sync::Arc;

use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Channels, NAMESPACES, NODES, Observer};
use crate::{
    informers::{Event, RawObject, Resource, Selection, Source},
    syncer::{
        discovery::Resolved,
        observe::{
            Observe,
            counting::Counting,
            follow::{Following, Running},
            nodes::Node,
            reader::Reader,
        },
    },
};

impl Observer {
    /// Takes over which kinds there are.
    pub(super) fn resolve(&mut self, resolved: Option<Arc<Resolved>>) {
        let Some(resolved) = resolved else { return };
        for (name, found) in &resolved.kinds {
            match self.kinds.get_mut(name) {
                None => drop(self.kinds.insert(name.clone(), Counting::new(&found.kind, &self.observe))),
                Some(counting) if *counting.reader.kind() == found.kind && counting.wanted => {}
                Some(counting) => {
                    let Counting { reader, following, wanted, .. } = counting;
                    let observe = &self.observe;
                    *reader =
                        Reader::new(&found.kind, &observe.scope, observe.admits.clone(), &observe.conditions);
                    *wanted = true;
                    following.restart();
                }
            }
        }
        for (name, counting) in &mut self.kinds {
            if !resolved.kinds.contains_key(name) {
                counting.wanted = false;
                counting.following.stop();
            }
        }
        self.forget();
        self.resolved = Some(resolved);
        self.changed = true;
    }

    /// A source came to its end, because it was told to.
    pub(super) fn ended(&mut self, ended: Option<Resource>) {
        let Some(resource) = ended else { return };
        let following = match (resource.group, resource.plural) {
            ("", plural) if plural == NODES.plural => Some(&mut self.nodes_followed),
            ("", plural) if plural == NAMESPACES.plural => self.namespaces_followed.as_mut(),
            (group, plural) => self.kinds.iter_mut().find_map(|(name, counting)| {
                ((name.group.as_str(), name.resource.as_str()) == (group, plural))
                    .then_some(&mut counting.following)
            }),
        };
        if let Some(following) = following {
            following.ended();
        }
        self.forget();
    }

    /// Kinds that are not there any more and of which nothing can come any more.
    fn forget(&mut self) {
        self.kinds.retain(|_, counting| counting.wanted || counting.following.is_running());
    }

    /// Starts what is due.
    pub(super) fn start(&mut self, channels: &Channels) {
        let Self { observe, sources, judge, .. } = self;
        for counting in
            self.kinds.values_mut().filter(|counting| counting.wanted && counting.following.is_due())
        {
            let reader = counting.reader.clone();
            let what = (reader.kind().informed(), reader.selection());
            let keep = move |object| reader.read(object);
            begin(sources, observe, &mut counting.following, what, &channels.objects, keep);
        }
        if let Some(following) = self.namespaces_followed.as_mut().filter(|following| following.is_due()) {
            let what = (NAMESPACES, Selection { metadata_only: true, ..Selection::default() });
            let judge = judge.clone();
            begin(sources, observe, following, what, &channels.namespaces, move |object| judge.read(object));
        }
        if self.nodes_followed.is_due() {
            let what = (NODES, Selection::default());
            begin(sources, observe, &mut self.nodes_followed, what, &channels.nodes, Node::read);
        }
    }
}

fn begin<T: Send + 'static>(
    sources: &mut JoinSet<Resource>,
    observe: &Observe,
    following: &mut Following,
    (resource, selection): (Resource, Selection),
    events: &mpsc::Sender<Event<T>>,
    keep: impl Fn(RawObject) -> T + Send + Sync + 'static,
) {
    let Observe { fetch, limits, metrics, .. } = observe;
    let source = Source::keeping(fetch.clone(), resource, *limits, events.clone(), metrics.clone(), keep);
    let source = source.select(selection);
    let stop = CancellationToken::new();
    following.started(Running { stop: stop.clone(), relist: source.relist() });
    sources.spawn(async move {
        source.run(stop).await;
        resource
    });
}
