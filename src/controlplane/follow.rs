//! A controller's way through a log: everything that is there, then every change, without losing any; and the loop
//! of those that hold an object back until what belongs to it is gone.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    resources::Resources,
    store::{self, GroupResource, Reference, Store},
};
use crate::apiserver::{
    log::{EventKind, ResourceLog},
    object::{Key, Object},
    registry::meta,
};

/// Events taken at once.
const BATCH: usize = 256;

pub struct Follower {
    log: Arc<ResourceLog>,
    head: watch::Receiver<u64>,
    /// `None` until everything that is there has been told.
    cursor: Option<u64>,
}

impl Follower {
    pub fn new(log: Arc<ResourceLog>) -> Self {
        Self { head: log.subscribe(), log, cursor: None }
    }

    /// The next changes, at least one. A follower that fell behind is told all there is once more; what was deleted
    /// meanwhile it is not told, so keep nothing that only a deletion takes away.
    pub async fn next(&mut self) -> Vec<(EventKind, Arc<Object>)> {
        loop {
            self.head.mark_unchanged();
            let events = match self.cursor.map(|cursor| self.log.events_after(cursor, BATCH)) {
                Some(Ok((events, reached))) => {
                    self.cursor = Some(reached);
                    events.iter().map(|event| (event.kind, event.object.clone())).collect()
                }
                Some(Err(_)) | None => {
                    let snapshot = self.log.snapshot();
                    self.cursor = Some(snapshot.resource_version);
                    snapshot.iter().map(|object| (EventKind::Added, object.clone())).collect::<Vec<_>>()
                }
            };
            if !events.is_empty() {
                return events;
            }
            if self.head.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// What a controller does about the cluster-scoped objects of one resource, in all logical clusters.
pub trait Controller: Send {
    /// The object is there and stays.
    fn stays(&mut self, _: &Reference) {}

    /// The object is gone; this is its last state.
    fn gone(&mut self, _: &Reference, _: &Value) {}

    /// The object is to go: does what is left to do, and says whether it is gone. Asked again with every change of
    /// the store until it is.
    fn finish(&mut self, place: &Reference) -> bool;
}

/// Runs a controller until shutdown.
pub async fn drive(
    store: Arc<Store>,
    resources: Arc<Resources>,
    resource: GroupResource,
    mut controller: impl Controller,
    shutdown: CancellationToken,
) {
    let Some(versions) = resources.find_anywhere(&resource) else { return };
    let Some(log) = store.log_across(&versions, &versions[0].info().version) else { return };
    let mut objects = Follower::new(log);
    let mut changes = store.subscribe();
    let mut going: BTreeSet<Reference> = BTreeSet::new();
    loop {
        changes.mark_unchanged();
        going.retain(|place| !controller.finish(place));
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = changes.changed(), if !going.is_empty() => if changed.is_err() { return },
            events = objects.next() => for (kind, object) in events {
                let Some((cluster, _)) = object.key.namespace.split_once('|') else { continue };
                let key = Key { namespace: "".into(), name: object.key.name.clone() };
                let place = Reference { cluster: cluster.into(), resource: resource.clone(), key };
                let value = store::value(&object);
                match kind {
                    EventKind::Deleted => controller.gone(&place, &value),
                    _ if meta::is_deleting(&value) => { going.insert(place); }
                    _ => controller.stays(&place),
                }
            },
        }
    }
}
