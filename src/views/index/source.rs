//! When the source was last heard of, by each of its two streams.

use std::time::Duration;

use crate::liveness::SOURCE_UNSEEN_AFTER;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    Targets,
    Leases,
}

/// Until a stream is heard for the first time it is not missed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    targets: Option<Duration>,
    leases: Option<Duration>,
    unseen: bool,
}

impl Seen {
    /// Notes a sign of life; whether that changes what is to be said of the source.
    pub(super) fn heard(&mut self, feed: Feed, now: Duration) -> bool {
        match feed {
            Feed::Targets => self.targets = Some(now),
            Feed::Leases => self.leases = Some(now),
        }
        self.judge(now)
    }

    pub(super) fn expire(&mut self, now: Duration) -> bool {
        self.judge(now)
    }

    /// The next moment that may change [`Seen::unseen`].
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.oldest().filter(|_| !self.unseen).map(|seen| seen + SOURCE_UNSEEN_AFTER)
    }

    pub(super) fn unseen(&self) -> bool {
        self.unseen
    }

    fn judge(&mut self, now: Duration) -> bool {
        let unseen = self.oldest().is_some_and(|seen| now.saturating_sub(seen) > SOURCE_UNSEEN_AFTER);
        std::mem::replace(&mut self.unseen, unseen) != unseen
    }

    fn oldest(&self) -> Option<Duration> {
        self.targets.into_iter().chain(self.leases).min()
    }
}
