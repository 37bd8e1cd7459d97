//! When a watch ends and when it tells its client how far it has come.

use std::time::Duration;

use rand::random_range;
use tokio::time::Instant;

/// A bookmark comes about once a minute; the spread keeps the watches of one moment apart.
const BOOKMARK_SECONDS: std::ops::Range<f64> = 54.0..66.0;
/// The last bookmark before the end lets the client resume where it really is.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);
/// The server's choice where the client has none.
const TIMEOUT_SECONDS: std::ops::Range<f64> = 1800.0..3600.0;
/// No client means more than this, and a sum of times must not overflow.
const LONGEST: u64 = 365 * 86_400;
/// Over this time the watches of a server that stops are ended.
const SHUTDOWN_SECONDS: std::ops::Range<f64> = 0.0..0.4;

pub(super) struct Timing {
    pub(super) started: Instant,
    deadline: Instant,
    bookmark: Option<Instant>,
    shutting_down: bool,
}

impl Timing {
    pub(super) fn new(now: Instant, timeout_seconds: Option<u64>, bookmarks: bool) -> Self {
        let timeout = timeout_seconds.map_or_else(
            || Duration::from_secs_f64(random_range(TIMEOUT_SECONDS)),
            |seconds| Duration::from_secs(seconds.min(LONGEST)),
        );
        let mut timing = Self { started: now, deadline: now + timeout, bookmark: None, shutting_down: false };
        if bookmarks {
            timing.schedule(now);
        }
        timing
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// When the next bookmark is due, if there is to be one.
    pub(super) fn bookmark(&self) -> Option<Instant> {
        self.bookmark
    }

    /// A bookmark was sent.
    pub(super) fn schedule(&mut self, now: Instant) {
        let last = self.deadline - LAST_BOOKMARK;
        let next = now + Duration::from_secs_f64(random_range(BOOKMARK_SECONDS));
        self.bookmark = (now < last).then(|| next.min(last));
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        now >= self.deadline
    }

    pub(super) fn is_shutting_down(&self) -> bool {
        self.shutting_down
    }

    /// Brings the end near, each watch its own; later calls change nothing.
    pub(super) fn shut_down(&mut self, now: Instant) {
        if !self.shutting_down {
            self.shutting_down = true;
            self.deadline = self.deadline.min(now + Duration::from_secs_f64(random_range(SHUTDOWN_SECONDS)));
        }
    }
}
