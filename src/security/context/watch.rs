//! The verdict kept up to date: looked at anew after a while, when a file has changed, and when an API has refused
//! us. Whoever shows it or stops on it follows a channel.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::{
    Enforcement, Verdict,
    gather::{Given, SideSource, gather, rights::Asked},
    validate_security_context,
};

pub const EVERY: Duration = Duration::from_secs(600);
/// Files of one rotation change one after the other; the last one counts.
const SETTLE: Duration = Duration::from_secs(2);

/// Looks again and again.
pub struct Guard {
    pub sides: Vec<SideSource>,
    pub given: Given,
    pub enforcement: Enforcement,
    /// Of every side's [`Rotation`](crate::security::transport::Rotation).
    pub changes: Vec<watch::Receiver<u64>>,
    /// Notified when an API has answered 403.
    pub refused: Arc<Notify>,
    pub verdict: watch::Sender<Arc<Verdict>>,
}

/// A verdict that must stop the process.
#[derive(Debug, thiserror::Error)]
#[error("--security-mode=enforce: {}", list(.0))]
pub struct Insecure(pub Arc<Verdict>);

fn list(verdict: &Verdict) -> String {
    let fatal: Vec<_> = verdict.findings.iter().map(ToString::to_string).collect();
    format!("it is not safe to go on:\n{}", fatal.join("\n"))
}

impl Guard {
    /// One look, published; `asked` keeps the answers about rights.
    pub async fn look(&self, asked: &mut Asked) -> Result<(), Insecure> {
        let facts = gather(&self.sides, &self.given, asked).await;
        let verdict = Arc::new(validate_security_context(&facts));
        let changed = self.verdict.send_if_modified(|last| {
            let changed = **last != *verdict;
            *last = verdict.clone();
            changed
        });
        if changed {
            for finding in &verdict.findings {
                tracing::warn!(code = %finding.code, severity = %finding.severity, "{}", finding.message);
            }
        }
        if verdict.stops(self.enforcement) { Err(Insecure(verdict)) } else { Ok(()) }
    }

    /// Until `shutdown`, or until it must not go on. The first look is the caller's, before anything is written.
    pub async fn run(mut self, mut asked: Asked, shutdown: CancellationToken) -> Result<(), Insecure> {
        loop {
            let Self { changes, refused, .. } = &mut self;
            tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                () = tokio::time::sleep(EVERY) => {}
                () = any(changes) => tokio::time::sleep(SETTLE).await,
                () = refused.notified() => {
                    asked.forget();
                    tokio::time::sleep(SETTLE).await;
                }
            }
            self.look(&mut asked).await?;
        }
    }
}

/// Once one of them has changed; never where nobody can change it any more.
async fn any(changes: &mut [watch::Receiver<u64>]) {
    let mut waits: Vec<_> = changes.iter_mut().map(|change| Box::pin(change.changed())).collect();
    while !waits.is_empty() {
        let (changed, index, _) = futures::future::select_all(waits.iter_mut()).await;
        if changed.is_ok() {
            return;
        }
        drop(waits.swap_remove(index));
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests;
