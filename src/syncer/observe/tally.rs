//! The objects of one kind, counted. Every change moves the sums by what it changes; nothing is ever counted anew.
//! Pure: namespaces are judged elsewhere.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{
    probe::{Probe, Said},
    reader::{Marks, Seen},
    trouble::{Key, Trouble},
};
use crate::liveness::clock::Now;

/// Sums over some objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) present: u64,
    pub(super) counted: u64,
    /// Of those that are counted.
    pub(super) ready: u64,
}

#[derive(Debug, Default)]
struct Place {
    /// Whether the namespace is looked at.
    admitted: bool,
    sums: Sums,
    objects: BTreeMap<Box<str>, Marks>,
}

/// An object that is in trouble.
#[derive(Debug)]
pub(super) struct Troubled {
    pub(super) trouble: Box<Trouble>,
    pub(super) since: Option<Timestamp>,
    /// When this process first saw it so, since it began. `None`: it was so before.
    pub(super) seen: Option<Duration>,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    places: BTreeMap<Box<str>, Place>,
    all: Sums,
    admitted: Sums,
    troubled: BTreeMap<Key, Troubled>,
    /// What was reported before this process began, with its time.
    known: BTreeMap<Key, Option<Timestamp>>,
    listed: bool,
    /// What counts counts in every namespace.
    everywhere: bool,
    /// While the sums are verified.
    pub(super) probe: Option<Probe>,
}

impl Sums {
    fn add(&mut self, marks: Marks) {
        self.present = self.present.saturating_add(1);
        self.counted = self.counted.saturating_add(u64::from(marks.counted));
        self.ready = self.ready.saturating_add(u64::from(marks.counted && marks.ready));
    }

    fn remove(&mut self, marks: Marks) {
        self.present = self.present.saturating_sub(1);
        self.counted = self.counted.saturating_sub(u64::from(marks.counted));
        self.ready = self.ready.saturating_sub(u64::from(marks.counted && marks.ready));
    }

    fn plus(self, other: Self) -> Self {
        Self {
            present: self.present.saturating_add(other.present),
            counted: self.counted.saturating_add(other.counted),
            ready: self.ready.saturating_add(other.ready),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            present: self.present.saturating_sub(other.present),
            counted: self.counted.saturating_sub(other.counted),
            ready: self.ready.saturating_sub(other.ready),
        }
    }
}

impl Tally {
    /// `everywhere`: what counts does so whatever namespace it is in. `known`: troubles that were reported before, by
    /// where they are in the workspace.
    pub(super) fn new(everywhere: bool, known: BTreeMap<Key, Option<Timestamp>>) -> Self {
        Self { everywhere, known, ..Self::default() }
    }

    /// Everything in the namespaces that are looked at, and what is in none.
    pub(super) fn present(&self) -> u64 {
        self.admitted.present
    }

    /// What can be held against the cluster itself.
    pub(super) fn said(&self) -> Said {
        let total = if self.everywhere { self.all.counted } else { self.admitted.counted };
        Said { everything: self.all.present, total }
    }

    /// Total and ready, as they are reported.
    pub(super) fn counted(&self) -> (u64, u64) {
        let sums = if self.everywhere { self.all } else { self.admitted };
        (sums.counted, sums.ready)
    }

    /// The troubles among what counts.
    pub(super) fn troubled(&self) -> impl Iterator<Item = (&Key, &Troubled)> {
        let admitted = |key: &Key| self.places.get(&key.0).is_some_and(|place| place.admitted);
        self.troubled.iter().filter(move |(key, _)| self.everywhere || admitted(key))
    }

    /// Everything there is. Returns whether anything changed that can be reported.
    pub(super) fn reset(&mut self, objects: Vec<Seen>, admits: &dyn Fn(&str) -> bool, now: Now) -> bool {
        let before = (self.listed, self.all, self.admitted);
        let mut old = std::mem::take(&mut self.troubled);
        self.places.clear();
        (self.all, self.admitted) = (Sums::default(), Sums::default());
        let mut changed = false;
        for seen in objects {
            let Seen { namespace, name, marks, trouble, .. } = seen;
            self.put(&namespace, name.clone(), marks, admits);
            let key = (namespace, name);
            // The same object twice in one list: the last one counts.
            let known = old.remove(&key).or_else(|| self.troubled.remove(&key));
            changed |= self.judge(key, trouble, known, now);
        }
        self.listed = true;
        self.known.clear();
        if let Some(probe) = &mut self.probe {
            probe.spoil();
        }
        changed || !old.is_empty() || (self.listed, self.all, self.admitted) != before
    }

    /// One object that is there. Returns as [`reset`](Self::reset).
    pub(super) fn apply(&mut self, seen: Seen, admits: &dyn Fn(&str) -> bool, now: Now) -> bool {
        let before = (self.all, self.admitted);
        let Seen { namespace, name, version, marks, trouble } = seen;
        self.put(&namespace, name.clone(), marks, admits);
        let key = (namespace, name);
        let known = self.troubled.remove(&key);
        let changed = self.judge(key, trouble, known, now);
        self.note(version);
        changed || (self.all, self.admitted) != before
    }

    /// One object that is gone. Returns as [`reset`](Self::reset).
    pub(super) fn delete(&mut self, seen: Seen) -> bool {
        let before = (self.all, self.admitted);
        self.take(&seen.namespace, &seen.name);
        let changed = self.troubled.remove(&(seen.namespace, seen.name)).is_some();
        self.note(seen.version);
        changed || (self.all, self.admitted) != before
    }

    /// The namespace is judged anew. Returns as [`reset`](Self::reset).
    pub(super) fn readmit(&mut self, namespace: &str, admitted: bool) -> bool {
        let Some(place) = self.places.get_mut(namespace).filter(|place| place.admitted != admitted) else {
            return false;
        };
        place.admitted = admitted;
        self.admitted = match admitted {
            true => self.admitted.plus(place.sums),
            false => self.admitted.minus(place.sums),
        };
        if let Some(probe) = &mut self.probe {
            probe.spoil();
        }
        true
    }

    fn put(&mut self, namespace: &str, name: Box<str>, marks: Marks, admits: &dyn Fn(&str) -> bool) {
        if !self.places.contains_key(namespace) {
            let place = Place { admitted: admits(namespace), ..Place::default() };
            self.places.insert(namespace.into(), place);
        }
        let Some(place) = self.places.get_mut(namespace) else { return };
        let change = |sums: &mut Sums, old: Option<Marks>| {
            old.into_iter().for_each(|old| sums.remove(old));
            sums.add(marks);
        };
        let old = place.objects.insert(name, marks);
        change(&mut place.sums, old);
        change(&mut self.all, old);
        if place.admitted {
            change(&mut self.admitted, old);
        }
    }

    fn take(&mut self, namespace: &str, name: &str) {
        let Some(place) = self.places.get_mut(namespace) else { return };
        let Some(old) = place.objects.remove(name) else { return };
        place.sums.remove(old);
        self.all.remove(old);
        if place.admitted {
            self.admitted.remove(old);
        }
        if place.objects.is_empty() {
            self.places.remove(namespace);
        }
    }

    /// Keeps the trouble of an object, if it is in any; `known` is what it was in before.
    fn judge(&mut self, key: Key, trouble: Option<Box<Trouble>>, known: Option<Troubled>, now: Now) -> bool {
        let Some(trouble) = trouble else { return known.is_some() };
        let changed = known.as_ref().is_none_or(|known| known.trouble != trouble);
        let (since, seen) = match known {
            Some(known) => (known.since, known.seen),
            None if self.listed => (trouble.since.or(Some(now.wall)), Some(now.elapsed)),
            None => {
                let upstream = trouble.upstream.as_deref().unwrap_or(&key);
                (self.known.get(upstream).copied().flatten().or(trouble.since), None)
            }
        };
        // The clock of the cluster may be ahead of ours.
        let since = since.map(|since| since.min(now.wall));
        self.troubled.insert(key, Troubled { trouble, since, seen });
        changed
    }

    fn note(&mut self, version: u64) {
        let said = self.said();
        if let Some(probe) = &mut self.probe {
            probe.note(version, said);
        }
    }
}

#[cfg(test)]
mod tests;
