//! The one task that owns the tallies: takes what the sources tell, and publishes what it comes to.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    Observe, Output,
    counting::Counting,
    follow::Following,
    namespaces::{Judge, Judged, Namespaces},
    nodes::{Node, Nodes},
    reader::Seen,
    verify::Answer,
};
use crate::{
    api::placement::GroupResource,
    informers::{Change, Event, Resource, Trouble},
    syncer::{
        discovery::{Pace, Resolved},
        facts::Counts,
    },
};

mod ask;
mod publish;
mod sources;

/// Events between the sources and the tallies.
const QUEUE: usize = 64;
const NAMESPACES: Resource = Resource { group: "", version: "v1", plural: "namespaces", namespace: None };
const NODES: Resource = Resource { group: "", version: "v1", plural: "nodes", namespace: None };

/// What was asked for beside the sources.
enum Told {
    Version(Result<String, Trouble>),
    Verified(Answer),
}

/// A verification that is under way.
struct Verifying {
    kind: GroupResource,
    /// What the cluster said, and when that is held against the tally.
    answer: Option<(Answer, Instant)>,
}

/// Where the sources tell.
struct Channels {
    objects: mpsc::Sender<Event<Seen>>,
    namespaces: mpsc::Sender<Event<Judged>>,
    nodes: mpsc::Sender<Event<Node>>,
}

/// Counts one cluster.
pub struct Observer {
    observe: Observe,
    pace: Pace,
    judge: Judge,
    resolved: Option<Arc<Resolved>>,
    kinds: BTreeMap<GroupResource, Counting>,
    namespaces: Namespaces,
    /// `None`: nobody needs to know more of namespaces than their names.
    namespaces_followed: Option<Following>,
    nodes: Nodes,
    nodes_followed: Following,
    kubernetes_version: String,
    /// When the version is asked for next.
    version_due: Option<Instant>,
    verifying: Option<Verifying>,
    sources: JoinSet<Resource>,
    asked: JoinSet<Told>,
    /// When a problem is to be shown that is too young now.
    ripe: Option<Instant>,
    /// Something changed that can be reported.
    changed: bool,
    counts: watch::Sender<Arc<Counts>>,
}

impl Observer {
    pub fn new(observe: Observe) -> Self {
        let judge = Judge::new(&observe.scope, observe.admits.clone());
        Self {
            observe,
            pace: Pace::default(),
            resolved: None,
            kinds: BTreeMap::new(),
            namespaces: Namespaces::new(judge.clone()),
            namespaces_followed: judge.follows().then(Following::new),
            judge,
            nodes: Nodes::default(),
            nodes_followed: Following::new(),
            kubernetes_version: String::new(),
            version_due: Some(Instant::now()),
            verifying: None,
            sources: JoinSet::new(),
            asked: JoinSet::new(),
            ripe: None,
            changed: true,
            counts: watch::Sender::default(),
        }
    }

    /// Told of whenever the content is another one.
    pub fn counts(&self) -> Output {
        self.counts.subscribe()
    }

    /// Until shutdown.
    pub async fn run(mut self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.follow()).await;
    }

    async fn follow(&mut self) {
        let (objects, mut told_objects) = mpsc::channel(QUEUE);
        let (namespaces, mut told_namespaces) = mpsc::channel(QUEUE);
        let (nodes, mut told_nodes) = mpsc::channel(QUEUE);
        let channels = Channels { objects, namespaces, nodes };
        let (mut objects, mut namespaces, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
        let mut resolved = self.observe.resolved.clone();
        resolved.mark_changed();
        loop {
            self.start(&channels);
            self.ask();
            self.publish();
            let wake = self.wake();
            tokio::select! {
                _ = told_objects.recv_many(&mut objects, QUEUE) => {
                    objects.drain(..).for_each(|event| self.object(event));
                }
                _ = told_namespaces.recv_many(&mut namespaces, QUEUE) => {
                    namespaces.drain(..).for_each(|event| self.namespace(event.change));
                }
                _ = told_nodes.recv_many(&mut nodes, QUEUE) => {
                    nodes.drain(..).for_each(|event| self.node(event.change));
                }
                Ok(()) = resolved.changed() => {
                    let now = resolved.borrow_and_update().clone();
                    self.resolve(now);
                }
                Some(ended) = self.sources.join_next() => self.ended(joined(ended)),
                Some(told) = self.asked.join_next() => self.told(joined(told)),
                () = until(wake) => self.changed = true,
            }
        }
    }

    fn object(&mut self, event: Event<Seen>) {
        let Event { resource, change, .. } = event;
        let is_meant = |counting: &&mut Counting| {
            let kind = counting.reader.kind();
            (kind.group.as_str(), kind.resource.as_str()) == (resource.group, resource.plural)
        };
        let Some(counting) = self.kinds.values_mut().find(is_meant) else { return };
        if matches!(change, Change::NotInstalled) {
            self.observe.again.look();
        }
        let namespaces = &self.namespaces;
        let now = self.observe.clock.now();
        self.changed |= counting.take(change, &|name| namespaces.admits(name), &self.pace, now);
    }

    fn namespace(&mut self, change: Change<Judged>) {
        let Some(following) = &mut self.namespaces_followed else { return };
        let names = match change {
            Change::Reset(all) => {
                self.changed |= following.is_well(true);
                self.namespaces.reset(all)
            }
            Change::Apply(judged) => {
                self.namespaces.apply(&judged).then_some(judged.name).into_iter().collect()
            }
            Change::Delete(judged) => {
                self.namespaces.delete(&judged).then_some(judged.name).into_iter().collect()
            }
            change => {
                self.changed |= followed(following, change, &self.pace);
                return;
            }
        };
        for name in names {
            let admitted = self.namespaces.admits(&name);
            for counting in self.kinds.values_mut() {
                self.changed |= counting.tally.readmit(&name, admitted);
            }
        }
    }

    fn node(&mut self, change: Change<Node>) {
        match change {
            Change::Reset(nodes) => {
                self.nodes.reset(nodes);
                self.nodes_followed.is_well(true);
            }
            Change::Apply(node) => self.nodes.apply(node),
            Change::Delete(node) => self.nodes.delete(&node),
            change => {
                self.changed |= followed(&mut self.nodes_followed, change, &self.pace);
                return;
            }
        }
        self.changed = true;
    }

    /// When there is something to do without being told.
    fn wake(&self) -> Option<Instant> {
        let kinds = self.kinds.values().flat_map(|counting| counting.following.wake());
        let others = self.namespaces_followed.iter().chain([&self.nodes_followed]).flat_map(Following::wake);
        let verify = match &self.verifying {
            Some(Verifying { answer, .. }) => answer.as_ref().map(|(_, at)| *at),
            None => self.next_check().map(|(at, _)| at),
        };
        kinds.chain(others).chain(verify).chain(self.version_due).chain(self.ripe).min()
    }
}

/// What a source tells beside objects.
fn followed<T>(following: &mut Following, change: Change<T>, pace: &Pace) -> bool {
    match change {
        Change::NotInstalled => following.is_in(Trouble::NotInstalled, pace),
        Change::Unavailable(trouble) => following.is_in(trouble, pace),
        _ => return following.is_well(false),
    }
    true
}

/// What a task of ours came to. None of them is aborted while we wait for it, so it panicked or is done.
fn joined<T>(ended: Result<T, JoinError>) -> Option<T> {
    match ended {
        Ok(value) => Some(value),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => None,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
