//! A real API that notes when each apply was sent and when its answer was there, and keeps the first of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use tmc::{
    syncer::api::{Action, Answer, Api, ApiError, Call},
    upstream::Upstream,
};
use tokio::{sync::Notify, time::Instant};

use crate::workload::name;

/// One apply.
#[derive(Clone)]
pub struct Sent {
    pub name: String,
    pub sent: Instant,
    pub answered: Instant,
}

pub struct Timed {
    inner: Upstream,
    sent: Mutex<Vec<Sent>>,
    /// The next applies, if they are to be kept.
    kept: Mutex<Option<Vec<Call>>>,
    /// How many are waited for: whoever waits is not woken for each.
    due: AtomicUsize,
    all: Notify,
}

impl Timed {
    pub fn new(inner: Upstream) -> Self {
        let (sent, kept, due, all) = Default::default();
        Self { inner, sent, kept, due, all }
    }

    pub fn keep(&self) {
        *self.kept.lock() = Some(Vec::new());
    }

    pub fn kept(&self) -> Vec<Call> {
        self.kept.lock().take().unwrap_or_default()
    }

    pub fn count(&self) -> usize {
        self.sent.lock().len()
    }

    /// Until so many are answered since they were last taken.
    pub async fn answered(&self, count: usize) {
        self.due.store(count, Ordering::Relaxed);
        while self.count() < count {
            self.all.notified().await;
        }
    }

    /// All of them since this was last asked.
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.sent.lock())
    }
}

#[async_trait]
impl Api for Timed {
    async fn call(&self, call: &Call) -> Result<Answer, ApiError> {
        if call.action != Action::Apply || !call.path.contains("/configmaps/") {
            return self.inner.call(call).await;
        }
        if let Some(kept) = &mut *self.kept.lock() {
            kept.push(call.clone());
        }
        let sent = Instant::now();
        let answer = self.inner.call(call).await;
        let path = call.path.split('?').next().unwrap_or_default();
        let sent = Sent { name: name(path).to_owned(), sent, answered: Instant::now() };
        let count = {
            let mut all = self.sent.lock();
            all.push(sent);
            all.len()
        };
        if count == self.due.load(Ordering::Relaxed) {
            self.all.notify_one();
        }
        answer
    }
}
