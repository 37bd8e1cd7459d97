//! How often one object's status may be written: at once after quiet, and steadily slower in a storm of updates
//! below, so that it costs upstream no more than a slow one. What is written then is the latest.

use std::time::Duration;

/// Writes that may come at once.
const BURST: f32 = 10.0;
/// Between writes in a storm.
const PERIOD: Duration = Duration::from_secs(2);

/// Of one object; small, since there is one for each.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    left: f32,
    /// Milliseconds.
    at: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: BURST, at: 0 }
    }
}

impl Allowance {
    /// Takes one write, or says how long to wait for it. `now` by a monotonic clock.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let passed = Duration::from_millis(now.saturating_sub(self.at));
        self.left = (self.left + passed.div_duration_f32(PERIOD)).min(BURST);
        self.at = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        Err(PERIOD.mul_f32(1.0 - self.left) + Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_slowed_and_quiet_forgives() {
        let mut allowance = Allowance::default();
        let mut writes = 0;
        // 50 updates a second for ten minutes.
        for tick in 0..30_000_u64 {
            writes += u32::from(allowance.take(Duration::from_millis(tick * 20)).is_ok());
        }
        assert!((305..=312).contains(&writes), "{writes}");
        let end = Duration::from_secs(600);
        let wait = allowance.take(end).unwrap_err();
        assert!(wait <= PERIOD + Duration::from_millis(1));
        assert!(allowance.take(end + wait).is_ok());
        let later = Duration::from_secs(3600);
        assert_eq!((0..20).filter(|_| allowance.take(later).is_ok()).count(), 10);
    }
}
