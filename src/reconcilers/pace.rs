//! How fast is written: a token bucket, and a pause of one kind of write after the upstream refused one.

use std::time::Duration;

use crate::informers::Backoff;

/// Writes a second, and how many may come at once.
const RATE: f64 = 100.0;
const BURST: f64 = 100.0;

#[derive(Debug)]
pub struct Pace {
    tokens: f64,
    at: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { tokens: BURST, at: Duration::ZERO }
    }
}

impl Pace {
    /// Takes a token, or says when there is one.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        self.tokens = (self.tokens + now.saturating_sub(self.at).as_secs_f64() * RATE).min(BURST);
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(now + Duration::from_secs_f64((1.0 - self.tokens) / RATE) + Duration::from_micros(1))
    }
}

impl Pace {
    /// The token was not needed.
    pub fn give_back(&mut self) {
        self.tokens += 1.0;
    }
}

/// One kind of write that the upstream refuses or does not answer.
#[derive(Debug, Default)]
pub struct Pause {
    backoff: Backoff,
    until: Option<Duration>,
}

impl Pause {
    /// When it ends, if it holds now.
    pub fn holds(&self, now: Duration) -> Option<Duration> {
        self.until.filter(|until| *until > now)
    }

    /// Writes that were under way together fail together: that is one failure. Says whether it is
    /// the first since it last went well.
    pub fn failed(&mut self, asked: Option<Duration>, now: Duration) -> bool {
        if self.holds(now).is_some() {
            return false;
        }
        let wait = self.backoff.next_wait().max(asked.unwrap_or_default());
        self.until.replace(now + wait).is_none()
    }

    /// Whether that ends a failure.
    pub fn succeeded(&mut self) -> bool {
        self.backoff.reset();
        self.until.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_the_rate() {
        let mut pace = Pace::default();
        let now = Duration::from_secs(5);
        assert_eq!((0..200).filter(|_| pace.take(now).is_ok()).count(), 100);
        let next = pace.take(now).unwrap_err();
        assert!(next > now && next <= now + Duration::from_millis(11));
        assert!(pace.take(next).is_ok());
        assert!(pace.take(next).is_err());
    }

    #[test]
    fn failures_of_one_moment_are_one() {
        let mut pause = Pause::default();
        let now = Duration::from_secs(1);
        assert!(pause.failed(None, now));
        let until = pause.holds(now).unwrap();
        assert!(!pause.failed(None, now));
        assert_eq!(pause.holds(now), Some(until));
        assert_eq!(pause.holds(until), None);
        assert!(!pause.failed(Some(Duration::from_secs(9)), until));
        assert!(pause.holds(until) >= Some(until + Duration::from_secs(9)));
        assert!(pause.succeeded() && !pause.succeeded());
    }
}
