//! One resource's current snapshot and the ring of its last events: what readers see and watchers follow.
//!
//! Fed by one writer, which mints the versions. Readers never block it: they take the snapshot, or copy a
//! few event pointers under a short lock. A version is *held* when `start <= version <= head`.

use std::{
    collections::VecDeque,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use parking_lot::RwLock;
use tokio::sync::{Notify, watch};

use super::{object::Object, snapshot::Snapshot};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Added,
    Modified,
    Deleted,
}

/// One change. `object` is the new state, or for a deletion the last state under the deletion's version.
#[derive(Debug)]
pub struct Event {
    pub resource_version: u64,
    pub kind: EventKind,
    pub object: Arc<Object>,
    /// The state before, so that a selector's transition can be told; absent for Added.
    pub previous: Option<Arc<Object>>,
    /// The watch frame in JSON, written by the first watcher that needs it and shared by the others.
    pub frame: OnceLock<Bytes>,
}

/// The asked version is not in the ring: it is older than its start, or newer than its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHeld {
    pub asked: u64,
    pub start: u64,
    pub head: u64,
}

#[derive(Debug, Default)]
struct Ring {
    start: u64,
    head: u64,
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

/// The bounds of the ring; whichever is reached first makes the oldest event go.
#[derive(Clone, Copy, Debug)]
pub struct RingLimits {
    pub events: usize,
    pub bytes: usize,
}

impl Default for RingLimits {
    fn default() -> Self {
        Self { events: 16_384, bytes: 64 << 20 }
    }
}

static NEXT_LOG: AtomicU64 = AtomicU64::new(0);

/// Snapshot and ring of one resource in one scope.
#[derive(Debug)]
pub struct ResourceLog {
    /// Unique in the process, so that bytes made of a log's versions may be cached under it.
    pub id: u64,
    snapshot: ArcSwap<Snapshot>,
    ring: RwLock<Ring>,
    limits: RingLimits,
    head: watch::Sender<u64>,
    version_asked: Notify,
}

impl ResourceLog {
    pub fn new(limits: RingLimits) -> Self {
        Self {
            id: NEXT_LOG.fetch_add(1, Ordering::Relaxed),
            snapshot: ArcSwap::default(),
            ring: RwLock::default(),
            limits,
            head: watch::Sender::new(0),
            version_asked: Notify::new(),
        }
    }

    /// What is served now. One request uses one snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Changes whenever the head moves.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// The newest version of the ring; equal to the snapshot's once a publication is complete.
    pub fn head(&self) -> u64 {
        self.ring.read().head
    }

    /// Asks the writer for a version of its own although nothing has changed: it tells what a caller was shown
    /// before his rows became others from what he is shown after.
    pub fn ask_for_version(&self) {
        self.version_asked.notify_one();
    }

    /// Resolves when a version has been asked for since the last time; for the writer.
    pub async fn version_asked(&self) {
        self.version_asked.notified().await;
    }

    /// Whether a watch may start from `version`.
    pub fn holds(&self, version: u64) -> Result<(), NotHeld> {
        self.ring.read().holds(version)
    }

    /// At most `max` events after `version`, oldest first, and the version a reader has reached with them.
    pub fn events_after(&self, version: u64, max: usize) -> Result<(Vec<Arc<Event>>, u64), NotHeld> {
        let ring = self.ring.read();
        ring.holds(version)?;
        let at = ring.events.partition_point(|event| event.resource_version <= version);
        let events: Vec<_> = ring.events.range(at..).take(max).cloned().collect();
        let more = ring.events.len() > at + events.len();
        let reached = match events.last() {
            Some(last) if more => last.resource_version,
            _ => ring.head,
        };
        Ok((events, reached))
    }

    /// Begins anew with an emptied ring at `base`: every older version is answered with 410.
    pub fn reset(&self, mut snapshot: Snapshot, base: u64) {
        snapshot.resource_version = base;
        *self.ring.write() = Ring { start: base, head: base, ..Ring::default() };
        self.snapshot.store(Arc::new(snapshot));
        self.head.send_replace(base);
    }

    /// Appends events in version order and moves the head. The ring is written before the snapshot, so
    /// that a version a client has listed is always one it can watch from.
    pub fn publish(&self, events: Vec<Event>, mut snapshot: Snapshot, head: u64) {
        snapshot.resource_version = head;
        self.ring.write().append(events, head, self.limits);
        self.snapshot.store(Arc::new(snapshot));
        self.head.send_replace(head);
    }
}

impl Ring {
    fn holds(&self, version: u64) -> Result<(), NotHeld> {
        if self.start <= version && version <= self.head {
            return Ok(());
        }
        Err(NotHeld { asked: version, start: self.start, head: self.head })
    }

    fn append(&mut self, events: Vec<Event>, head: u64, limits: RingLimits) {
        for event in events {
            debug_assert!(event.resource_version > self.head, "versions must grow");
            self.head = event.resource_version;
            self.bytes += weight(&event);
            self.events.push_back(Arc::new(event));
        }
        self.head = self.head.max(head);
        while self.events.len() > limits.events || self.bytes > limits.bytes {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= weight(&oldest);
            self.start = oldest.resource_version;
        }
    }
}

fn weight(event: &Event) -> usize {
    // The frame is a second copy of the object's JSON.
    2 * event.object.json().len() + 256
}

#[cfg(test)]
mod tests;
