//! The loop: events in, looks out, outcomes back.

use std::time::Duration;

use futures::StreamExt;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{
    Feeds, Upsync,
    job::{Done, Job, perform},
    pass::{Asked, Judged},
};
use crate::{
    informers::Event,
    liveness::clock::Now,
    syncer::{
        api::ApiError,
        engine::{Failed, Object, Operation, key::Key},
        errors::Side,
    },
};

/// Events taken at a time.
const BATCH: usize = 64;
/// Between looks at the Lease and at what time brings, when nothing happens.
const LOOK: Duration = Duration::from_secs(5);

/// What comes back of a request.
pub type Ended = (Key, Asked, Result<Done, Failed>, Duration);

impl Upsync {
    /// Works until shutdown; what is under way then is finished, each request within its own limit.
    pub async fn run(mut self, mut feeds: Feeds, shutdown: CancellationToken) {
        let (mut above, mut below) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        let mut resync = self.now().elapsed;
        loop {
            self.tick(&mut resync);
            let wake = self.wake();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(ended) = self.working.next() => self.ended(ended),
                count = feeds.upstream.recv_many(&mut above, BATCH) => {
                    if count == 0 {
                        break;
                    }
                    self.take(Side::Upstream, &mut above);
                }
                count = feeds.downstream.recv_many(&mut below, BATCH) => {
                    if count == 0 {
                        break;
                    }
                    self.take(Side::Downstream, &mut below);
                }
                () = sleep_until(wake) => {}
            }
        }
        while let Some(ended) = self.working.next().await {
            self.ended(ended);
        }
        self.tell();
    }

    fn now(&self) -> Now {
        self.tools.clock.now()
    }

    fn take(&mut self, side: Side, events: &mut Vec<Event<Object>>) {
        let now = self.now().elapsed;
        events.drain(..).for_each(|event| self.state.apply(side, event, now));
    }

    /// What time brings, and as many requests as may be.
    fn tick(&mut self, resync: &mut Duration) {
        let now = self.now().elapsed;
        self.state.lead(self.tools.lead.deadline().is_some(), now);
        let period = self.state.plan.resync;
        if !period.is_zero() && now >= *resync + period {
            self.state.resync(now);
            *resync = now;
        }
        self.state.queue.wake(now);
        self.start();
        self.tell();
    }

    /// Begins requests while there is room, and both sides can be asked.
    fn start(&mut self) {
        let apis = &self.tools.apis;
        if apis.upstream.rest().or(apis.downstream.rest()).is_some() {
            return;
        }
        while self.working.len() < self.state.plan.concurrency {
            let now = self.now();
            let Some((key, waited)) = self.state.queue.take(now.elapsed) else { return };
            self.tools.recorder.waited(waited);
            let lease = self.tools.lead.deadline();
            match self.state.judge(&key, lease.is_some(), now, &*self.tools.recorder) {
                Judged::Done => self.state.queue.done(&key, false, now.elapsed),
                Judged::Wait(wait) => self.state.queue.wait(&key, wait, now.elapsed),
                Judged::Ask(asked, job) => self.ask(key, asked, job, lease),
            }
        }
    }

    /// Asks beside the loop. A write ends before somebody else may lead.
    fn ask(&mut self, key: Key, asked: Asked, job: Box<Job>, lease: Option<Instant>) {
        let apis = self.tools.apis.clone();
        self.working.push(Box::pin(async move {
            let began = Instant::now();
            let deadline = lease.unwrap_or(began);
            let done = timeout_at(deadline, perform(&job, &apis)).await.unwrap_or_else(|_| {
                Err(Failed { side: Side::Upstream, error: ApiError::Timeout(began.elapsed()) })
            });
            (key, asked, done, began.elapsed())
        }));
    }

    fn ended(&mut self, (key, asked, done, took): Ended) {
        let (now, recorder) = (self.now(), self.tools.recorder.clone());
        let outcome = self.state.finish(&key, asked, done, &*recorder, now);
        recorder.operation(&self.state.kind(&key).kind.id(), Operation::Upsync, outcome, took);
    }

    fn tell(&mut self) {
        if !std::mem::take(&mut self.state.ledger.changed) {
            return;
        }
        let (progress, unshown) = (self.state.progress(), self.state.is_unshown());
        self.progress.send_if_modified(|known| {
            let changed = **known != progress;
            *known = progress.into();
            changed
        });
        self.unshown.send_if_modified(|known| std::mem::replace(known, unshown) != unshown);
    }

    /// When there is something to do without an event.
    fn wake(&self) -> Instant {
        let now = self.now().elapsed;
        let apis = &self.tools.apis;
        let rest = apis.upstream.rest().into_iter().chain(apis.downstream.rest()).max();
        let waiting = self.state.queue.has_work() && self.working.is_empty();
        let resting = rest.filter(|_| waiting).map(|rest| now + rest);
        let at = [self.state.queue.next(), resting].into_iter().flatten().min();
        Instant::now() + at.unwrap_or(now + LOOK).min(now + LOOK).saturating_sub(now)
    }
}
