//! Snapshots that gave out a continue token, kept for the pages to come, within limits.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::apiserver::{scope::Scope, snapshot::Snapshot};

/// As long as etcd keeps history by default.
const LIFETIME: Duration = Duration::from_secs(300);
const MAX_PINS: usize = 64;
/// Neighbouring snapshots share most segments; a segment counts once.
const MAX_BYTES: usize = 256 << 20;

struct Pin {
    scope: Scope,
    snapshot: Arc<Snapshot>,
    until: Instant,
}

/// Oldest first; whichever limit is reached makes the oldest go, but never the newest.
#[derive(Default)]
pub(super) struct Pins {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pins: VecDeque<Pin>,
    /// How many pins hold a segment.
    segments: HashMap<u64, usize>,
    bytes: usize,
}

impl Pins {
    pub(super) fn keep(&self, scope: &Scope, snapshot: &Arc<Snapshot>) {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.pins.iter().position(|pin| pin.is(scope, snapshot.resource_version)).and_then(|at| {
            // It becomes the newest, so that the order is that of the ends.
            state.remove(at)
        });
        state.add(Pin { scope: scope.clone(), snapshot: snapshot.clone(), until: now + LIFETIME });
        state.trim(now);
    }

    pub(super) fn get(&self, scope: &Scope, version: u64) -> Option<Arc<Snapshot>> {
        let mut state = self.state.lock();
        state.trim(Instant::now());
        state.pins.iter().find(|pin| pin.is(scope, version)).map(|pin| pin.snapshot.clone())
    }
}

impl Pin {
    fn is(&self, scope: &Scope, version: u64) -> bool {
        self.snapshot.resource_version == version && self.scope == *scope
    }
}

impl State {
    fn add(&mut self, pin: Pin) {
        for segment in pin.snapshot.segments() {
            let holders = self.segments.entry(segment.id).or_default();
            *holders += 1;
            if *holders == 1 {
                self.bytes += segment.json_len;
            }
        }
        self.pins.push_back(pin);
    }

    fn remove(&mut self, at: usize) -> Option<()> {
        let pin = self.pins.remove(at)?;
        for segment in pin.snapshot.segments() {
            let holders = self.segments.get_mut(&segment.id)?;
            *holders -= 1;
            if *holders == 0 {
                self.segments.remove(&segment.id);
                self.bytes -= segment.json_len;
            }
        }
        Some(())
    }

    fn trim(&mut self, now: Instant) {
        while self.pins.front().is_some_and(|pin| pin.until <= now) {
            self.remove(0);
        }
        while self.pins.len() > 1 && (self.pins.len() > MAX_PINS || self.bytes > MAX_BYTES) {
            self.remove(0);
        }
    }
}
