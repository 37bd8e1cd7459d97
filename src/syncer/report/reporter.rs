//! Writes the report while its syncer leads: the first change after quiet at once, further ones at a pace, and
//! again what somebody else took away.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{Facts, Phase, conditions, health::Health, reach::Reach};
use crate::{
    api::workload::{GROUP, Mode, RESOURCE, VERSION},
    informers::{Backoff, RETRY_AFTER_CAP},
    liveness::clock::Clock,
    reconcilers::{
        call::{Action, Call, Caller, segment},
        leader::Leading,
    },
    security::context::Verdict,
    syncer::{
        facts::{Counts, Progress},
        health::Pulse,
        metrics::MetricsCollector,
        target::{Seen, Target},
    },
    upstream::UpstreamError,
};

/// The least time between two reports of something new.
pub const PACE: Duration = Duration::from_secs(10);
/// Changes within this time are told together.
const TOGETHER: Duration = Duration::from_millis(100);
/// Between looks when nothing changes; times are told, too.
const LOOK: Duration = Duration::from_secs(5);
/// How long a start may take before it is told that not everything is known yet.
const FIRST: Duration = Duration::from_secs(10);
/// How long the last word may take.
const LAST_WORD: Duration = Duration::from_secs(2);
const FIELD_MANAGER: &str = "syncer";
const TARGET_STATUS: &str = "synctargets.workload.kcp.io/status";

/// Where everything comes from that is told. A sender that is dropped leaves its last word.
#[derive(Clone)]
pub struct Sources {
    pub target: watch::Receiver<Seen>,
    pub reach: watch::Receiver<Reach>,
    pub counts: watch::Receiver<Arc<Counts>>,
    /// Absent in mode `observe`.
    pub progress: Option<watch::Receiver<Arc<Progress>>>,
    /// Absent where nobody checks the security context.
    pub security: Option<watch::Receiver<Arc<Verdict>>>,
}

/// What does not change while a process runs.
#[derive(Clone, Debug)]
pub struct About {
    /// Of the target.
    pub name: String,
    pub mode: Mode,
    /// Of the syncer.
    pub version: String,
    /// Who holds the Lease.
    pub holder: String,
    /// The least time between two reports, [`PACE`] for a real one.
    pub pace: Duration,
}

pub struct Reporter {
    pub about: About,
    pub sources: Sources,
    pub caller: Caller,
    pub clock: Arc<dyn Clock>,
    pub metrics: MetricsCollector,
    pub pulse: Pulse,
}

/// What was written last.
#[derive(Default)]
struct Reported {
    status: Value,
    /// Of the target after it.
    version: u64,
    /// When something new was told.
    news: Option<Instant>,
}

/// A report under one lead.
struct Turn<'a> {
    reporter: &'a Reporter,
    sources: Sources,
    began: Instant,
    failing: Option<Instant>,
    reported: Reported,
    backoff: Backoff,
    /// Nothing is written before then.
    pause: Option<Instant>,
}

impl Reporter {
    /// Until `stop` is cancelled, and then one last word; or until it is dropped.
    pub async fn run(&self, leading: &Leading, stop: &CancellationToken) {
        let mut turn = Turn {
            reporter: self,
            sources: self.sources.clone(),
            began: Instant::now(),
            failing: None,
            reported: Reported::default(),
            backoff: Backoff::default(),
            pause: None,
        };
        let _turning = self.pulse.turning();
        while !stop.is_cancelled() {
            self.pulse.beat();
            let next = turn.tell(leading).await;
            tokio::select! {
                () = stop.cancelled() => break,
                () = turn.sources.changed() => sleep(TOGETHER).await,
                () = sleep_until(next) => {}
            }
        }
        turn.say_farewell(leading).await;
    }
}

impl Sources {
    /// Whether something else is known. What ends says nothing new any more.
    async fn changed(&mut self) {
        tokio::select! {
            () = news(&mut self.target) => {}
            () = news(&mut self.reach) => {}
            () = news(&mut self.counts) => {}
            () = news_of(&mut self.progress) => {}
            () = news_of(&mut self.security) => {}
        }
    }
}

async fn news_of<T>(of: &mut Option<watch::Receiver<T>>) {
    match of {
        Some(of) => news(of).await,
        None => std::future::pending().await,
    }
}

async fn news<T>(of: &mut watch::Receiver<T>) {
    if of.changed().await.is_err() {
        std::future::pending().await
    }
}

impl Turn<'_> {
    /// Writes if there is news and it is time. Says when to look again at the latest.
    async fn tell(&mut self, leading: &Leading) -> Instant {
        let now = Instant::now();
        let look = now + LOOK;
        let Some(target) = self.target() else { return look };
        if self.is_too_early() {
            return now + TOGETHER;
        }
        if let Some(pause) = self.pause.filter(|pause| *pause > now) {
            return pause;
        }
        let status = self.status(&target, self.phase());
        let is_news = without_heartbeat(&status) != without_heartbeat(&self.reported.status)
            || (target.version >= self.reported.version && !conditions::says(&target.status, &status));
        if !is_news && status == self.reported.status {
            return look;
        }
        let due = self.reported.news.map(|news| news + self.reporter.about.pace);
        if let Some(due) = due.filter(|due| is_news && *due > now) {
            return due.min(look);
        }
        let Some(deadline) = leading.deadline() else { return look };
        self.write(&target, status, is_news, deadline).await;
        self.pause.unwrap_or(look)
    }

    /// What comes after the last report is not known to anybody.
    async fn say_farewell(&mut self, leading: &Leading) {
        let (Some(target), Some(deadline)) = (self.target(), leading.deadline()) else { return };
        if self.reported.status.is_null() {
            return;
        }
        let status = self.status(&target, Phase::Stopping);
        self.write(&target, status, true, deadline.min(Instant::now() + LAST_WORD)).await;
    }

    fn target(&self) -> Option<Arc<Target>> {
        match &*self.sources.target.borrow() {
            Seen::Here(target) => Some(target.clone()),
            Seen::Unknown | Seen::Gone(_) => None,
        }
    }

    fn is_complete(&self) -> bool {
        let progress = self.sources.progress.as_ref();
        self.sources.counts.borrow().complete && progress.is_none_or(|progress| progress.borrow().complete)
    }

    /// A start takes a moment, and a target that was ready need not seem unready for it.
    fn is_too_early(&self) -> bool {
        let waits = matches!(*self.sources.reach.borrow(), Reach::Unknown | Reach::Ready);
        waits && !self.is_complete() && self.began.elapsed() < FIRST
    }

    fn phase(&self) -> Phase {
        if self.is_complete() { Phase::Running } else { Phase::Starting(self.began.elapsed()) }
    }

    fn status(&mut self, target: &Target, phase: Phase) -> Value {
        let (about, sources) = (&self.reporter.about, &self.sources);
        let progress = sources.progress.as_ref().map(|progress| progress.borrow().clone());
        let fails = progress.as_ref().is_some_and(|progress| conditions::failing(progress).is_some());
        self.failing = fails.then(|| self.failing.unwrap_or_else(Instant::now));
        let (counts, reach) = (sources.counts.borrow().clone(), sources.reach.borrow().clone());
        let security = sources.security.as_ref().map(|security| security.borrow().clone());
        let facts = Facts {
            mode: about.mode,
            version: &about.version,
            holder: &about.holder,
            generation: target.generation,
            phase,
            paused: target.paused,
            reach: &reach,
            counts: &counts,
            progress: progress.as_deref(),
            failing: self.failing.map(|since| since.elapsed()),
            security: security.as_deref(),
        };
        let known = &self.reported.status;
        let previous = if known.is_null() { &target.status } else { known };
        super::status(&facts, previous, self.reporter.clock.now().wall)
    }

    async fn write(&mut self, target: &Target, status: Value, is_news: bool, deadline: Instant) {
        let call = apply(&self.reporter.about.name, &target.uid, &status);
        let sent = Instant::now();
        let answer = timeout_at(deadline, self.reporter.caller.call(&call)).await;
        match answer.unwrap_or(Err(UpstreamError::Timeout(deadline - sent))) {
            Ok(object) => {
                if self.pause.take().is_some() {
                    tracing::info!("the report can be written again");
                }
                self.backoff.reset();
                self.reporter.metrics.record_state(Health::of(&status));
                let news = if is_news { Some(sent) } else { self.reported.news };
                self.reported = Reported { status, version: Target::read(&object).version, news };
            }
            Err(error) => {
                // A missing right is named by the caller already.
                if self.pause.is_none() && error.code() != Some(StatusCode::FORBIDDEN) {
                    tracing::warn!(%error, "the report cannot be written, trying again");
                }
                let asked = match &error {
                    UpstreamError::Status { retry_after, .. } => {
                        retry_after.map(|wait| wait.min(RETRY_AFTER_CAP))
                    }
                    _ => None,
                };
                self.pause = Some(sent + self.backoff.next_wait().max(asked.unwrap_or_default()));
            }
        }
    }
}

fn without_heartbeat(status: &Value) -> Value {
    let mut status = status.clone();
    status.as_object_mut().map(|members| members.remove("lastSyncerHeartbeatTime"));
    status
}

/// By force: these fields are ours whoever wrote them last. The uid keeps it from a target of the same name that
/// came after.
fn apply(name: &str, uid: &str, status: &Value) -> Call {
    let path = format!(
        "/apis/{GROUP}/{VERSION}/{RESOURCE}/{}/status?fieldManager={FIELD_MANAGER}&force=true",
        segment(name)
    );
    let body = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"), "kind": "SyncTarget",
        "metadata": {"name": name, "uid": uid}, "status": status,
    });
    Call { action: Action::Apply, path, body, resource: TARGET_STATUS, namespace: "" }
}

#[cfg(test)]
mod tests;
