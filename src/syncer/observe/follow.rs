//! How well one resource is followed: what runs, what is wrong with it, and when it is tried again.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    informers::{Relist, Trouble},
    syncer::discovery::Pace,
};

/// For so long, what was listed before is taken to be true though it cannot be followed.
const GRACE: Duration = Duration::from_secs(60);

/// What runs.
pub(super) struct Running {
    pub(super) stop: CancellationToken,
    pub(super) relist: Relist,
}

pub(super) struct Following {
    running: Option<Running>,
    /// When it is to be started, if it does not run.
    start: Option<Instant>,
    /// Pauses in a row.
    pauses: u32,
    listed: bool,
    trouble: Option<(Trouble, Instant)>,
}

impl Following {
    /// To be started at once.
    pub(super) fn new() -> Self {
        Self { running: None, start: Some(Instant::now()), pauses: 0, listed: false, trouble: None }
    }

    pub(super) fn started(&mut self, running: Running) {
        (self.running, self.start) = (Some(running), None);
    }

    /// The source came to its end. Returns only then may another one start: its last word came before.
    pub(super) fn ended(&mut self) {
        self.running = None;
    }

    pub(super) fn stop(&self) {
        if let Some(running) = &self.running {
            running.stop.cancel();
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Lists anew.
    pub(super) fn relist(&self) {
        if let Some(running) = &self.running {
            running.relist.relist();
        }
    }

    /// Starts another one as soon as this one came to its end.
    pub(super) fn restart(&mut self) {
        (self.start, self.pauses) = (Some(Instant::now()), 0);
        self.stop();
    }

    pub(super) fn is_due(&self) -> bool {
        self.running.is_none() && self.start.is_some_and(|at| at <= Instant::now())
    }

    /// Returns whether anything changed that can be reported.
    pub(super) fn is_well(&mut self, listed: bool) -> bool {
        let changed = self.trouble.is_some() || listed && !self.listed;
        (self.trouble, self.pauses, self.listed) = (None, 0, self.listed || listed);
        changed
    }

    /// What is refused or not there is left alone for a while.
    pub(super) fn is_in(&mut self, trouble: Trouble, pace: &Pace) {
        if is_refusal(&trouble) && self.start.is_none() {
            self.start = Some(Instant::now() + pace.wait(self.pauses));
            self.pauses = self.pauses.saturating_add(1);
            self.stop();
        }
        let since = self.trouble.take().map_or_else(Instant::now, |(_, since)| since);
        self.trouble = Some((trouble, since));
    }

    pub(super) fn is_listed(&self) -> bool {
        self.listed
    }

    /// Nothing is wrong.
    pub(super) fn is_fit(&self) -> bool {
        self.listed && self.trouble.is_none() && self.is_running()
    }

    /// Why it cannot be read, in words for people. While the cluster is out of reach nothing is said of its kinds.
    pub(super) fn unreadable(&self) -> Option<String> {
        let (trouble, _) =
            self.trouble.as_ref().filter(|_| self.deadline().is_some_and(|at| at <= Instant::now()))?;
        Some(match trouble {
            Trouble::NotInstalled => "the cluster does not serve it".to_owned(),
            Trouble::Status(StatusCode::FORBIDDEN, _) => "the syncer may not list and watch it".to_owned(),
            trouble => trouble.to_string(),
        })
    }

    /// It was listed, or will not be.
    pub(super) fn is_settled(&self) -> bool {
        self.listed || self.unreadable().is_some()
    }

    /// When there is something to do or to say, if nothing comes before.
    pub(super) fn wake(&self) -> Option<Instant> {
        let start = self.start.filter(|_| self.running.is_none());
        start.into_iter().chain(self.deadline().filter(|at| *at > Instant::now())).min()
    }

    /// When a trouble that lasts makes it unreadable.
    fn deadline(&self) -> Option<Instant> {
        let (trouble, since) = self.trouble.as_ref()?;
        match trouble {
            Trouble::Unreachable | Trouble::Timeout | Trouble::Cut => None,
            trouble if is_refusal(trouble) && !self.listed => Some(*since),
            _ => Some(*since + GRACE),
        }
    }
}

fn is_refusal(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::NotInstalled | Trouble::Status(StatusCode::FORBIDDEN, _))
}

#[cfg(test)]
mod tests;
