//! How long to wait after the n-th failure: doubling from 0.8 s to 30 s, with jitter so that many sources
//! that lost one upstream do not come back together.

use std::time::Duration;

use rand::RngExt;

const FIRST: Duration = Duration::from_millis(800);
const LAST: Duration = Duration::from_secs(30);

/// Consecutive failures of one source.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait: between half of the doubled step and all of it, never above the cap.
    pub fn next_wait(&mut self) -> Duration {
        let step = FIRST.saturating_mul(1 << self.failures.min(10)).min(LAST);
        self.failures = self.failures.saturating_add(1);
        step.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// The upstream is well again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..50).map(|_| backoff.next_wait()).collect();
        assert!(waits[0] >= FIRST / 2 && waits[0] <= FIRST);
        assert!(waits.iter().all(|wait| *wait <= LAST));
        assert!(waits[10..].iter().all(|wait| *wait >= LAST / 2));
        backoff.reset();
        assert!(backoff.next_wait() <= FIRST);
    }
}
