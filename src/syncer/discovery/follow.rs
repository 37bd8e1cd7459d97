//! Keeps to date which kinds can be followed: reads at the start, and again while something is missing, ever less
//! often. A cluster where everything is there is not asked twice.

use std::{sync::Arc, time::Duration};

use rand::RngExt;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    Wanted, discover,
    resolve::{Resolved, View, resolve},
};
use crate::informers::{Backoff, Fetch, Limits, Trouble};

/// Waits between two looks: doubling from `first` to `last`, each a little longer by chance.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub first: Duration,
    pub last: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first: Duration::from_secs(30), last: Duration::from_secs(300) }
    }
}

impl Pace {
    /// The wait before the n-th look, counted from zero.
    pub fn wait(&self, looks: u32) -> Duration {
        let wait = self.first.saturating_mul(1 << looks.min(16)).min(self.last);
        wait.mul_f64(rand::rng().random_range(1.0..=1.1))
    }
}

/// One API that has to serve a kind.
#[derive(Clone)]
pub struct Side {
    /// For people: `upstream` or `cluster`.
    pub name: &'static str,
    pub fetch: Arc<dyn Fetch>,
    /// What has to be possible with a kind there.
    pub verbs: &'static [&'static str],
}

impl Side {
    /// The workspace, to be synced from.
    pub fn upstream(fetch: Arc<dyn Fetch>) -> Self {
        Self { name: "workspace", fetch, verbs: &["get", "list", "watch", "patch"] }
    }

    /// The cluster, to be synced to.
    pub fn downstream(fetch: Arc<dyn Fetch>) -> Self {
        Self { name: "cluster", fetch, verbs: &["get", "list", "watch", "create", "patch", "delete"] }
    }

    /// The cluster, to be looked at alone.
    pub fn observed(fetch: Arc<dyn Fetch>) -> Self {
        Self { name: "cluster", fetch, verbs: &["list", "watch"] }
    }
}

/// For whoever meets a kind that is not there any more.
#[derive(Clone, Debug, Default)]
pub struct Again(Arc<Notify>);

impl Again {
    /// Reads again, soon.
    pub fn look(&self) {
        self.0.notify_one();
    }
}

pub struct Discoverer {
    /// The one that objects come from first.
    sides: Vec<Side>,
    wanted: Wanted,
    limits: Limits,
    pace: Pace,
    again: Again,
    resolved: watch::Sender<Option<Arc<Resolved>>>,
}

impl Discoverer {
    pub fn new(sides: Vec<Side>, wanted: Wanted, limits: Limits, pace: Pace) -> Self {
        Self { sides, wanted, limits, pace, again: Again::default(), resolved: watch::Sender::default() }
    }

    /// `None` until every side was read once.
    pub fn resolved(&self) -> watch::Receiver<Option<Arc<Resolved>>> {
        self.resolved.subscribe()
    }

    pub fn again(&self) -> Again {
        self.again.clone()
    }

    /// Until shutdown.
    pub async fn run(self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.follow()).await;
    }

    async fn follow(&self) {
        let (mut backoff, mut looks) = (Backoff::default(), 0);
        loop {
            let read = Instant::now();
            match self.read().await {
                Ok(resolved) => {
                    backoff.reset();
                    if self.publish(resolved) {
                        looks = 0;
                    }
                    self.rest(read, &mut looks).await;
                }
                Err((side, trouble)) => {
                    tracing::warn!(side, "cannot read which kinds the {side} serves: {trouble}");
                    sleep(backoff.next_wait().max(trouble.retry_after().unwrap_or_default())).await;
                }
            }
        }
    }

    async fn read(&self) -> Result<Resolved, (&'static str, Trouble)> {
        let groups = self.wanted.groups();
        let mut read = Vec::with_capacity(self.sides.len());
        for side in &self.sides {
            let found = discover(&*side.fetch, groups.as_ref(), &self.limits).await;
            read.push(found.map_err(|trouble| (side.name, trouble))?);
        }
        let views: Vec<_> = self
            .sides
            .iter()
            .zip(&read)
            .map(|(side, discovery)| View { name: side.name, discovery, verbs: side.verbs })
            .collect();
        Ok(resolve(&self.wanted, &views))
    }

    /// Whether anything is otherwise than before.
    fn publish(&self, resolved: Resolved) -> bool {
        let changed = self.resolved.borrow().as_deref() != Some(&resolved);
        if changed {
            for (kind, why) in &resolved.missing {
                tracing::warn!(
                    kind = kind.resource,
                    group = kind.group,
                    "cannot follow {}: {why}",
                    kind.resource
                );
            }
            self.resolved.send_replace(Some(Arc::new(resolved)));
        }
        changed
    }

    /// Until it is time to look again.
    async fn rest(&self, read: Instant, looks: &mut u32) {
        let open = self.resolved.borrow().as_ref().is_some_and(|resolved| resolved.open);
        let wait = self.pace.wait(*looks);
        if open {
            *looks = looks.saturating_add(1);
            tokio::select! {
                () = sleep_until(read + wait) => return,
                () = self.again.0.notified() => {}
            }
        } else {
            self.again.0.notified().await;
        }
        sleep_until(read + self.pace.first).await;
    }
}
