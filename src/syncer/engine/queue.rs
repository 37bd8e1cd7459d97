//! Keys that have something to do: each worked on by one at a time, namespaces in turn, failures later each time.
//!
//! It must not know what a key stands for.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use rand::RngExt;

use super::key::Key;
use crate::syncer::errors::Retry;

const FIRST: Duration = Duration::from_millis(500);
/// Of what was known too late: the news of it is on its way.
const STALE: Duration = Duration::from_millis(50);
const LAST: Duration = Duration::from_secs(300);
const PERMANENT: [Duration; 2] = [Duration::from_secs(300), Duration::from_secs(1_800)];

/// Overtaken so often in a row, a key has more than bad luck.
const OVERTAKEN: u32 = 5;

/// Keys for which there is room when nothing is to be done.
const FEW: usize = 64;

/// How a key failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failure {
    /// It may go better soon.
    #[default]
    Passing,
    /// Somebody else was faster: it goes on with the change that tells of it.
    Stale,
    /// It goes no better until something changes.
    Permanent,
}

impl From<Retry> for Failure {
    fn from(retry: Retry) -> Self {
        match retry {
            Retry::Permanent => Self::Permanent,
            Retry::Reread => Self::Stale,
            Retry::Backoff | Retry::After(_) | Retry::PauseKind => Self::Passing,
        }
    }
}

#[derive(Debug, Default)]
struct Slot {
    /// It waits for its turn, since then.
    ready: Option<Duration>,
    running: bool,
    /// It changed while it was worked on.
    again: bool,
    /// When it is looked at without a change.
    at: Option<Duration>,
    /// Since when it has something to do.
    since: Option<Duration>,
    /// Failures in a row, and of which sort.
    failures: u32,
    failure: Failure,
}

/// The keys.
#[derive(Debug, Default)]
pub struct Queue {
    slots: HashMap<Key, Slot>,
    /// Keys whose turn it is, by namespace, and the namespaces in turn.
    ready: HashMap<Arc<str>, VecDeque<Key>>,
    turns: VecDeque<Arc<str>>,
    later: BTreeSet<(Duration, Key)>,
}

impl Queue {
    /// Something about the key changed: what it failed with may not hold any more.
    pub fn changed(&mut self, key: &Key, now: Duration) {
        let slot = self.slots.entry(key.clone()).or_default();
        match slot.failure {
            // It is tried again when its time comes.
            Failure::Passing if slot.failures > 0 && slot.at.is_some() => return,
            Failure::Passing | Failure::Stale => {}
            Failure::Permanent => {
                slot.failures = 0;
                slot.failure = Failure::default();
            }
        }
        self.push(key, now);
    }

    /// Looks at the key again whatever it failed with.
    pub fn look(&mut self, key: &Key, now: Duration) {
        self.slots.entry(key.clone()).or_default();
        self.push(key, now);
    }

    fn push(&mut self, key: &Key, now: Duration) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        if slot.running {
            slot.again = true;
            return;
        }
        if slot.ready.is_some() {
            return;
        }
        if let Some(at) = slot.at.take() {
            self.later.remove(&(at, key.clone()));
        }
        slot.ready = Some(now);
        slot.since.get_or_insert(now);
        let line = self.ready.entry(key.namespace.clone()).or_default();
        if line.is_empty() {
            self.turns.push_back(key.namespace.clone());
        }
        line.push_back(key.clone());
    }

    /// Puts those whose time has come in line.
    pub fn wake(&mut self, now: Duration) {
        while let Some((at, key)) = self.later.first().cloned() {
            if at > now {
                return;
            }
            self.push(&key, now);
        }
    }

    /// The next key, and how long it waited. [`Queue::done`] or another end must follow.
    pub fn take(&mut self, now: Duration) -> Option<(Key, Duration)> {
        let namespace = self.turns.pop_front()?;
        let line = self.ready.get_mut(&namespace)?;
        let key = line.pop_front()?;
        if line.is_empty() {
            self.ready.remove(&namespace);
        } else {
            self.turns.push_back(namespace);
        }
        let slot = self.slots.get_mut(&key)?;
        let waited = now.saturating_sub(slot.ready.take().unwrap_or(now));
        slot.running = true;
        Some((key, waited))
    }

    /// It went well, and is worked on further: what changed meanwhile is seen now.
    pub fn went_well(&mut self, key: &Key, now: Duration) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.again = false;
        slot.failures = 0;
        slot.failure = Failure::default();
        slot.since = Some(now);
    }

    /// It went well. `again`: there is more to do.
    pub fn done(&mut self, key: &Key, again: bool, now: Duration) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.running = false;
        slot.failures = 0;
        slot.failure = Failure::default();
        slot.since = None;
        if std::mem::take(&mut slot.again) || again {
            self.push(key, now);
        } else if self.slots.get(key).is_some_and(|slot| slot.ready.is_none() && slot.at.is_none()) {
            self.slots.remove(key);
            if self.slots.is_empty() {
                self.slots.shrink_to(FEW);
            }
        }
    }

    /// It waits for something that ends by itself.
    pub fn wait(&mut self, key: &Key, wait: Duration, now: Duration) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.running = false;
        slot.since = None;
        if std::mem::take(&mut slot.again) {
            return self.push(key, now);
        }
        self.put_off(key, now + wait);
    }

    /// It failed; whether that is worth telling: for the first time. `told` is how long the server wants to be left
    /// alone.
    pub fn failed(&mut self, key: &Key, failure: Failure, told: Option<Duration>, now: Duration) -> bool {
        let Some(slot) = self.slots.get_mut(key) else { return false };
        slot.running = false;
        if slot.failure != failure {
            slot.failures = 0;
            slot.failure = failure;
        }
        let (first, last) = match failure {
            Failure::Passing => (FIRST, LAST),
            Failure::Stale => (STALE, LAST),
            Failure::Permanent => (PERMANENT[0], PERMANENT[1]),
        };
        let step = first.saturating_mul(1 << slot.failures.min(13)).min(last);
        slot.failures = slot.failures.saturating_add(1);
        let news = slot.failures == if failure == Failure::Stale { OVERTAKEN } else { 1 };
        let spread: f64 = rand::rng().random_range(0.8..=1.2);
        let wait = step.mul_f64(spread).max(told.unwrap_or_default());
        // What passes by itself sees a change that came meanwhile then, too.
        if std::mem::take(&mut slot.again) && failure != Failure::Passing {
            if failure == Failure::Permanent {
                slot.failures = 0;
            }
            self.push(key, now);
        } else {
            self.put_off(key, now + wait);
        }
        news
    }

    fn put_off(&mut self, key: &Key, at: Duration) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        if let Some(known) = slot.at.replace(at) {
            self.later.remove(&(known, key.clone()));
        }
        self.later.insert((at, key.clone()));
    }

    /// When the next one has to be looked at.
    pub fn next(&self) -> Option<Duration> {
        self.later.first().map(|(at, _)| *at)
    }

    /// Keys in line.
    pub fn len(&self) -> usize {
        self.ready.values().map(VecDeque::len).sum()
    }

    pub fn has_work(&self) -> bool {
        !self.turns.is_empty()
    }

    /// How long the oldest key has waited for its turn or its retry; not what goes no better by waiting.
    pub fn oldest(&self, now: Duration) -> Option<Duration> {
        let waiting = self.slots.values().filter(|slot| slot.failure != Failure::Permanent);
        waiting.filter_map(|slot| slot.since).min().map(|since| now.saturating_sub(since))
    }
}

#[cfg(test)]
mod tests;
