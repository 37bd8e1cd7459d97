//! Follows SyncTargets and Leases and writes what the state says, a bounded number of writes at a time,
//! while it leads.

use std::sync::Arc;

use http::StatusCode;
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    Heartbeat,
    state::{State, Write},
};
use crate::{
    informers::{Change, Event, Source, Trouble},
    liveness::{LEASES, SYNC_TARGETS},
    reconcilers::{
        leader::Leading,
        requests::{Outcome, Requests, pause_asked, until},
    },
};

/// Events between the sources and the state.
const QUEUE: usize = 32;

pub(super) struct Controller {
    heartbeat: Arc<Heartbeat>,
    state: State,
    writes: Requests<Write>,
}

impl Controller {
    pub(super) fn new(heartbeat: Arc<Heartbeat>, leading: Leading) -> Self {
        Self {
            state: State::new(heartbeat.paths.clone()),
            writes: Requests::new(heartbeat.caller.clone(), leading),
            heartbeat,
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
            let now = self.heartbeat.clock.now();
            self.writes.begin(now.elapsed, || self.state.next(now));
            self.heartbeat.metrics.waiting.set(self.state.waiting() as i64);
            let wake = self.writes.wake(self.state.next_deadline());
            tokio::select! {
                count = received.recv_many(&mut batch, QUEUE) => {
                    if count == 0 {
                        return;
                    }
                    batch.drain(..).for_each(|event| self.apply(event));
                }
                outcome = self.writes.ended() => self.finish(outcome),
                () = until(wake, now.elapsed) => {}
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

    fn finish(&mut self, (write, answer): Outcome<Write>) {
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
                let first = pause.failed(pause_asked(&error), now);
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
}
