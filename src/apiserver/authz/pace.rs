//! An even pace for reviews nobody waits for, so that upstream never sees more than so many a second.
//!
//! Turns are handed out in order, never two closer than the interval, and lost time is not made up for: there is
//! no burst. Reviews of requests take no turn, but push the next one back.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The most that requests may push re-checks back, so that they cannot stop them.
const LONGEST_PUSH: Duration = Duration::from_secs(1);

pub struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    pub fn per_second(turns: u32) -> Self {
        Self { interval: Duration::from_secs(1) / turns.max(1), next: Mutex::new(Instant::now()) }
    }

    /// Waits for a turn.
    pub async fn turn(&self) {
        let at = {
            let mut next = self.next.lock();
            let at = (*next).max(Instant::now());
            *next = at + self.interval;
            at
        };
        tokio::time::sleep_until(at).await;
    }

    /// Counts a review that does not wait.
    pub fn spend(&self) {
        let now = Instant::now();
        let mut next = self.next.lock();
        let pushed = ((*next).max(now) + self.interval).min(now + LONGEST_PUSH);
        *next = (*next).max(pushed);
    }
}
