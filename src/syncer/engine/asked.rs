//! Requests of the loop of an engine, and their outcomes.

use std::time::Duration;

use futures::{future::BoxFuture, stream::FuturesUnordered};
use tokio::time::{Instant, timeout_at};

use super::{
    Engine, Operation,
    finish::operation,
    job::{Done, Failed, Job, perform},
    key::Key,
    pass::Pass,
    recorder::Outcome,
    requests,
    up::StatusPass,
};
use crate::syncer::{
    api::ApiError,
    decide::namespace,
    errors::{Side, classify},
};

type Ended = (Key, Work, Job, Result<Done, Failed>, Duration);

/// Requests under way. They are the loop's own and no tasks: one begins, and its answer is there, without a task that
/// has to be woken for it.
#[derive(Default)]
pub(super) struct Working {
    pub(super) requests: FuturesUnordered<BoxFuture<'static, Ended>>,
    pub(super) next_resync: Option<Duration>,
    pub(super) told: Option<Duration>,
    /// Everything was listed and looked at once.
    pub(super) begun: bool,
    /// No pass is begun any more.
    pub(super) ends: bool,
}

/// What a request is part of.
pub(super) enum Work {
    Pass(Box<Pass>),
    Status(Box<StatusPass>),
    Namespace,
    Target,
}

impl Engine {
    /// Begins to ask. A write ends before somebody else may lead.
    pub(super) fn ask(&mut self, key: Key, work: Work, mut job: Job, lease: Option<Instant>) {
        let (apis, deletable) = (self.tools.apis.clone(), self.tools.deletable.clone());
        self.working.requests.push(Box::pin(async move {
            let began = Instant::now();
            if let Job::Content { kinds, .. } = &mut job {
                match deletable.deletable().await {
                    Ok(known) => *kinds = known,
                    Err(why) => {
                        let unknown = namespace::Content::Unknown(why);
                        return (key, work, job, Ok(Done::Holds(unknown)), began.elapsed());
                    }
                }
            }
            let asked = perform(&job, &apis);
            let done = match lease {
                Some(deadline) => timeout_at(deadline, asked).await.unwrap_or_else(|_| {
                    let error = ApiError::Timeout(began.elapsed());
                    Err(Failed { side: Side::Downstream, error })
                }),
                None => asked.await,
            };
            (key, work, job, done, began.elapsed())
        }));
    }

    pub(super) fn ended(&mut self, (key, work, job, done, took): Ended) {
        let now = self.now().elapsed;
        let recorder = self.tools.recorder.clone();
        let is_target = matches!(work, Work::Target);
        match work {
            Work::Pass(mut pass) => {
                requests::take_back(&mut pass.facts, job);
                let (operation, kind) = (operation(&pass.step), pass.facts.kind.clone());
                let (outcome, known) = self.state.finish(&key, *pass, done, &*recorder, now);
                if let Some(operation) = operation {
                    recorder.operation(&kind.id(), operation, outcome, took);
                }
                self.go_on(key, known);
            }
            Work::Status(status) => {
                let kind = status.kind.clone();
                let (outcome, known) = self.state.finish_status(&key, *status, done, &*recorder, now);
                recorder.operation(&kind.id(), Operation::StatusUpdate, outcome, took);
                self.go_on(key, known);
            }
            Work::Namespace => self.state.finish_namespace(&key, done, &*recorder, now),
            Work::Target => {
                let outcome = match done {
                    Ok(done) => {
                        if let Done::Answered(answer) = done {
                            self.state.put_target(&answer.object, now);
                        }
                        self.state.queue.done(&key, false, now);
                        Outcome::Success
                    }
                    Err(Failed { side, error }) => {
                        let (_, retry) = classify(side, &error);
                        if self.state.queue.failed(&key, retry.into(), None, now) {
                            let error = error.brief();
                            tracing::warn!(error, "cannot change the finalizer of the SyncTarget");
                        }
                        Outcome::Error
                    }
                };
                recorder.operation("synctargets.workload.kcp.io", Operation::Finalizer, outcome, took);
            }
        }
        // It waits for the last of the others.
        if !is_target && self.state.target.deleting && self.working.requests.is_empty() {
            self.state.queue.changed(&Key::target(), now);
        }
    }
}
