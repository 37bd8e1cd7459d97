//! One of several processes leads: the holder of a Lease, by the rules and times of client-go.
//!
//! It leads as long as its last renewal is young by its own monotonic clock, whatever the Lease says, and
//! takes a Lease over only after it has seen it unchanged for the whole of its duration. It must not know
//! what the leader does.

mod record;

use std::{future::Future, sync::Arc, time::Duration};

use http::StatusCode;
use parking_lot::Mutex;
use rand::RngExt;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use self::record::Record;
use super::call::{Action, Call, Caller, segment};
use crate::upstream::UpstreamError;

/// How long the release of a Lease may hold up the end.
const RELEASE: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a Lease holds that is not renewed.
    pub lease: Duration,
    /// How long a holder goes on without a renewal.
    pub renew: Duration,
    pub retry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let [lease, renew, retry] = [15, 10, 2].map(Duration::from_secs);
        Self { lease, renew, retry }
    }
}

/// Handed to whoever leads.
#[derive(Clone)]
pub struct Leading {
    /// When the last renewal that succeeded was sent.
    renewed: Arc<Mutex<Instant>>,
    timing: Timing,
}

impl Leading {
    /// Until when a write that begins now must have ended; `None`: none may begin.
    pub fn deadline(&self) -> Option<Instant> {
        let renewed = *self.renewed.lock();
        (Instant::now() < renewed + self.timing.renew).then(|| renewed + self.timing.lease)
    }

    #[cfg(test)]
    pub fn forever() -> Self {
        let timing = Timing {
            renew: Duration::from_secs(1 << 30),
            lease: Duration::from_secs(1 << 30),
            ..Timing::default()
        };
        Self { renewed: Arc::new(Mutex::new(Instant::now())), timing }
    }
}

/// Of this process alone: the host's name, and something that no other process has.
pub fn identity() -> String {
    let host = std::env::var("HOSTNAME").ok().or_else(|| std::fs::read_to_string("/etc/hostname").ok());
    format!("{}_{}", host.as_deref().map_or("tmc", str::trim), uuid::Uuid::new_v4())
}

pub struct Election {
    caller: Caller,
    namespace: &'static str,
    name: &'static str,
    identity: String,
    timing: Timing,
}

/// What a try to get or to keep the Lease came to.
enum Try {
    Held(Record),
    /// By somebody else, as far as can be seen.
    Taken,
}

/// Why leading ended.
enum End {
    Shutdown,
    Lost,
    /// The work ended by itself.
    Idle,
}

/// The Lease as it was seen last, and since when it has been so.
#[derive(Default)]
struct Watched(Option<(Record, Instant)>);

impl Watched {
    fn see(&mut self, record: &Record, now: Instant) -> Instant {
        match &self.0 {
            Some((known, since)) if known.same_claim(record) => *since,
            _ => {
                self.0 = Some((record.clone(), now));
                now
            }
        }
    }
}

impl Election {
    /// `identity` must be of this process alone.
    pub fn new(
        caller: Caller,
        namespace: &'static str,
        name: &'static str,
        identity: String,
        timing: Timing,
    ) -> Self {
        Self { caller, namespace, name, identity, timing }
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
            tracing::info!(lease = self.name, identity = self.identity, "leading");
            let held = Mutex::new(record);
            let end = tokio::select! {
                biased;
                () = shutdown.cancelled() => End::Shutdown,
                () = self.keep(&held, &leading) => End::Lost,
                () = Box::pin(work(leading.clone())) => End::Idle,
            };
            let record = held.into_inner();
            match end {
                End::Lost => tracing::warn!(lease = self.name, "not leading any more"),
                End::Shutdown | End::Idle => return self.release(&record).await,
            }
        }
    }

    /// Tries until it holds the Lease.
    async fn acquire(&self) -> (Record, Leading) {
        let mut watched = Watched::default();
        let mut trouble = None;
        loop {
            let sent = Instant::now();
            let outcome = timeout_at(sent + self.timing.renew, self.attempt(&mut watched)).await;
            let error = match outcome.unwrap_or(Err(UpstreamError::Timeout(self.timing.renew))) {
                Ok(Try::Held(record)) => {
                    let leading = Leading { renewed: Arc::new(Mutex::new(sent)), timing: self.timing };
                    return (record, leading);
                }
                Ok(Try::Taken) => None,
                Err(error) => Some(error),
            };
            self.tell(&mut trouble, error);
            // As client-go: spread, so that standbys do not come at the same time.
            let spread: f64 = rand::rng().random_range(1.0..=2.2);
            sleep(self.timing.retry.mul_f64(spread)).await;
        }
    }

    /// Renews until that has failed for too long, or somebody else holds it.
    async fn keep(&self, held: &Mutex<Record>, leading: &Leading) {
        let mut trouble = None;
        loop {
            let end = *leading.renewed.lock() + self.timing.renew;
            sleep_until(end.min(Instant::now() + self.timing.retry)).await;
            let sent = Instant::now();
            if sent >= end {
                return;
            }
            let record = held.lock().clone();
            match timeout_at(end, self.renew(&record)).await {
                Ok(Ok(Try::Held(record))) => {
                    *held.lock() = record;
                    *leading.renewed.lock() = sent;
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
                tracing::warn!(lease = self.name, error, "the Lease of the leader cannot be read or written");
            }
            (Some(_), None) => tracing::info!(lease = self.name, "the Lease of the leader can be written"),
            _ => {}
        }
        *trouble = now;
    }

    async fn attempt(&self, watched: &mut Watched) -> Result<Try, UpstreamError> {
        let found = match self.caller.call(&self.get()).await {
            Ok(object) => Record::read(&object),
            Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => return self.create().await,
            Err(error) => return Err(error),
        };
        let now = Instant::now();
        let since = watched.see(&found, now);
        let mine = found.holder == self.identity;
        if !mine && !found.holder.is_empty() && now < since + found.duration(self.timing.lease) {
            return Ok(Try::Taken);
        }
        self.write(&found, found.claimed(&self.identity, self.timing.lease)).await
    }

    async fn renew(&self, record: &Record) -> Result<Try, UpstreamError> {
        match self.write(record, record.claimed(&self.identity, self.timing.lease)).await {
            // Somebody wrote it since: perhaps a person, perhaps another holder.
            Ok(Try::Taken) => {
                let found = Record::read(&self.caller.call(&self.get()).await?);
                if found.holder != self.identity {
                    return Ok(Try::Taken);
                }
                self.write(&found, found.claimed(&self.identity, self.timing.lease)).await
            }
            Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => self.create().await,
            other => other,
        }
    }

    async fn create(&self) -> Result<Try, UpstreamError> {
        let call = Call {
            action: Action::Create,
            path: self.path(),
            body: Record::default()
                .claimed(&self.identity, self.timing.lease)
                .object(self.namespace, self.name),
            ..self.get()
        };
        let mut answer = self.caller.call(&call).await;
        // Only a namespace can be missing where something is to be created.
        if answer.as_ref().is_err_and(|error| error.code() == Some(StatusCode::NOT_FOUND)) {
            self.caller.make_namespace("", self.namespace).await?;
            answer = self.caller.call(&call).await;
        }
        held(answer)
    }

    /// Replaces what was read, if it is still that.
    async fn write(&self, found: &Record, record: Record) -> Result<Try, UpstreamError> {
        let call = Call { action: Action::Merge, body: record.patch(&found.version), ..self.get() };
        held(self.caller.call(&call).await)
    }

    /// So that the next one need not wait.
    async fn release(&self, record: &Record) {
        let released = timeout_at(Instant::now() + RELEASE, self.write(record, record.released())).await;
        match released {
            Ok(Ok(_)) => tracing::info!(lease = self.name, "gave the lead back"),
            _ => tracing::warn!(lease = self.name, "could not give the lead back; it ends by itself"),
        }
    }

    fn path(&self) -> String {
        format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", self.namespace)
    }

    fn get(&self) -> Call {
        Call {
            action: Action::Get,
            path: format!("{}/{}", self.path(), segment(self.name)),
            body: serde_json::Value::Null,
            resource: "leases.coordination.k8s.io",
            namespace: self.namespace,
        }
    }
}

fn held(answer: Result<serde_json::Value, UpstreamError>) -> Result<Try, UpstreamError> {
    match answer {
        Ok(object) => Ok(Try::Held(Record::read(&object))),
        Err(error) if error.code() == Some(StatusCode::CONFLICT) => Ok(Try::Taken),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
