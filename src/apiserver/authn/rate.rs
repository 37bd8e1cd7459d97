//! How many token reviews a second may begin: a bucket per peer and one for all.

use std::{net::IpAddr, sync::Arc};

use moka::sync::Cache;
use parking_lot::Mutex;
use tokio::time::Instant;

/// Peers that are told apart; one that is forgotten begins with a full bucket, the common one still bounds it.
const PEERS: u64 = 4096;

pub(crate) struct Rates {
    all: Mutex<Bucket>,
    peers: Cache<IpAddr, Arc<Mutex<Bucket>>>,
    per_peer: u32,
}

impl Rates {
    pub(crate) fn new(per_second: u32, per_peer: u32) -> Self {
        let peers = Cache::builder().max_capacity(PEERS).build();
        Self { all: Mutex::new(Bucket::full(per_second)), peers, per_peer }
    }

    /// Whether one more review may begin now. A peer over his own limit takes nothing from the others.
    pub(crate) fn take(&self, peer: IpAddr) -> bool {
        let bucket = self.peers.get_with(peer, || Arc::new(Mutex::new(Bucket::full(self.per_peer))));
        let allowed = bucket.lock().take();
        allowed && self.all.lock().take()
    }
}

/// Refills evenly; holds at most one second's worth.
struct Bucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    fn full(per_second: u32) -> Self {
        let per_second = f64::from(per_second.max(1));
        Self { per_second, tokens: per_second, filled: Instant::now() }
    }

    fn take(&mut self) -> bool {
        let now = Instant::now();
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * self.per_second;
        self.filled = now;
        self.tokens = (self.tokens + gained).min(self.per_second);
        let allowed = self.tokens >= 1.0;
        if allowed {
            self.tokens -= 1.0;
        }
        allowed
    }
}
