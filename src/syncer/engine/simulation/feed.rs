//! What informers would tell of a simulated API: everything at first, then every change; or all of it anew.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use super::server::Server;
use crate::{
    informers::{Change, Event, Resource, Trouble},
    syncer::{
        engine::object::{Kept, Object},
        json::{entry, meta},
    },
};

/// What is done to a feed beside its work.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::syncer) enum Nudge {
    /// All is listed anew, as after a gap.
    Relist,
    /// A list that is empty, though the server is not.
    Empty,
    Unavailable,
    NotInstalled,
    /// Nothing comes through until the next nudge.
    Stall,
}

/// One side's feed.
pub(in crate::syncer) struct Feed {
    pub(in crate::syncer) server: Arc<Mutex<Arc<Server>>>,
    pub(in crate::syncer) resources: Vec<Resource>,
    /// Only what bears this label.
    pub(in crate::syncer) label: Option<(String, String)>,
    pub(in crate::syncer) events: mpsc::Sender<Event<Object>>,
    pub(in crate::syncer) nudges: Arc<Mutex<Vec<Nudge>>>,
    pub(in crate::syncer) nudged: Arc<Notify>,
}

impl Feed {
    pub(in crate::syncer) async fn run(self) {
        let mut server = self.server.lock().clone();
        let mut seen = self.relist(&server).await;
        let mut changed = server.changed.subscribe();
        let mut stalled = false;
        loop {
            let nudges = std::mem::take(&mut *self.nudges.lock());
            for nudge in nudges {
                stalled = nudge == Nudge::Stall;
                match nudge {
                    Nudge::Relist => {
                        server = self.server.lock().clone();
                        changed = server.changed.subscribe();
                        seen = self.relist(&server).await;
                    }
                    Nudge::Empty => self.all(|| Change::Reset(Vec::new())).await,
                    Nudge::Unavailable => self.all(|| Change::Unavailable(Trouble::Unreachable)).await,
                    Nudge::NotInstalled => self.all(|| Change::NotInstalled).await,
                    Nudge::Stall => {}
                }
            }
            if !stalled {
                seen = self.follow(&server, seen).await;
            }
            tokio::select! {
                () = self.nudged.notified() => {}
                _ = changed.changed() => {}
                () = tokio::time::sleep(std::time::Duration::from_secs(300)) => {
                    if !stalled {
                        self.all(|| Change::Fresh).await;
                    }
                }
            }
        }
    }

    async fn all(&self, change: impl Fn() -> Change<Object>) {
        for resource in &self.resources {
            self.send(*resource, change()).await;
        }
    }

    async fn send(&self, resource: Resource, change: Change<Object>) {
        let _ = self.events.send(Event { resource, received: Instant::now(), change }).await;
    }

    /// Whether the path is one of the resource's objects.
    fn is_of(resource: &Resource, path: &str) -> bool {
        let root = resource.path();
        let (head, plural) = root.rsplit_once('/').unwrap_or_default();
        let Some(rest) = path.strip_prefix(head).and_then(|rest| rest.strip_prefix('/')) else {
            return false;
        };
        match rest.split('/').collect::<Vec<_>>().as_slice() {
            [found, _] => *found == plural,
            ["namespaces", _, found, _] => *found == plural,
            _ => false,
        }
    }

    fn selects(&self, object: &Value) -> bool {
        self.label.as_ref().is_none_or(|(key, value)| entry(object, "labels", key) == Some(value))
    }

    async fn relist(&self, server: &Server) -> usize {
        let (lists, seen) = {
            let state = server.state.lock();
            let list = |resource: &Resource| {
                let inside = state
                    .objects
                    .iter()
                    .filter(|(path, object)| Self::is_of(resource, path) && self.selects(object));
                (*resource, inside.map(|(_, object)| kept(object)).collect::<Vec<_>>())
            };
            (self.resources.iter().map(list).collect::<Vec<_>>(), state.log.len())
        };
        for (resource, objects) in lists {
            self.send(resource, Change::Reset(objects)).await;
        }
        seen
    }

    async fn follow(&self, server: &Server, seen: usize) -> usize {
        let news: Vec<_> = server.state.lock().log.iter().skip(seen).cloned().collect();
        let count = news.len();
        for (path, object, gone) in news {
            let Some(resource) = self.resources.iter().find(|resource| Self::is_of(resource, &path)) else {
                continue;
            };
            // As a watch with a selector tells: what is not selected any more is gone.
            let change = match gone || !self.selects(&object) {
                true => Change::Delete(kept(&object)),
                false => Change::Apply(kept(&object)),
            };
            self.send(*resource, change).await;
        }
        seen + count
    }
}

fn kept(object: &Value) -> Object {
    Object::at(meta(object, "namespace"), meta(object, "name"), Kept::of(object))
}
