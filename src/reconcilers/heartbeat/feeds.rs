//! Whether both streams can be believed now. Who sees nothing must not call others silent.

use std::time::Duration;

use crate::liveness::SOURCE_UNSEEN_AFTER;

/// After a gap a stream may still bring what was written meanwhile; a living syncer renews within this.
const CATCH_UP: Duration = Duration::from_secs(10);

/// One stream.
#[derive(Debug, Default)]
pub struct Feed {
    pub listed: bool,
    heard: Option<Duration>,
    /// What it told before is not believed until then.
    catches_up: Duration,
}

impl Feed {
    /// A sign of life; a complete list leaves nothing to catch up with.
    pub fn heard(&mut self, complete: bool, now: Duration) {
        let gap = self.heard.is_none_or(|heard| now.saturating_sub(heard) > SOURCE_UNSEEN_AFTER);
        self.heard = Some(now);
        self.listed |= complete;
        if complete {
            self.catches_up = now;
        } else if gap {
            self.catches_up = now + CATCH_UP;
        }
    }

    /// Whether what it has not told has not happened.
    pub fn is_current(&self, now: Duration) -> bool {
        let heard = self.heard.is_some_and(|heard| now.saturating_sub(heard) <= SOURCE_UNSEEN_AFTER);
        self.listed && heard && now >= self.catches_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_gap_a_stream_catches_up_first() {
        let second = Duration::from_secs;
        let mut feed = Feed::default();
        assert!(!feed.is_current(second(0)));
        feed.heard(true, second(1));
        assert!(feed.is_current(second(31)));
        assert!(!feed.is_current(second(32)), "unheard");
        feed.heard(false, second(50));
        assert!(!feed.is_current(second(59)));
        feed.heard(false, second(60));
        assert!(feed.is_current(second(60)));
        feed.heard(true, second(200));
        assert!(feed.is_current(second(200)), "a list is complete");
    }
}
