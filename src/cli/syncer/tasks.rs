//! The tasks of one syncer. None of them ends by itself.

use std::future::Future;

use tokio::task::JoinSet;

/// Dropped, it ends them all.
#[derive(Default)]
pub struct Tasks(JoinSet<&'static str>);

impl Tasks {
    pub fn start<F>(&mut self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn(async move {
            task.await;
            name
        });
    }

    /// The name of one that has ended nevertheless.
    pub async fn ended(&mut self) -> &'static str {
        match self.0.join_next().await {
            Some(ended) => ended.unwrap_or("a task"),
            None => std::future::pending().await,
        }
    }
}
