//! The life of one source: list, watch, and over again, with a wait after every failure.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    Limits,
    ask::Ask,
    backoff::Backoff,
    event::{Change, Event, RawObject, Resource, Selection},
    fetch::Fetch,
    list::list_all,
    metrics::Metrics,
    trouble::Trouble,
    watch::Watch,
};

/// A server that ends a watch sooner than this must not be asked in a tight loop.
const BRIEF: Duration = Duration::from_secs(5);

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
pub struct Source<T = RawObject> {
    fetch: Arc<dyn Fetch>,
    ask: Ask,
    limits: Limits,
    events: mpsc::Sender<Event<T>>,
    keep: Box<dyn Fn(RawObject) -> T + Send + Sync>,
    status: watch::Sender<SourceStatus>,
    relist: Arc<Notify>,
    metrics: Metrics,
}

/// Makes a source list anew: for whoever found that what it told cannot be all.
#[derive(Clone, Debug, Default)]
pub struct Relist(Arc<Notify>);

impl Relist {
    pub fn relist(&self) {
        self.0.notify_one();
    }
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
        Self::keeping(fetch, resource, limits, events, metrics, |object| object)
    }
}

impl<T: Send + 'static> Source<T> {
    /// Tells of each object only what `keep` makes of it, as soon as it is read: a long list is never whole in memory.
    pub fn keeping(
        fetch: Arc<dyn Fetch>,
        resource: Resource,
        limits: Limits,
        events: mpsc::Sender<Event<T>>,
        metrics: Metrics,
        keep: impl Fn(RawObject) -> T + Send + Sync + 'static,
    ) -> Self {
        let ask = Ask { resource, selection: Selection::default() };
        let (status, relist) = (watch::Sender::default(), Arc::default());
        Self { fetch, ask, limits, events, keep: Box::new(keep), status, relist, metrics }
    }

    /// Follows less than every object as a whole.
    pub fn select(mut self, selection: Selection) -> Self {
        self.ask.selection = selection;
        self
    }

    pub fn resource(&self) -> Resource {
        self.ask.resource
    }

    pub fn relist(&self) -> Relist {
        Relist(self.relist.clone())
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
            match list_all(&*self.fetch, &self.ask, &self.limits, &*self.keep).await {
                Ok(listed) => {
                    *version = listed.resource_version;
                    self.metrics.lists.with_label_values(&[self.ask.resource.plural]).inc();
                    info!(resource = %self.ask.resource, objects = listed.objects.len(), "listed");
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
        let is_brief = || opened.elapsed() < BRIEF.min(self.limits.watch_least / 4);
        let mut watch = match Watch::open(&*self.fetch, &self.ask, &self.limits, version).await {
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
        let events = self.metrics.events.with_label_values(&[self.ask.resource.plural]);
        let mut silence = pin!(sleep(self.limits.silence));
        loop {
            let next = tokio::select! {
                next = watch.next() => next,
                () = &mut silence => return Ok(Ok(())),
                () = self.relist.notified() => {
                    drop(watch);
                    version.clear();
                    return Ok(Ok(()));
                }
            };
            match next {
                Ok(Some(change)) => {
                    silence.as_mut().reset(Instant::now() + self.limits.silence);
                    events.inc();
                    self.send(change.keeping(&self.keep)).await?;
                }
                Ok(None) if is_brief() => return Ok(Err(Trouble::Cut)),
                Ok(None) => {
                    backoff.reset();
                    self.send(Change::Fresh).await?;
                    return Ok(Ok(()));
                }
                Err(trouble) => {
                    if trouble.resumable() && !is_brief() {
                        backoff.reset();
                    }
                    return Ok(Err(trouble));
                }
            }
        }
    }

    async fn report(&self, trouble: &Trouble) -> Result<(), Closed> {
        self.metrics.failures.with_label_values(&[self.ask.resource.plural, trouble.reason()]).inc();
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
            warn!(resource = %self.ask.resource, reason = trouble.reason(), "cannot follow {}: {trouble}", self.ask.resource);
        }
        self.send(match trouble {
            Trouble::NotInstalled => Change::NotInstalled,
            trouble => Change::Unavailable(trouble.clone()),
        })
        .await
    }

    async fn send(&self, change: Change<T>) -> Result<(), Closed> {
        let event = Event { resource: self.ask.resource, received: Instant::now(), change };
        self.events.send(event).await.map_err(|_| Closed)
    }
}

#[cfg(test)]
mod tests;
