//! The loop of an engine: events in, passes out, outcomes back.

use std::{pin::pin, time::Duration};

use futures::StreamExt;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{
    Engine, Feeds,
    asked::Work,
    key::{Key, NAMESPACE, TARGET},
    known::Known,
    pass::Pass,
    requests,
};
use crate::{
    informers::Event,
    liveness::clock::Now,
    syncer::{
        decide::{Bucket, Report, Step, namespace},
        errors::Side,
        facts::Progress,
    },
};

/// Events taken at a time.
const BATCH: usize = 64;
/// Between looks at the Lease and at what time brings, when nothing happens.
const LOOK: Duration = Duration::from_secs(5);
/// Between two reports of progress.
const TELL: Duration = Duration::from_secs(1);

impl Engine {
    /// Works until shutdown; what is under way then is finished, each request within its own limit.
    pub async fn run(mut self, mut feeds: Feeds, shutdown: CancellationToken) {
        let (mut above, mut below) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        // They may be known already.
        feeds.kinds.mark_changed();
        let mut alarm = pin!(sleep_until(Instant::now()));
        loop {
            self.see_shown(*feeds.unshown.borrow_and_update());
            self.tick();
            alarm.as_mut().reset(self.wake());
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(ended) = self.working.requests.next() => self.ended(ended),
                changed = feeds.kinds.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    let resolved = feeds.kinds.borrow_and_update().clone();
                    if let Some(resolved) = resolved {
                        self.state.serve(&resolved, self.now().elapsed);
                    }
                }
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
                Ok(()) = feeds.unshown.changed() => {}
                () = &mut alarm => {}
            }
        }
        self.working.ends = true;
        while let Some(ended) = self.working.requests.next().await {
            self.ended(ended);
        }
        self.tell(true);
    }

    fn see_shown(&mut self, unshown: bool) {
        if std::mem::replace(&mut self.state.unshown, unshown) != unshown {
            self.state.queue.changed(&Key::target(), self.now().elapsed);
        }
    }

    pub(super) fn now(&self) -> Now {
        self.tools.clock.now()
    }

    fn take(&mut self, side: Side, events: &mut Vec<Event<super::Object>>) {
        let now = self.now().elapsed;
        events.drain(..).for_each(|event| self.state.apply(side, event, now));
    }

    /// What time brings, and as many passes as may be.
    fn tick(&mut self) {
        let now = self.now().elapsed;
        self.state.lead(self.tools.lead.deadline().is_some(), now);
        let resync = self.state.plan.resync;
        if !resync.is_zero() {
            let next = *self.working.next_resync.get_or_insert(now + resync);
            if now >= next {
                self.state.resync(now);
                self.working.next_resync = Some(now + resync);
            }
        }
        self.state.queue.wake(now);
        self.start();
        self.state.notices.drain(..).for_each(|notice| self.tools.events.tell(notice));
        if std::mem::take(&mut self.state.rediscover) {
            (self.tools.rediscover)();
        }
        // Lists may end without an object, of which the ledger hears nothing.
        let complete = self.state.complete();
        self.state.ledger.changed |= complete != self.progress.borrow().complete;
        // What a start comes to is waited for.
        let idle = !self.state.queue.has_work() && self.working.requests.is_empty();
        let begun = complete && idle && !std::mem::replace(&mut self.working.begun, true);
        self.tell(begun);
    }

    /// Both sides can be asked.
    fn may_ask(&self) -> bool {
        let apis = &self.tools.apis;
        !self.working.ends && apis.upstream.rest().or(apis.downstream.rest()).is_none()
    }

    /// Begins passes while there is room, and both sides can be asked.
    fn start(&mut self) {
        if !self.may_ask() {
            return;
        }
        while self.working.requests.len() < self.state.plan.concurrency {
            let now = self.now();
            let Some((key, waited)) = self.state.queue.take(now.elapsed) else { return };
            self.tools.recorder.waited(waited);
            let lease = self.tools.lead.deadline();
            match key.kind {
                TARGET => match self.state.judge_target(lease.is_some(), self.working.requests.is_empty()) {
                    Some(job) => self.ask(key, Work::Target, job, lease),
                    None => self.state.queue.done(&key, false, now.elapsed),
                },
                NAMESPACE => {
                    let (step, job) = self.state.judge_namespace(&key, lease.is_some(), now.elapsed);
                    match (job, step) {
                        (Some(job), _) => self.ask(key, Work::Namespace, job, lease),
                        (None, namespace::Step::Wait(wait)) => self.state.queue.wait(&key, wait, now.elapsed),
                        (None, _) => self.state.queue.done(&key, false, now.elapsed),
                    }
                }
                _ => self.pass(key, Known::default(), lease, now),
            }
        }
    }

    /// After a step that went well the object is looked at again at once: what was begun is ended first.
    pub(super) fn go_on(&mut self, key: Key, known: Option<Known>) {
        let (Some(known), now) = (known, self.now()) else { return };
        if !self.may_ask() {
            return self.state.queue.done(&key, true, now.elapsed);
        }
        self.state.queue.went_well(&key, now.elapsed);
        self.pass(key, known, self.tools.lead.deadline(), now);
    }

    fn pass(&mut self, key: Key, known: Known, lease: Option<Instant>, now: Now) {
        if let Some(wait) = self.state.rests(&key, now.elapsed) {
            return self.state.queue.wait(&key, wait, now.elapsed);
        }
        let Some(mut pass) = self.state.judge(&key, known, lease.is_some(), now) else {
            return self.state.queue.done(&key, false, now.elapsed);
        };
        self.state.note(&key, &pass, now);
        if let Some(job) = requests::job(&self.state.plan, &key, &mut pass.facts, &pass.step) {
            self.state.prepare(&key, &pass, now);
            return self.ask(key, Work::Pass(Box::new(pass)), job, lease);
        }
        if let Some(status) = self.state.status(&key, &pass, lease.is_some(), now) {
            return match status {
                Ok((status, job)) => self.ask(key, Work::Status(Box::new(status)), job, lease),
                Err(wait) => self.state.queue.wait(&key, wait, now.elapsed),
            };
        }
        if self.state.needs_a_name(&key, &pass, now.elapsed)
            && let Some(job) = requests::explain(&self.state.plan, &pass.facts)
        {
            return self.ask(key, Work::Pass(Box::new(pass)), job, lease);
        }
        self.rest(&key, &pass, now.elapsed);
    }

    /// Nothing is asked now: when the key is looked at again.
    fn rest(&mut self, key: &Key, pass: &Pass, now: Duration) {
        let later = self.state.memory(key).and_then(|rare| {
            let expires = rare.expires.filter(|at| *at > now);
            rare.contention.next(now).into_iter().chain(expires).min()
        });
        let wait = match &pass.step {
            Step::Wait(_, wait) => Some(*wait),
            Step::Report(Report { bucket: Bucket::Deleting | Bucket::Pending, .. }) => None,
            _ => later.map(|at| at.saturating_sub(now)),
        };
        match wait {
            Some(wait) => self.state.queue.wait(key, wait, now),
            None => self.state.queue.done(key, false, now),
        }
    }

    /// Reports progress if it changed, and not too often.
    fn tell(&mut self, at_once: bool) {
        let now = self.now().elapsed;
        let due = self.working.told.is_none_or(|told| now >= told + TELL);
        if !(at_once || due) || !self.state.ledger.changed {
            return;
        }
        self.state.ledger.changed = false;
        self.working.told = Some(now);
        self.tools.recorder.depth(self.state.queue.len());
        let progress = self.state.progress(now);
        self.progress.send_if_modified(|known| {
            let changed = Progress { oldest: known.oldest, ..progress.clone() } != **known;
            *known = progress.into();
            changed
        });
    }

    /// When there is something to do without an event.
    fn wake(&self) -> Instant {
        let now = self.now().elapsed;
        let apis = &self.tools.apis;
        let rest = apis.upstream.rest().into_iter().chain(apis.downstream.rest()).max();
        let waiting = self.state.queue.has_work() && self.working.requests.is_empty();
        let resting = rest.filter(|_| waiting).map(|rest| now + rest);
        let told = self.working.told.filter(|_| self.state.ledger.changed).map(|told| told + TELL);
        let next = [self.state.queue.next(), self.working.next_resync, resting, told];
        let at = next.into_iter().flatten().min().unwrap_or(now + LOOK).min(now + LOOK);
        Instant::now() + at.saturating_sub(now)
    }
}
