//! Owns every long task: one that ends before it may ends the process with its name.
//!
//! Fed by `cli` with futures. Servers are told to stop and finish by themselves; background tasks go on
//! until the last server has finished, so that what is still served stays true, and are dropped then.

use std::{collections::HashMap, future::Future, time::Duration};

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

mod signals;

pub use signals::Signals;

/// What a task fails with.
pub type TaskError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    #[error("{name} failed")]
    Failed { name: &'static str, source: TaskError },
    #[error("{name} ended, which it never should")]
    Ended { name: &'static str },
    #[error("{name} panicked")]
    Panicked { name: &'static str },
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
    #[error("stopped at once by a second signal")]
    Aborted,
    #[error("{names} did not finish within {grace:?}")]
    TooSlow { names: String, grace: Duration },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Ends by itself once shutdown begins.
    Server,
    /// Never ends; dropped last.
    Background,
}

/// The tasks of a process.
pub struct Supervisor {
    tasks: JoinSet<Result<(), TaskError>>,
    roles: HashMap<Id, (&'static str, Role)>,
    shutdown: CancellationToken,
    grace: Duration,
}

impl Supervisor {
    /// Servers have `grace` to finish after the first signal.
    pub fn new(grace: Duration) -> Self {
        Self { tasks: JoinSet::new(), roles: HashMap::new(), shutdown: CancellationToken::new(), grace }
    }

    /// Cancelled when shutdown begins: by a signal, by a failed task or by whoever cancels it.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// A task that ends, with `Ok`, only after [`Self::shutdown`] was cancelled.
    pub fn spawn<F, E>(&mut self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<TaskError>,
    {
        self.start(name, Role::Server, async { task.await.map_err(Into::into) });
    }

    /// A task that never ends; dropped, at an await, once every server has finished.
    pub fn spawn_background<F>(&mut self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.start(name, Role::Background, async {
            task.await;
            Ok(())
        });
    }

    fn start<F>(&mut self, name: &'static str, role: Role, task: F)
    where
        F: Future<Output = Result<(), TaskError>> + Send + 'static,
    {
        let handle = self.tasks.spawn(task.instrument(tracing::info_span!("task", name)));
        self.roles.insert(handle.id(), (name, role));
    }

    /// Runs until shutdown is complete or a task ended too early.
    pub async fn run(mut self, mut signals: Signals) -> Result<(), SupervisorError> {
        let shutdown = self.shutdown.clone();
        loop {
            tokio::select! {
                // First, so that a second signal right behind the first is still seen as one.
                biased;
                () = shutdown.cancelled() => break,
                signal = signals.next() => {
                    tracing::info!(signal, "shutting down");
                    shutdown.cancel();
                }
                Some(ended) = self.tasks.join_next_with_id() => {
                    // Shutdown may have begun in the same instant; a clean end is right then.
                    if let Some(error) = self.ended(ended, shutdown.is_cancelled()) {
                        shutdown.cancel();
                        return Err(error);
                    }
                }
            }
        }
        tokio::select! {
            drained = self.drain() => drained,
            signal = signals.next() => {
                tracing::warn!(signal, "a second signal: stopping at once");
                Err(SupervisorError::Aborted)
            }
        }
    }

    async fn drain(&mut self) -> Result<(), SupervisorError> {
        let deadline = tokio::time::Instant::now() + self.grace;
        while self.roles.values().any(|(_, role)| *role == Role::Server) {
            match tokio::time::timeout_at(deadline, self.tasks.join_next_with_id()).await {
                Ok(Some(ended)) => {
                    if let Some(error) = self.ended(ended, true) {
                        return Err(error);
                    }
                }
                Ok(None) => break,
                Err(_) => return Err(SupervisorError::TooSlow { names: self.servers(), grace: self.grace }),
            }
        }
        self.tasks.shutdown().await;
        Ok(())
    }

    fn servers(&self) -> String {
        let names = self.roles.values().filter(|(_, role)| *role == Role::Server).map(|(name, _)| *name);
        names.collect::<Vec<_>>().join(", ")
    }

    /// Why the end of a task is an error, if it is one.
    fn ended(
        &mut self,
        ended: Result<(Id, Result<(), TaskError>), JoinError>,
        stopping: bool,
    ) -> Option<SupervisorError> {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let (name, role) = self.roles.remove(&id)?;
        match ended {
            Err(error) if error.is_panic() => Some(SupervisorError::Panicked { name }),
            Err(_) => None,
            Ok((_, Err(source))) => Some(SupervisorError::Failed { name, source }),
            Ok((_, Ok(()))) if stopping && role == Role::Server => None,
            Ok((_, Ok(()))) => Some(SupervisorError::Ended { name }),
        }
    }
}

#[cfg(test)]
mod tests;
