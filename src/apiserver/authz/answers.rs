//! A bounded memory of answers that are true for a short time: one question at a time per key, failures never
//! kept.
//!
//! moka bounds it and lets equal questions wait for one answer. The age is judged here, on tokio's clock and
//! from the moment of asking, because moka counts from the arrival of the answer.

use std::{future::Future, hash::Hash, sync::Arc, time::Duration};

use moka::{future::Cache, ops::compute::Op};
use tokio::time::Instant;

/// An answer and the time it was asked for.
#[derive(Clone, Debug)]
pub struct Timed<V> {
    pub value: V,
    asked: Instant,
    /// Holds no longer than this, whatever the memory's own time is.
    until: Option<Instant>,
}

impl<V> Timed<V> {
    pub fn new(value: V, asked: Instant) -> Self {
        Self { value, asked, until: None }
    }

    pub fn until(mut self, until: Option<Instant>) -> Self {
        self.until = until;
        self
    }

    fn holds(&self, ttl: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.asked) < ttl && self.until.is_none_or(|until| now < until)
    }
}

pub struct Answers<K, V> {
    cache: Cache<K, Arc<Timed<V>>>,
    ttl: Duration,
}

impl<K, V> Answers<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Remembers for `ttl` within `capacity`, in units of `weight`; a zero `ttl` remembers nothing.
    pub fn new(ttl: Duration, capacity: u64, weight: fn(&K) -> u32) -> Self {
        let cache = Cache::builder()
            .max_capacity(capacity)
            .time_to_live(ttl.max(Duration::from_millis(1)))
            .weigher(move |key, _| weight(key))
            .build();
        Self { cache, ttl }
    }

    /// The remembered answer, or what `ask` says. A question that is under way is shared.
    pub async fn get<F, E>(&self, key: &K, ask: impl Fn() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<Timed<V>, E>>,
        E: Clone + Send + Sync + 'static,
    {
        if self.ttl.is_zero() {
            return Ok(ask().await?.value);
        }
        let begun = Instant::now();
        if let Some(timed) = self.cache.get(key).await
            && timed.holds(self.ttl, begun)
        {
            return Ok(timed.value.clone());
        }
        // Boxed, so that whoever finds the answer above does not carry the room for asking.
        Box::pin(self.ask(key, begun, ask)).await
    }

    async fn ask<F, E>(&self, key: &K, begun: Instant, ask: impl Fn() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<Timed<V>, E>>,
        E: Clone + Send + Sync + 'static,
    {
        loop {
            let asked = async { ask().await.map(Arc::new) };
            let answer = self.cache.try_get_with_by_ref(key, asked).await;
            let timed = answer.map_err(|error: Arc<E>| E::clone(&error))?;
            // An answer to a question that was asked after we came is good however long it took.
            if timed.asked >= begun || timed.holds(self.ttl, Instant::now()) {
                return Ok(timed.value.clone());
            }
            self.forget_old(key).await;
        }
    }

    pub async fn put(&self, key: K, timed: Timed<V>) {
        if !self.ttl.is_zero() {
            self.cache.insert(key, Arc::new(timed)).await;
        }
    }

    /// Removes the answer unless somebody has put a newer one meanwhile.
    async fn forget_old(&self, key: &K) {
        let forget = |entry: Option<moka::Entry<K, Arc<Timed<V>>>>| {
            let old = entry.is_some_and(|entry| !entry.value().holds(self.ttl, Instant::now()));
            std::future::ready(if old { Op::Remove } else { Op::Nop })
        };
        self.cache.entry_by_ref(key).and_compute_with(forget).await;
    }
}
