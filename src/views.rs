//! Aggregated views of one source, a Kubernetes or one of many logical clusters: from its SyncTargets and
//! their Leases to two served resources.
//!
//! [`Views`] is fed informers' events over a bounded channel and owns the index and the publisher; the API
//! server sees [`Views::storages`] only. Nothing here knows HTTP or holds a client.

mod aggregate;
mod contribution;
mod health;
mod index;
mod metrics;
mod origin;
mod prune;
mod publisher;
mod render;
pub mod resources;
mod storage;
mod target;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::info;

use self::{
    clock::Clock,
    index::{Feed, Index},
    publisher::Publisher,
};
pub use self::{
    metrics::Metrics,
    origin::Origin,
    storage::{Availability, ViewsStorage},
};
use crate::{
    api::workspace,
    apiserver::{
        log::{ResourceLog, RingLimits},
        storage::Storage,
    },
    informers::{Change, Event},
    liveness::{LEASES, SYNC_TARGETS, clock, deadlines, lease, leases},
};

/// Events under way between the sources and the index. Each may be as long as a frame.
pub const QUEUE: usize = 32;
/// Changes within this time may come as one.
pub const FLUSH_INTERVAL: Duration = Duration::from_millis(10);

pub struct Views {
    events: mpsc::Receiver<Event>,
    clock: Arc<dyn Clock>,
    index: Index,
    publisher: Publisher,
    availability: watch::Sender<Availability>,
    metrics: Metrics,
    /// Streams that were listed completely, the targets since their CRD is there.
    targets_listed: bool,
    leases_listed: bool,
    /// When the oldest change arrived that is not published.
    pending_since: Option<Instant>,
    flushed: Option<Instant>,
    /// A reader needs a version of its own.
    version_asked: bool,
}

impl Views {
    /// `events` must carry [`SYNC_TARGETS`] and [`LEASES`] of one upstream of that origin.
    pub fn new(
        origin: Origin,
        events: mpsc::Receiver<Event>,
        clock: Arc<dyn Clock>,
        limits: RingLimits,
        metrics: Metrics,
    ) -> Self {
        Self {
            events,
            clock,
            index: Index::new(origin, metrics.clone()),
            publisher: Publisher::new(limits, &metrics),
            availability: watch::Sender::default(),
            metrics,
            targets_listed: false,
            leases_listed: false,
            pending_since: None,
            flushed: None,
            version_asked: false,
        }
    }

    /// What the API server serves: aggregatedviews, then aggregatedtrees.
    pub fn storages(&self) -> Vec<Arc<dyn Storage>> {
        let storage = |(info, log)| {
            Arc::new(ViewsStorage { info, log, availability: self.availability.subscribe() })
                as Arc<dyn Storage>
        };
        self.publisher.logs().into_iter().map(storage).collect()
    }

    /// The log of the trees, to know what is in one.
    pub fn trees(&self) -> Arc<ResourceLog> {
        let [_, (_, trees)] = self.publisher.logs();
        trees
    }

    pub fn availability(&self) -> watch::Receiver<Availability> {
        self.availability.subscribe()
    }

    /// Keeps the views true until shutdown, or until no source is left.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut batch = Vec::with_capacity(QUEUE);
        loop {
            let wake = self.wake();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = sleep_until(wake) => {}
                () = self.publisher.version_asked(), if !self.version_asked => self.version_asked = true,
                received = self.events.recv_many(&mut batch, QUEUE) => {
                    if received == 0 {
                        return;
                    }
                    batch.drain(..).for_each(|event| self.apply(event));
                }
            }
            self.index.expire(self.clock.now());
            self.flush_if_due();
        }
    }

    fn apply(&mut self, event: Event) {
        let now = self.clock.now();
        let feed = match event.resource {
            SYNC_TARGETS => Feed::Targets,
            LEASES => Feed::Leases,
            _ => return,
        };
        match (feed, event.change) {
            (Feed::Targets, Change::NotInstalled) => {
                self.targets_listed = false;
                return self.set(Availability::NotInstalled);
            }
            (_, Change::NotInstalled | Change::Unavailable(_)) => return,
            (_, Change::Fresh) => {}
            (Feed::Targets, Change::Reset(objects)) => {
                self.index.reset_targets(&objects, now);
                self.targets_listed = true;
            }
            (Feed::Targets, Change::Apply(object)) => self.index.apply_target(&object, now),
            (Feed::Targets, Change::Delete(object)) => self.index.delete_target(&object.meta.id()),
            (Feed::Leases, Change::Reset(objects)) => {
                self.index.reset_leases(&objects, now);
                self.leases_listed = true;
            }
            (Feed::Leases, Change::Apply(object)) => self.index.apply_lease(&object, now),
            (Feed::Leases, Change::Delete(object)) => self.index.delete_lease(&object.meta),
        }
        self.index.heard(feed, now);
        if self.index.is_dirty() {
            self.pending_since.get_or_insert(event.received);
        }
    }

    /// Publishes at once after a quiet time; in a burst once per interval.
    fn flush_if_due(&mut self) {
        self.metrics.targets.set(self.index.target_count() as i64);
        self.metrics.source_unseen.set(i64::from(self.index.unseen()));
        if !self.publisher.has_begun() {
            if self.targets_listed && self.leases_listed {
                self.publisher.begin(&mut self.index, self.clock.now());
                self.published();
                info!(targets = self.index.target_count(), "the views are complete");
                self.set(Availability::Serving);
            }
            return;
        }
        // Back after the CRD was missing: what was known before it went must not be served first.
        let back = self.targets_listed && *self.availability.borrow() == Availability::NotInstalled;
        let due = back || self.flushed.is_none_or(|flushed| flushed.elapsed() >= FLUSH_INTERVAL);
        if due && (self.index.is_dirty() || self.version_asked) {
            let moved = self.publisher.flush(&mut self.index, self.clock.now());
            if std::mem::take(&mut self.version_asked) && !moved {
                self.publisher.advance();
            }
            self.published();
        }
        if back {
            self.set(Availability::Serving);
        }
    }

    fn published(&mut self) {
        self.flushed = Some(Instant::now());
        if let Some(since) = self.pending_since.take() {
            self.metrics.lag.observe(since.elapsed().as_secs_f64());
        }
    }

    /// When there is something to do without an event.
    fn wake(&self) -> Option<Instant> {
        let flush = self
            .flushed
            .map(|flushed| flushed + FLUSH_INTERVAL)
            .filter(|_| self.index.is_dirty() || self.version_asked);
        let deadline =
            self.index.next_deadline().map(|at| Instant::now() + at.saturating_sub(self.clock.now().elapsed));
        flush.into_iter().chain(deadline).min()
    }

    fn set(&self, availability: Availability) {
        self.availability.send_if_modified(|now| std::mem::replace(now, availability) != availability);
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
