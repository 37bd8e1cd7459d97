//! One of several processes leads: the holder of a Lease, by the rules and times of client-go.
//!
//! It leads as long as its last renewal is young by its own monotonic clock, whatever the Lease says, and
//! takes a Lease over only after it has seen it unchanged for the whole of its duration. It must not know
//! what the leader does.

mod leading;
mod lease;
mod record;

use std::{future::Future, time::Duration};

use http::StatusCode;
use parking_lot::Mutex;
use rand::RngExt;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

pub use self::leading::{Leading, Standing, Timing, identity};
use self::{
    lease::{Lease, Try},
    record::{Record, Watched},
};
use super::call::Caller;
use crate::upstream::UpstreamError;

/// The first wait for a Lease that somebody else makes; each further one is twice as long.
const SOON: Duration = Duration::from_millis(100);
/// How long the release of a Lease may hold up the end.
const RELEASE: Duration = Duration::from_secs(2);

pub struct Election {
    lease: Lease,
    timing: Timing,
    /// How long the work may take to end by itself once shutdown begins.
    grace: Duration,
    standing: watch::Sender<Standing>,
}

/// Why leading ended.
enum End {
    Shutdown,
    Lost,
    /// The work ended by itself.
    Idle,
}

impl Election {
    /// `identity` must be of this process alone.
    pub fn new(
        caller: Caller,
        namespace: &'static str,
        name: impl Into<String>,
        identity: String,
        timing: Timing,
    ) -> Self {
        let standing = watch::Sender::default();
        let lease = Lease {
            caller,
            namespace,
            name: name.into(),
            identity,
            duration: timing.lease,
            makes: true,
            standing: standing.clone(),
        };
        Self { lease, timing, grace: Duration::ZERO, standing }
    }

    /// For a Lease that somebody else makes: while it is missing, nobody leads.
    pub fn of_a_given_lease(mut self) -> Self {
        self.lease.makes = false;
        self
    }

    /// Lets the work end by itself once shutdown begins, and holds the Lease until it has.
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// What is known of the Lease.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Works until shutdown whoever else does, and keeps the Lease renewed as a sign of life.
    pub async fn run_alone<W, F>(self, shutdown: CancellationToken, work: W)
    where
        W: Fn(Leading) -> F + Send + Sync,
        F: Future<Output = ()> + Send,
    {
        let held = Mutex::new(None);
        self.standing.send_modify(|standing| standing.leads = true);
        tokio::select! {
            biased;
            () = self.over(&shutdown) => {}
            () = self.beat(&held) => {}
            () = Box::pin(work(Leading::forever())) => {}
        }
        let record = held.lock().take();
        if let Some(record) = record {
            self.release(&record).await;
        }
    }

    /// Renews whoever holds it, and never ends.
    async fn beat(&self, held: &Mutex<Option<Record>>) {
        let mut trouble = None;
        loop {
            let wait = match timeout_at(Instant::now() + self.timing.renew, self.lease.claim()).await {
                Ok(Ok(Try::Held(record))) => {
                    *held.lock() = Some(record);
                    self.tell(&mut trouble, None);
                    self.timing.next_beat()
                }
                Ok(Ok(Try::Taken)) => self.timing.retry,
                Ok(Err(error)) => {
                    self.tell(&mut trouble, Some(error));
                    self.timing.retry
                }
                Err(_) => self.timing.retry,
            };
            sleep(wait).await;
        }
    }

    /// Shutdown has begun, and the work had its time.
    async fn over(&self, shutdown: &CancellationToken) {
        shutdown.cancelled().await;
        sleep(self.grace).await;
    }

    /// Works whenever it leads, until shutdown; the work is dropped when the lead is lost. Returns early
    /// only if the work ends by itself.
    pub async fn run<W, F>(self, shutdown: CancellationToken, work: W)
    where
        W: Fn(Leading) -> F + Send + Sync,
        F: Future<Output = ()> + Send,
    {
        loop {
            let Some((record, leading)) = shutdown.run_until_cancelled(self.acquire()).await else { return };
            tracing::info!(lease = self.lease.name, identity = self.lease.identity, "leading");
            self.standing.send_modify(|standing| standing.leads = true);
            let held = Mutex::new(record);
            let end = tokio::select! {
                biased;
                () = self.over(&shutdown) => End::Shutdown,
                () = self.keep(&held, &leading) => End::Lost,
                () = Box::pin(work(leading.clone())) => End::Idle,
            };
            let record = held.into_inner();
            self.standing.send_modify(|standing| standing.leads = false);
            match end {
                End::Lost => tracing::warn!(lease = self.lease.name, "not leading any more"),
                End::Shutdown | End::Idle => return self.release(&record).await,
            }
        }
    }

    /// Tries until it holds the Lease.
    async fn acquire(&self) -> (Record, Leading) {
        let mut watched = Watched::default();
        let (mut trouble, mut soon) = (None, SOON);
        loop {
            let sent = Instant::now();
            let outcome = timeout_at(sent + self.timing.renew, self.lease.attempt(&mut watched)).await;
            let error = match outcome.unwrap_or(Err(UpstreamError::Timeout(self.timing.renew))) {
                Ok(Try::Held(record)) => return (record, Leading::since(sent, self.timing)),
                Ok(Try::Taken) => None,
                Err(error) => Some(error),
            };
            let absent = error.as_ref().is_some_and(|error| error.code() == Some(StatusCode::NOT_FOUND));
            self.tell(&mut trouble, error);
            // As client-go: spread, so that standbys do not come at the same time.
            let spread: f64 = rand::rng().random_range(1.0..=2.2);
            let usual = self.timing.retry.mul_f64(spread);
            // Who is to make it has just been told of the target, as a rule.
            let wait = if absent { soon.min(usual) } else { usual };
            soon = soon.saturating_mul(2);
            sleep(wait).await;
        }
    }

    /// Renews until that has failed for too long, or somebody else holds it.
    async fn keep(&self, held: &Mutex<Record>, leading: &Leading) {
        let (mut trouble, mut wait) = (None, self.timing.next_beat());
        loop {
            let end = leading.renewed() + self.timing.renew;
            sleep_until(end.min(Instant::now() + wait)).await;
            wait = self.timing.retry;
            let sent = Instant::now();
            if sent >= end {
                return;
            }
            let record = held.lock().clone();
            match timeout_at(end, self.lease.renew(&record)).await {
                Ok(Ok(Try::Held(record))) => {
                    *held.lock() = record;
                    leading.renew(sent);
                    wait = self.timing.next_beat();
                    self.tell(&mut trouble, None);
                }
                Ok(Ok(Try::Taken)) | Err(_) => return,
                Ok(Err(error)) => self.tell(&mut trouble, Some(error)),
            }
        }
    }

    /// Once when it begins, once when it is over. A missing right is named by the caller already.
    fn tell(&self, trouble: &mut Option<String>, error: Option<UpstreamError>) {
        let denied = error.as_ref().is_some_and(|error| error.code() == Some(StatusCode::FORBIDDEN));
        let now = error.map(|error| error.to_string());
        match (&trouble, &now) {
            (None, Some(error)) if !denied => {
                tracing::warn!(
                    lease = self.lease.name,
                    error,
                    "the Lease of the leader cannot be read or written"
                );
            }
            (Some(_), None) => {
                tracing::info!(lease = self.lease.name, "the Lease of the leader can be written")
            }
            _ => {}
        }
        *trouble = now;
    }

    /// So that the next one need not wait.
    async fn release(&self, record: &Record) {
        let released = timeout_at(Instant::now() + RELEASE, self.lease.release(record)).await;
        match released {
            Ok(Ok(_)) => tracing::info!(lease = self.lease.name, "gave the lead back"),
            _ => tracing::warn!(lease = self.lease.name, "could not give the lead back; it ends by itself"),
        }
    }
}

#[cfg(test)]
mod tests;
