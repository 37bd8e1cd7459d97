//! Time as the index sees it, injected so that tests own it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic, since the process began. All that is measured is measured with it.
    pub elapsed: Duration,
    /// The calendar. Compared with others' clocks, never used to measure.
    pub wall: Timestamp,
}

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Now;
}

#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        Now { elapsed: self.start.elapsed(), wall: Timestamp::now() }
    }
}

/// A calendar that follows tokio's paused clock.
#[cfg(test)]
pub struct PausedClock {
    start: Instant,
    skew: jiff::SignedDuration,
}

#[cfg(test)]
impl Default for PausedClock {
    fn default() -> Self {
        Self::skewed(0)
    }
}

#[cfg(test)]
impl PausedClock {
    /// One whose calendar goes wrong by so many hours.
    pub fn skewed(hours: i64) -> Self {
        Self { start: Instant::now(), skew: jiff::SignedDuration::from_hours(hours) }
    }
}

#[cfg(test)]
impl Clock for PausedClock {
    fn now(&self) -> Now {
        let elapsed = self.start.elapsed();
        let epoch: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        Now { elapsed, wall: epoch + self.skew + jiff::SignedDuration::try_from(elapsed).unwrap() }
    }
}
