//! Follows SyncTargets and Leases and writes what the state says, a bounded number of writes at a time,
//! while it leads.

use std::sync::Arc;

use http::StatusCode;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    Heartbeat,
    state::{State, Write},
    target::Target,
    write,
};
use crate::{
    informers::{Change, Event, Source, Trouble},
    liveness::{LEASES, SYNC_TARGETS},
    reconcilers::{leader::Leading, pace::Pace},
    upstream::UpstreamError,
};

/// Writes under way at a time.
const IN_FLIGHT: usize = 16;
/// Events between the sources and the state.
const QUEUE: usize = 32;

type Outcome = (Write, Result<Option<Target>, UpstreamError>);

pub(super) struct Controller {
    heartbeat: Arc<Heartbeat>,
    leading: Leading,
    state: State,
    pace: Pace,
    writes: JoinSet<Outcome>,
    /// No write before then.
    slowed: Option<std::time::Duration>,
}

impl Controller {
    pub(super) fn new(heartbeat: Arc<Heartbeat>, leading: Leading) -> Self {
        Self {
            state: State::new(heartbeat.paths.clone()),
            heartbeat,
            leading,
            pace: Pace::default(),
            writes: JoinSet::new(),
            slowed: None,
        }
    }

    /// Ends when it is dropped, or when its sources end.
    pub(super) async fn run(mut self) {
        let (events, mut received) = mpsc::channel(QUEUE);
        let mut sources = JoinSet::new();
        for resource in [SYNC_TARGETS, LEASES] {
            let Heartbeat { fetch, limits, informers, .. } = &*self.heartbeat;
            let source = Source::new(fetch.clone(), resource, *limits, events.clone(), informers.clone());
            sources.spawn(source.run(CancellationToken::new()));
        }
        drop(events);
        let mut batch = Vec::with_capacity(QUEUE);
        loop {
            self.write();
            let wake = self.wake();
            tokio::select! {
                count = received.recv_many(&mut batch, QUEUE) => {
                    if count == 0 {
                        return;
                    }
                    batch.drain(..).for_each(|event| self.apply(event));
                }
                Some(ended) = self.writes.join_next() => match ended {
                    Ok(outcome) => self.finish(outcome),
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(_) => {}
                },
                () = until(wake) => {}
            }
            self.state.expire(self.heartbeat.clock.now().elapsed);
        }
    }

    fn apply(&mut self, event: Event) {
        let (plural, namespace) = (event.resource.plural, event.resource.namespace.unwrap_or_default());
        match &event.change {
            Change::Unavailable(Trouble::Status(code, _)) if *code == StatusCode::FORBIDDEN => {
                self.heartbeat.caller.note("list and watch", plural, namespace, true);
            }
            Change::Reset(_) => self.heartbeat.caller.note("list and watch", plural, namespace, false),
            _ => {}
        }
        self.state.apply(event, self.heartbeat.clock.now());
    }

    /// Starts as many writes as may be.
    fn write(&mut self) {
        self.slowed = None;
        while self.writes.len() < IN_FLIGHT && self.state.has_work() {
            let Some(deadline) = self.leading.deadline() else { break };
            let now = self.heartbeat.clock.now();
            if let Err(at) = self.pace.take(now.elapsed) {
                self.slowed = Some(at);
                break;
            }
            let Some(next) = self.state.next(now) else {
                self.pace.give_back();
                break;
            };
            let caller = self.heartbeat.caller.clone();
            self.writes.spawn(async move {
                let limit = deadline.saturating_duration_since(Instant::now());
                let answer = timeout_at(deadline, write::perform(&caller, &next)).await;
                let answer = answer.unwrap_or(Err(UpstreamError::Timeout(limit)));
                (next, answer)
            });
        }
        self.heartbeat.metrics.waiting.set(self.state.waiting() as i64);
    }

    fn finish(&mut self, (write, answer): Outcome) {
        let id = write.target().id();
        let pause = match write {
            Write::Lease(_) => &mut self.state.lease_pause,
            Write::Status(..) => &mut self.state.status_pause,
        };
        let now = self.heartbeat.clock.now().elapsed;
        let outcome = match answer {
            Ok(answer) => {
                if pause.succeeded() {
                    tracing::info!(write = write.what(), "the Kubernetes API takes what is written again");
                }
                self.state.done(&id, &write, answer);
                "ok"
            }
            Err(error) if error.is_of_one() => {
                let name = &write.target().name;
                // Somebody else came first, or it is gone: that is no fault.
                let usual = matches!(error.code(), Some(StatusCode::CONFLICT | StatusCode::NOT_FOUND));
                if self.state.failed(&id, now) && !usual {
                    tracing::warn!(sync_target = name, write = write.what(), %error, "a write was refused");
                }
                "refused"
            }
            Err(error) => {
                let asked = match &error {
                    UpstreamError::Status { retry_after, .. } => {
                        retry_after.map(|wait| wait.min(crate::informers::RETRY_AFTER_CAP))
                    }
                    _ => None,
                };
                let first = pause.failed(asked, now);
                // A missing right is named already.
                if first && error.code() != Some(StatusCode::FORBIDDEN) {
                    tracing::warn!(write = write.what(), %error, "cannot write about SyncTargets, trying again");
                }
                self.state.refused(&id);
                "failed"
            }
        };
        self.heartbeat.metrics.writes.with_label_values(&[write.what(), outcome]).inc();
    }

    /// When there is something to do without an event.
    fn wake(&self) -> Option<Instant> {
        let next = self.state.next_deadline().into_iter().chain(self.slowed).min()?;
        Some(Instant::now() + next.saturating_sub(self.heartbeat.clock.now().elapsed))
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
