//! Requests of one reconciler under way: a bounded number at a time, at its pace, and none while it does not lead.
//!
//! Fed by the reconciler with work, which knows how it is done. It must not know what is asked.

use std::{future::Future, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{call::Caller, leader::Leading, pace::Pace};
use crate::{informers::RETRY_AFTER_CAP, upstream::UpstreamError};

/// Under way at a time.
const IN_FLIGHT: usize = 16;

/// Something to be asked of the API.
pub trait Work: Send + Sync + 'static {
    type Done: Send + 'static;

    fn perform(&self, caller: &Caller) -> impl Future<Output = Result<Self::Done, UpstreamError>> + Send;
}

/// What came of it.
pub type Outcome<W> = (W, Result<<W as Work>::Done, UpstreamError>);

pub struct Requests<W: Work> {
    running: JoinSet<Outcome<W>>,
    caller: Caller,
    leading: Leading,
    pace: Pace,
    /// None begins before then.
    slowed: Option<Duration>,
}

impl<W: Work> Requests<W> {
    pub fn new(caller: Caller, leading: Leading) -> Self {
        Self { running: JoinSet::new(), caller, leading, pace: Pace::default(), slowed: None }
    }

    /// Begins as many as may be. None is under way when the lead ends.
    pub fn begin(&mut self, now: Duration, mut next: impl FnMut() -> Option<W>) {
        self.slowed = None;
        while self.running.len() < IN_FLIGHT {
            let Some(deadline) = self.leading.deadline() else { return };
            if let Err(at) = self.pace.take(now) {
                self.slowed = Some(at);
                return;
            }
            let Some(work) = next() else { return self.pace.give_back() };
            let caller = self.caller.clone();
            self.running.spawn(async move {
                let limit = deadline.saturating_duration_since(Instant::now());
                let answer = timeout_at(deadline, work.perform(&caller)).await;
                (work, answer.unwrap_or(Err(UpstreamError::Timeout(limit))))
            });
        }
    }

    /// The next that ends; never, while none is under way.
    pub async fn ended(&mut self) -> Outcome<W> {
        loop {
            match self.running.join_next().await {
                Some(Ok(outcome)) => return outcome,
                Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Until when there is nothing to do without an event, where the reconciler itself has to do something at `next`.
    pub fn wake(&self, next: Option<Duration>) -> Option<Duration> {
        self.slowed.into_iter().chain(next).min()
    }
}

/// Sleeps until then; for ever, if there is no such time.
pub async fn until(at: Option<Duration>, now: Duration) {
    match at {
        Some(at) => tokio::time::sleep(at.saturating_sub(now)).await,
        None => std::future::pending().await,
    }
}

/// How long an upstream that refuses everything asks to be left alone.
pub fn pause_asked(error: &UpstreamError) -> Option<Duration> {
    match error {
        UpstreamError::Status { retry_after, .. } => retry_after.map(|wait| wait.min(RETRY_AFTER_CAP)),
        _ => None,
    }
}
