//! The objects of one resource in one logical cluster: one log per served version, all with the same versions.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::{ClusterId, RING, Versions, encode};
use crate::apiserver::{
    log::{Event, EventKind, ResourceLog},
    object::{Key, Object},
    registry::store::{Change, Refused},
    resource::ResourceInfo,
    snapshot::Snapshot,
    strategy::Strategy,
};

pub(super) struct Collection {
    /// Never empty; the first is the one objects are kept in.
    logs: Vec<(Arc<dyn Strategy>, Arc<ResourceLog>)>,
    versions: Versions,
}

impl Collection {
    pub(super) fn new(versions: &Versions, base: u64) -> Self {
        let log = |strategy: &Arc<dyn Strategy>| {
            let log = ResourceLog::new(RING);
            log.reset(Snapshot::default(), base);
            (strategy.clone(), Arc::new(log))
        };
        Self { logs: versions.iter().map(log).collect(), versions: versions.clone() }
    }

    /// Serves these versions from now on: a definition that has changed shows its objects anew.
    pub(super) fn serve(&mut self, versions: &Versions, cluster: &ClusterId, base: u64) {
        if Arc::ptr_eq(&self.versions, versions) {
            return;
        }
        let stored = self.logs[0].1.snapshot();
        let mut next = Self::new(versions, base);
        for (strategy, log) in &mut next.logs {
            let known = self.logs.iter().find(|(old, _)| old.info().version == strategy.info().version);
            if let Some((_, known)) = known {
                // Watches go on, and the objects they have seen keep their versions.
                *log = known.clone();
            }
            let mut snapshot = Snapshot::default();
            for object in stored.iter() {
                let version = object.resource_version;
                snapshot.put(Arc::new(encode::object(
                    strategy.as_ref(),
                    cluster,
                    &object.key,
                    encode::value(object),
                    version,
                )));
            }
            match known {
                Some(_) => log.publish(Vec::new(), snapshot, base.max(log.head())),
                None => log.reset(snapshot, base),
            }
        }
        *self = next;
    }

    pub(super) fn log(&self, version: &str) -> Option<Arc<ResourceLog>> {
        let found = self.logs.iter().find(|(strategy, _)| *strategy.info().version == *version)?;
        Some(found.1.clone())
    }

    /// Ends every watch: there is nothing to follow any more.
    pub(super) fn close(&self, after: u64) {
        for (_, log) in &self.logs {
            log.reset(Snapshot::default(), after);
        }
    }

    /// The log of the version objects are kept in.
    pub(super) fn first(&self) -> &ResourceLog {
        &self.logs[0].1
    }

    /// Its rules.
    pub(super) fn strategy(&self) -> &Arc<dyn Strategy> {
        &self.logs[0].0
    }

    pub(super) fn len(&self) -> usize {
        self.first().snapshot().len()
    }

    /// Makes the change in every log, and returns the events with the names of what they are about.
    pub(super) fn commit(
        &mut self,
        cluster: &ClusterId,
        key: &Key,
        change: Change,
        version: u64,
    ) -> Result<Vec<(Arc<ResourceInfo>, Event)>, Refused> {
        let there = self.logs[0].1.snapshot().get(key).cloned();
        let (kind, value) = judge(there, change)?;
        let event = |(strategy, log): &(Arc<dyn Strategy>, Arc<ResourceLog>)| {
            let object = Arc::new(encode::object(strategy.as_ref(), cluster, key, value.clone(), version));
            let previous = log.snapshot().get(key).cloned();
            let event = Event { resource_version: version, kind, object, previous, frame: OnceLock::new() };
            publish(log, copy(&event));
            (strategy.info().clone(), event)
        };
        Ok(self.logs.iter().map(event).collect())
    }
}

/// Whether the change may be made of what is there.
fn judge(there: Option<Arc<Object>>, change: Change) -> Result<(EventKind, Value), Refused> {
    match (there, change) {
        (None, Change::Create(value)) => Ok((EventKind::Added, value)),
        (Some(there), Change::Create(_)) => Err(Refused::Exists(there)),
        (None, _) => Err(Refused::Missing),
        (Some(there), Change::Replace(version, _) | Change::Remove(version, _))
            if there.resource_version != version =>
        {
            Err(Refused::Changed)
        }
        (Some(_), Change::Replace(_, value)) => Ok((EventKind::Modified, value)),
        (Some(_), Change::Remove(_, value)) => Ok((EventKind::Deleted, value)),
    }
}

/// Appends one event to a log and brings its snapshot up to it.
pub(super) fn publish(log: &ResourceLog, event: Event) {
    let mut snapshot = (*log.snapshot()).clone();
    match event.kind {
        EventKind::Deleted => {
            snapshot.remove(&event.object.key);
        }
        EventKind::Added | EventKind::Modified => snapshot.put(event.object.clone()),
    }
    let version = event.resource_version;
    log.publish(vec![event], snapshot, version);
}

/// The event as the log over all clusters has it.
pub(super) fn moved(event: &Event, cluster: &str) -> Event {
    let moved = |object: &Arc<Object>| Arc::new(object.moved(object.key.across(cluster)));
    Event { object: moved(&event.object), previous: event.previous.as_ref().map(moved), ..copy(event) }
}

fn copy(event: &Event) -> Event {
    Event {
        resource_version: event.resource_version,
        kind: event.kind,
        object: event.object.clone(),
        previous: event.previous.clone(),
        frame: OnceLock::new(),
    }
}
