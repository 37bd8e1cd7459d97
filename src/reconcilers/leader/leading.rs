//! The times of an election, and what is handed to whoever leads: until when he may write.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use rand::RngExt;
use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a Lease holds that is not renewed.
    pub lease: Duration,
    /// How long a holder goes on without a renewal.
    pub renew: Duration,
    /// Between tries, of a holder that failed to renew and of those who stand by.
    pub retry: Duration,
    /// Between renewals that went well.
    pub beat: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let [lease, renew, retry, beat] = [15, 10, 2, 2].map(Duration::from_secs);
        Self { lease, renew, retry, beat }
    }
}

impl Timing {
    /// A little sooner than the whole of it, so that many holders do not come together.
    pub(super) fn next_beat(&self) -> Duration {
        self.beat.mul_f64(rand::rng().random_range(0.9..=1.0))
    }
}

/// Handed to whoever leads.
#[derive(Clone)]
pub struct Leading {
    /// When the last renewal that succeeded was sent; `None`: he needs none.
    renewed: Option<Arc<Mutex<Instant>>>,
    timing: Timing,
}

impl Leading {
    pub(super) fn since(renewed: Instant, timing: Timing) -> Self {
        Self { renewed: Some(Arc::new(Mutex::new(renewed))), timing }
    }

    /// Of one who writes whoever else does.
    pub fn forever() -> Self {
        Self { renewed: None, timing: Timing::default() }
    }

    pub(super) fn renewed(&self) -> Instant {
        self.renewed.as_ref().map_or_else(Instant::now, |renewed| *renewed.lock())
    }

    pub(super) fn renew(&self, sent: Instant) {
        if let Some(renewed) = &self.renewed {
            *renewed.lock() = sent;
        }
    }

    /// Until when a write that begins now must have ended; `None`: none may begin.
    pub fn deadline(&self) -> Option<Instant> {
        let renewed = self.renewed();
        (Instant::now() < renewed + self.timing.renew).then(|| renewed + self.timing.lease)
    }
}

/// What is known of a Lease here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// When it was last read or written.
    pub seen: Option<Instant>,
    pub leads: bool,
}

/// Of this process alone: the host's name, and something that no other process has.
pub fn identity() -> String {
    let host = std::env::var("HOSTNAME").ok().or_else(|| std::fs::read_to_string("/etc/hostname").ok());
    format!("{}_{}", host.as_deref().map_or("tmc", str::trim), uuid::Uuid::new_v4())
}
