//! A controller's way through a log: everything that is there, then every change, without losing any.

use std::sync::Arc;

use tokio::sync::watch;

use crate::apiserver::{
    log::{EventKind, ResourceLog},
    object::Object,
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
