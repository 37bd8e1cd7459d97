//! The life of one source: list, watch, and over again, with a wait after every failure.

use std::sync::Arc;

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    Limits,
    backoff::Backoff,
    event::{Change, Event, Resource},
    fetch::Fetch,
    list::list,
    metrics::Metrics,
    trouble::Trouble,
    watch::Watch,
};

/// How far a source has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Starting,
    /// Listed completely; the watch is running.
    Following,
    NotInstalled,
    Unavailable,
}

/// What a source says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceStatus {
    pub phase: Phase,
    /// A list was complete once, an empty one included.
    pub listed: bool,
    /// Why it is not following.
    pub trouble: Option<Trouble>,
}

/// One resource of one upstream.
pub struct Source {
    fetch: Arc<dyn Fetch>,
    resource: Resource,
    limits: Limits,
    events: mpsc::Sender<Event>,
    status: watch::Sender<SourceStatus>,
    metrics: Metrics,
}

/// Whoever read the events is gone.
struct Closed;

impl Source {
    pub fn new(
        fetch: Arc<dyn Fetch>,
        resource: Resource,
        limits: Limits,
        events: mpsc::Sender<Event>,
        metrics: Metrics,
    ) -> Self {
        Self { fetch, resource, limits, events, status: watch::Sender::default(), metrics }
    }

    pub fn resource(&self) -> Resource {
        self.resource
    }

    pub fn status(&self) -> watch::Receiver<SourceStatus> {
        self.status.subscribe()
    }

    /// Follows the resource until shutdown, or until nobody reads the events.
    pub async fn run(self, shutdown: CancellationToken) {
        let _ = shutdown.run_until_cancelled(self.follow()).await;
    }

    async fn follow(&self) -> Result<(), Closed> {
        let mut backoff = Backoff::default();
        let mut version = String::new();
        loop {
            let trouble = match self.round(&mut version, &mut backoff).await? {
                Ok(()) => continue,
                Err(trouble) => trouble,
            };
            if !trouble.resumable() {
                version.clear();
            }
            self.report(&trouble).await?;
            let wait = match trouble {
                Trouble::NotInstalled => self.limits.not_installed,
                _ => backoff.next_wait().max(trouble.retry_after().unwrap_or_default()),
            };
            sleep(wait).await;
        }
    }

    /// One list if there is no version to go on from, then one watch to its end.
    async fn round(
        &self,
        version: &mut String,
        backoff: &mut Backoff,
    ) -> Result<Result<(), Trouble>, Closed> {
        if version.is_empty() {
            match list(&*self.fetch, &self.resource, &self.limits).await {
                Ok(listed) => {
                    *version = listed.resource_version;
                    self.metrics.lists.with_label_values(&[self.resource.plural]).inc();
                    info!(resource = %self.resource, objects = listed.objects.len(), "listed");
                    self.send(Change::Reset(listed.objects)).await?;
                    self.status.send_replace(SourceStatus {
                        phase: Phase::Following,
                        listed: true,
                        trouble: None,
                    });
                }
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        self.watch(version, backoff).await
    }

    async fn watch(
        &self,
        version: &mut String,
        backoff: &mut Backoff,
    ) -> Result<Result<(), Trouble>, Closed> {
        let opened = Instant::now();
        let mut watch = match Watch::open(&*self.fetch, &self.resource, &self.limits, version).await {
            Ok(watch) => watch,
            Err(trouble) => return Ok(Err(trouble)),
        };
        self.status.send_if_modified(|status| {
            let changed = status.phase != Phase::Following;
            status.phase = Phase::Following;
            status.trouble = None;
            changed
        });
        self.send(Change::Fresh).await?;
        loop {
            match watch.next().await {
                Ok(Some(change)) => {
                    self.metrics.events.with_label_values(&[self.resource.plural]).inc();
                    self.send(change).await?;
                }
                // A server that ends every watch at once must not be asked in a tight loop.
                Ok(None) if opened.elapsed() < self.limits.watch / 4 => return Ok(Err(Trouble::Cut)),
                Ok(None) => {
                    backoff.reset();
                    self.send(Change::Fresh).await?;
                    return Ok(Ok(()));
                }
                Err(trouble) => {
                    if trouble.resumable() && opened.elapsed() >= self.limits.watch / 4 {
                        backoff.reset();
                    }
                    return Ok(Err(trouble));
                }
            }
        }
    }

    async fn report(&self, trouble: &Trouble) -> Result<(), Closed> {
        self.metrics.failures.with_label_values(&[self.resource.plural, trouble.reason()]).inc();
        let phase = match trouble {
            Trouble::NotInstalled => Phase::NotInstalled,
            _ => Phase::Unavailable,
        };
        let changed = self.status.send_if_modified(|status| {
            let changed = status.phase != phase || status.trouble.as_ref() != Some(trouble);
            status.phase = phase;
            status.trouble = Some(trouble.clone());
            changed
        });
        if changed {
            warn!(resource = %self.resource, reason = trouble.reason(), "cannot follow {}: {trouble}", self.resource);
        }
        self.send(match trouble {
            Trouble::NotInstalled => Change::NotInstalled,
            trouble => Change::Unavailable(trouble.clone()),
        })
        .await
    }

    async fn send(&self, change: Change) -> Result<(), Closed> {
        let event = Event { resource: self.resource, received: Instant::now(), change };
        self.events.send(event).await.map_err(|_| Closed)
    }
}

#[cfg(test)]
mod tests;
