//! What one connection is doing, and since when: the facts its deadlines are judged by.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{body::Slot, limits::Deadlines};
use crate::apiserver::metrics::Metrics;

#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    /// Idle: end it in agreement.
    Close,
    Cut(&'static str),
}

/// Shared by a connection's IO, its requests and its driver.
pub struct Tracker {
    http2: bool,
    state: Mutex<State>,
    next: AtomicU64,
    /// Responses large enough to hold much memory while the peer does not read them.
    responses: Mutex<HashMap<u64, Arc<Slot>>>,
}

struct State {
    /// Requests whose response is not sent completely.
    active: usize,
    idle_since: Instant,
    /// Since when a request's head is on its way.
    head_since: Option<Instant>,
}

impl Tracker {
    /// A fresh connection owes its first request.
    pub fn new(http2: bool) -> Self {
        let now = Instant::now();
        let state = State { active: 0, idle_since: now, head_since: Some(now) };
        Self { http2, state: Mutex::new(state), next: AtomicU64::new(0), responses: Mutex::default() }
    }

    /// Bytes came. On HTTP/2 they may be pings, so there only the first request has a deadline.
    pub fn read(&self) {
        if self.http2 {
            return;
        }
        let mut state = self.state.lock();
        if state.active == 0 && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    /// A request is complete; it is active until the guard is dropped.
    pub fn request(self: &Arc<Self>) -> Active {
        let mut state = self.state.lock();
        state.active += 1;
        state.head_since = None;
        Active(self.clone())
    }

    /// Watches over a response that the peer may leave unread.
    pub fn watch(&self, slot: Arc<Slot>) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.responses.lock().insert(id, slot);
        id
    }

    pub fn forget(&self, id: u64) {
        self.responses.lock().remove(&id);
    }

    /// What becomes of the connection now; frees responses that nobody reads on the way.
    pub fn judge(&self, deadlines: &Deadlines, metrics: &Metrics) -> Verdict {
        let stalled =
            self.responses.lock().values().filter(|slot| slot.cut_if_stalled(deadlines.stall)).count();
        if stalled > 0 {
            metrics.stalled.with_label_values(&["response"]).inc_by(stalled as u64);
            tracing::debug!(stalled, "responses dropped that the peer does not read");
        }
        let state = self.state.lock();
        if state.active > 0 {
            return Verdict::Fine;
        }
        if state.head_since.is_some_and(|since| since.elapsed() >= deadlines.headers) {
            return Verdict::Cut("the request's headers took too long");
        }
        match state.idle_since.elapsed() {
            idle if idle >= deadlines.idle + deadlines.headers => {
                Verdict::Cut("idle, and deaf to our goodbye")
            }
            idle if idle >= deadlines.idle => Verdict::Close,
            _ => Verdict::Fine,
        }
    }
}

/// One request until its response is sent or given up.
pub struct Active(Arc<Tracker>);

impl Active {
    pub fn tracker(&self) -> &Tracker {
        &self.0
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.active -= 1;
        state.idle_since = Instant::now();
    }
}
