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

const FIRST: Duration = Duration::from_millis(500);
const LAST: Duration = Duration::from_secs(300);
const PERMANENT: [Duration; 2] = [Duration::from_secs(300), Duration::from_secs(1_800)];

/// How a key failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It may go better soon.
    Passing,
    /// It goes no better until something changes.
    Permanent,
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
    permanent: bool,
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
        if slot.permanent {
            slot.failures = 0;
            slot.permanent = false;
        } else if slot.failures > 0 && slot.at.is_some() {
            // It is tried again when its time comes.
            return;
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

    /// It went well. `again`: there is more to do.
    pub fn done(&mut self, key: &Key, again: bool, now: Duration) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.running = false;
        slot.failures = 0;
        slot.permanent = false;
        slot.since = None;
        if std::mem::take(&mut slot.again) || again {
            self.push(key, now);
        } else if self.slots.get(key).is_some_and(|slot| slot.ready.is_none() && slot.at.is_none()) {
            self.slots.remove(key);
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

    /// It failed; whether that is the first time. `told` is how long the server wants to be left alone.
    pub fn failed(&mut self, key: &Key, failure: Failure, told: Option<Duration>, now: Duration) -> bool {
        let Some(slot) = self.slots.get_mut(key) else { return false };
        slot.running = false;
        let permanent = failure == Failure::Permanent;
        if permanent != slot.permanent {
            slot.failures = 0;
            slot.permanent = permanent;
        }
        let step = match failure {
            Failure::Passing => FIRST.saturating_mul(1 << slot.failures.min(10)).min(LAST),
            Failure::Permanent => PERMANENT[0].saturating_mul(1 << slot.failures.min(10)).min(PERMANENT[1]),
        };
        slot.failures = slot.failures.saturating_add(1);
        let first = slot.failures == 1;
        let spread: f64 = rand::rng().random_range(0.8..=1.2);
        let wait = step.mul_f64(spread).max(told.unwrap_or_default());
        // A change that came meanwhile is seen then, too; what cannot go well without one is tried at once.
        if std::mem::take(&mut slot.again) && permanent {
            slot.failures = 0;
            self.push(key, now);
        } else {
            self.put_off(key, now + wait);
        }
        first
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
        let waiting = self.slots.values().filter(|slot| !slot.permanent);
        waiting.filter_map(|slot| slot.since).min().map(|since| now.saturating_sub(since))
    }
}

#[cfg(test)]
mod tests;
