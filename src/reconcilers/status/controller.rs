//! Follows SyncTargets and the kinds that are named, and looks at what several targets sync, a bounded number of
//! objects at a time, while it leads.

use std::{collections::HashMap, sync::Arc};

use http::StatusCode;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use super::{
    Combiner, Kinds,
    seen::Seen,
    state::State,
    work::{Done, Work},
};
use crate::{
    informers::{Change, Event, Resource, Selection, Source, Trouble},
    liveness::SYNC_TARGETS,
    reconcilers::{
        leader::Leading,
        requests::{Outcome, Requests, pause_asked, until},
    },
};

/// Events between the sources and the state.
const QUEUE: usize = 32;

pub(super) struct Controller {
    combiner: Arc<Combiner>,
    kinds: Kinds,
    state: State,
    looks: Requests<Work>,
    sources: JoinSet<()>,
    followed: HashMap<Resource, AbortHandle>,
    events: mpsc::Sender<Event<Seen>>,
    received: mpsc::Receiver<Event<Seen>>,
}

impl Controller {
    pub(super) fn new(combiner: Arc<Combiner>, leading: Leading) -> Self {
        let (events, received) = mpsc::channel(QUEUE);
        Self {
            kinds: combiner.kinds.clone(),
            looks: Requests::new(combiner.caller.clone(), leading),
            combiner,
            state: State::default(),
            sources: JoinSet::new(),
            followed: HashMap::new(),
            events,
            received,
        }
    }

    /// Ends when it is dropped.
    pub(super) async fn run(mut self) {
        self.follow_targets();
        self.kinds.mark_changed();
        let mut batch = Vec::with_capacity(QUEUE);
        let mut named = true;
        loop {
            let now = self.combiner.clock.now();
            self.looks.begin(now.elapsed, || self.state.next(now));
            self.combiner.metrics.waiting.set(self.state.waiting() as i64);
            let wake = self.looks.wake(self.state.next_deadline());
            tokio::select! {
                _ = self.received.recv_many(&mut batch, QUEUE) => {
                    batch.drain(..).for_each(|event| self.apply(event));
                }
                changed = self.kinds.changed(), if named => {
                    named = changed.is_ok();
                    self.follow_kinds();
                }
                outcome = self.looks.ended() => self.finish(outcome),
                Some(ended) = self.sources.join_next() => {
                    if let Some(error) = ended.err().filter(|error| error.is_panic()) {
                        std::panic::resume_unwind(error.into_panic());
                    }
                }
                () = until(wake, now.elapsed) => {}
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

    fn finish(&mut self, (work, answer): Outcome<Work>) {
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
                // A missing right is named already.
                if self.state.refused(&work, pause_asked(&error), now)
                    && error.code() != Some(StatusCode::FORBIDDEN)
                {
                    tracing::warn!(%kind, %error, "cannot combine statuses of {kind}, trying again");
                }
                "failed"
            }
        };
        self.combiner.metrics.looks.with_label_values(&[outcome]).inc();
    }
}
