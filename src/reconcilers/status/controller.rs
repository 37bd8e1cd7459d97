//! Follows SyncTargets and the kinds that are named, and looks at what several targets sync, a bounded number of
//! objects at a time, while it leads.

use std::{collections::HashMap, sync::Arc, time::Duration};

use http::StatusCode;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    Combiner, Kinds,
    seen::Seen,
    state::State,
    work::{self, Done, Work},
};
use crate::{
    informers::{Change, Event, RETRY_AFTER_CAP, Resource, Selection, Source, Trouble},
    liveness::SYNC_TARGETS,
    reconcilers::{leader::Leading, pace::Pace},
    upstream::UpstreamError,
};

/// Looks under way at a time.
const IN_FLIGHT: usize = 16;
/// Events between the sources and the state.
const QUEUE: usize = 32;

type Outcome = (Work, Result<Done, UpstreamError>);

pub(super) struct Controller {
    combiner: Arc<Combiner>,
    kinds: Kinds,
    leading: Leading,
    state: State,
    pace: Pace,
    looks: JoinSet<Outcome>,
    sources: JoinSet<()>,
    followed: HashMap<Resource, AbortHandle>,
    events: mpsc::Sender<Event<Seen>>,
    received: mpsc::Receiver<Event<Seen>>,
    /// No look before then.
    slowed: Option<Duration>,
}

impl Controller {
    pub(super) fn new(combiner: Arc<Combiner>, leading: Leading) -> Self {
        let (events, received) = mpsc::channel(QUEUE);
        Self {
            kinds: combiner.kinds.clone(),
            combiner,
            leading,
            state: State::default(),
            pace: Pace::default(),
            looks: JoinSet::new(),
            sources: JoinSet::new(),
            followed: HashMap::new(),
            events,
            received,
            slowed: None,
        }
    }

    /// Ends when it is dropped.
    pub(super) async fn run(mut self) {
        self.follow_targets();
        self.kinds.mark_changed();
        let mut batch = Vec::with_capacity(QUEUE);
        let mut named = true;
        loop {
            self.look();
            let wake = self.wake();
            tokio::select! {
                _ = self.received.recv_many(&mut batch, QUEUE) => {
                    batch.drain(..).for_each(|event| self.apply(event));
                }
                changed = self.kinds.changed(), if named => {
                    named = changed.is_ok();
                    self.follow_kinds();
                }
                Some(ended) = self.looks.join_next() => match ended {
                    Ok(outcome) => self.finish(outcome),
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(_) => {}
                },
                Some(ended) = self.sources.join_next() => {
                    if let Some(error) = ended.err().filter(|error| error.is_panic()) {
                        std::panic::resume_unwind(error.into_panic());
                    }
                }
                () = until(wake) => {}
            }
            self.state.expire(self.combiner.clock.now().elapsed);
        }
    }

    fn follow_targets(&mut self) {
        let Combiner { fetch, limits, informers, .. } = &*self.combiner;
        let events = self.events.clone();
        let keep = |object: crate::informers::RawObject| Seen::target(&object);
        let source = Source::keeping(fetch.clone(), SYNC_TARGETS, *limits, events, informers.clone(), keep);
        self.sources.spawn(source.run(CancellationToken::new()));
    }

    /// The kinds that are named now, and no others.
    fn follow_kinds(&mut self) {
        let Some(kinds) = self.kinds.borrow_and_update().clone() else { return };
        let gone: Vec<_> = self.followed.keys().filter(|kind| !kinds.contains(kind)).copied().collect();
        for kind in gone {
            if let Some(source) = self.followed.remove(&kind) {
                source.abort();
            }
            self.state.forget(kind);
        }
        for kind in kinds {
            if !self.followed.contains_key(&kind) {
                let Combiner { fetch, limits, informers, .. } = &*self.combiner;
                let keep = move |object| Seen::object(kind, &object);
                let source = Source::keeping(
                    fetch.clone(),
                    kind,
                    *limits,
                    self.events.clone(),
                    informers.clone(),
                    keep,
                );
                let source = source.select(Selection { metadata_only: true, ..Selection::default() });
                let handle = self.sources.spawn(source.run(CancellationToken::new()));
                self.followed.insert(kind, handle);
            }
        }
    }

    fn apply(&mut self, event: Event<Seen>) {
        // A source that was ended may have told something before.
        if event.resource != SYNC_TARGETS && !self.followed.contains_key(&event.resource) {
            return;
        }
        let denied = match &event.change {
            Change::Unavailable(Trouble::Status(code, _)) => (*code == StatusCode::FORBIDDEN).then_some(true),
            Change::Reset(_) => Some(false),
            _ => None,
        };
        if let Some(denied) = denied {
            self.combiner.caller.note("list and watch", &event.resource.to_string(), "", denied);
        }
        self.state.apply(event);
        self.combiner.metrics.shared.set(self.state.shared() as i64);
    }

    /// Starts as many looks as may be.
    fn look(&mut self) {
        self.slowed = None;
        while self.looks.len() < IN_FLIGHT && self.state.has_work() {
            let Some(deadline) = self.leading.deadline() else { break };
            let now = self.combiner.clock.now();
            if let Err(at) = self.pace.take(now.elapsed) {
                self.slowed = Some(at);
                break;
            }
            let Some(next) = self.state.next(now) else {
                self.pace.give_back();
                break;
            };
            let caller = self.combiner.caller.clone();
            self.looks.spawn(async move {
                let limit = deadline.saturating_duration_since(Instant::now());
                let answer = timeout_at(deadline, work::perform(&caller, &next)).await;
                let answer = answer.unwrap_or(Err(UpstreamError::Timeout(limit)));
                (next, answer)
            });
        }
        self.combiner.metrics.waiting.set(self.state.waiting() as i64);
    }

    fn finish(&mut self, (work, answer): Outcome) {
        let now = self.combiner.clock.now().elapsed;
        let kind = work.object.kind;
        let outcome = match answer {
            Ok(done) => {
                let outcome = if matches!(done, Done::Written { .. }) { "written" } else { "same" };
                if self.state.done(&work, done) {
                    tracing::info!(%kind, "statuses of {kind} are read and written again");
                }
                outcome
            }
            Err(error) if error.is_of_one() => {
                let usual = error.code() == Some(StatusCode::CONFLICT);
                if self.state.failed(&work, now) && !usual {
                    let (namespace, name) = (&work.object.namespace, &work.object.name);
                    tracing::warn!(%kind, namespace, name, %error, "a combined status was refused");
                }
                "refused"
            }
            Err(error) => {
                let asked = match &error {
                    UpstreamError::Status { retry_after, .. } => {
                        retry_after.map(|wait| wait.min(RETRY_AFTER_CAP))
                    }
                    _ => None,
                };
                // A missing right is named already.
                if self.state.refused(&work, asked, now) && error.code() != Some(StatusCode::FORBIDDEN) {
                    tracing::warn!(%kind, %error, "cannot combine statuses of {kind}, trying again");
                }
                "failed"
            }
        };
        self.combiner.metrics.looks.with_label_values(&[outcome]).inc();
    }

    /// When there is something to do without an event.
    fn wake(&self) -> Option<Instant> {
        let next = self.state.next_deadline().into_iter().chain(self.slowed).min()?;
        Some(Instant::now() + next.saturating_sub(self.combiner.clock.now().elapsed))
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
