//! Every object that several targets sync, and which of them is to be looked at next. No input and output: the
//! controller feeds it what is seen, time and what a look came to.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::{
    seen::{Seen, Shared},
    targets::{Target, Targets},
    work::{Done, Work},
};
use crate::{
    api::share::patch::Settled,
    informers::{Backoff, Change, Event, Resource},
    liveness::{SYNC_TARGETS, clock::Now, deadlines::Deadlines},
    reconcilers::pace::Pause,
};

/// Between two looks at one object: a storm of changes costs upstream no more than that.
const PERIOD: Duration = Duration::from_secs(1);
/// Deadlines are the last moment at which nothing has changed yet.
const PAST: Duration = Duration::from_millis(1);

#[derive(Debug)]
struct Entry {
    object: Shared,
    /// The version that was looked at last, or that our own write made.
    looked_at: String,
    settled: Option<Settled>,
    /// A look is under way; whatever comes meanwhile is looked at after it.
    busy: bool,
    again: bool,
    next_look: Duration,
    failing: bool,
    backoff: Backoff,
}

#[derive(Default)]
pub(super) struct State {
    targets: Targets,
    entries: HashMap<Arc<str>, Entry>,
    queue: VecDeque<Arc<str>>,
    queued: HashSet<Arc<str>>,
    retries: Deadlines,
    pauses: HashMap<Resource, Pause>,
}

impl State {
    pub fn apply(&mut self, event: Event<Seen>) {
        let kind = event.resource;
        match event.change {
            Change::Reset(all) if kind == SYNC_TARGETS => {
                let all = all.into_iter().filter_map(|seen| match seen {
                    Seen::Target { id, target } => Some((id, target)),
                    Seen::Object { .. } => None,
                });
                let changed = self.targets.reset(all.collect());
                self.look_at_those_of(&changed);
            }
            Change::Reset(all) => {
                let there: HashSet<_> = all.iter().map(|seen| seen.id().clone()).collect();
                self.entries.retain(|id, entry| entry.object.kind != kind || there.contains(id));
                all.into_iter().for_each(|seen| self.see(seen));
            }
            Change::Apply(seen) => self.see(seen),
            Change::Delete(Seen::Target { id, .. }) => self.set_target(&id, None),
            Change::Delete(Seen::Object { id, .. }) => drop(self.entries.remove(&id)),
            // Who cannot see the targets does not know whose share counts.
            Change::NotInstalled if kind == SYNC_TARGETS => self.targets.listed = false,
            Change::NotInstalled | Change::Fresh | Change::Unavailable(_) => {}
        }
    }

    fn see(&mut self, seen: Seen) {
        match seen {
            Seen::Target { id, target } => self.set_target(&id, target),
            Seen::Object { id, shared: None } => drop(self.entries.remove(&id)),
            Seen::Object { id, shared: Some(shared) } => self.see_shared(&id, *shared),
        }
    }

    fn set_target(&mut self, id: &Arc<str>, target: Option<Target>) {
        let changed = self.targets.set(id, target);
        self.look_at_those_of(&changed);
    }

    fn look_at_those_of(&mut self, keys: &[String]) {
        let of = |entry: &Entry| entry.object.targets.iter().any(|key| keys.contains(key));
        let ids: Vec<_> =
            self.entries.iter().filter(|(_, entry)| of(entry)).map(|(id, _)| id.clone()).collect();
        ids.iter().for_each(|id| self.look(id));
    }

    fn see_shared(&mut self, id: &Arc<str>, object: Shared) {
        match self.entries.get_mut(id) {
            Some(entry) => {
                let known = is_known(&entry.looked_at, &object.version);
                entry.object = object;
                if known {
                    return;
                }
            }
            None => drop(self.entries.insert(id.clone(), Entry::new(object))),
        }
        self.look(id);
    }

    /// A kind is not followed any more.
    pub fn forget(&mut self, kind: Resource) {
        self.entries.retain(|_, entry| entry.object.kind != kind);
        self.pauses.remove(&kind);
    }

    fn look(&mut self, id: &Arc<str>) {
        match self.entries.get_mut(id) {
            Some(entry) if entry.busy => entry.again = true,
            Some(_) if self.queued.insert(id.clone()) => self.queue.push_back(id.clone()),
            _ => {}
        }
    }

    /// Lets time do what it does.
    pub fn expire(&mut self, now: Duration) {
        while let Some(id) = self.retries.pop(now) {
            self.look(&id);
        }
    }

    /// When [`State::expire`] has something to do next.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.retries.next().map(|at| at + PAST)
    }

    fn has_work(&self) -> bool {
        self.targets.listed && !self.queue.is_empty()
    }

    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub fn shared(&self) -> usize {
        self.entries.len()
    }

    /// The next look. Its outcome must be told.
    pub fn next(&mut self, now: Now) -> Option<Work> {
        while self.has_work() {
            let id = self.queue.pop_front()?;
            self.queued.remove(&id);
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            let pause = self.pauses.get(&entry.object.kind).and_then(|pause| pause.holds(now.elapsed));
            let until = pause.unwrap_or_default().max(entry.next_look);
            if until > now.elapsed {
                self.retries.arm(&id, until);
                continue;
            }
            entry.busy = true;
            entry.next_look = now.elapsed + PERIOD;
            let (object, settled) = (entry.object.clone(), entry.settled);
            return Some(Work { id, object, targets: self.targets.known(), settled, now: now.wall });
        }
        None
    }

    /// A look went well; whether writes of that kind had failed before.
    pub fn done(&mut self, work: &Work, done: Done) -> bool {
        let well_again = self.pauses.entry(work.object.kind).or_default().succeeded();
        let Some(entry) = self.entries.get_mut(&work.id) else { return well_again };
        entry.failing = false;
        entry.backoff.reset();
        match done {
            Done::Same { version } => entry.looked_at = version,
            Done::Written { version, settled } => {
                entry.looked_at = version;
                entry.settled = Some(settled);
            }
            Done::Gone => {}
        }
        let missed = !is_known(&entry.looked_at, &entry.object.version) && entry.object != work.object;
        self.release(&work.id, missed);
        well_again
    }

    /// A look failed for a reason of this object alone; whether that is the first time.
    pub fn failed(&mut self, work: &Work, now: Duration) -> bool {
        let Some(entry) = self.entries.get_mut(&work.id) else { return false };
        let first = !std::mem::replace(&mut entry.failing, true);
        entry.next_look = now + entry.backoff.next_wait();
        self.release(&work.id, true);
        first
    }

    /// A look failed for a reason that holds for all of its kind, which is paused; whether that is the first time.
    pub fn refused(&mut self, work: &Work, asked: Option<Duration>, now: Duration) -> bool {
        let first = self.pauses.entry(work.object.kind).or_default().failed(asked, now);
        self.release(&work.id, true);
        first
    }

    fn release(&mut self, id: &Arc<str>, again: bool) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        entry.busy = false;
        if std::mem::take(&mut entry.again) || again {
            self.look(id);
        }
    }
}

impl Entry {
    fn new(object: Shared) -> Self {
        Self {
            object,
            looked_at: String::new(),
            settled: None,
            busy: false,
            again: false,
            next_look: Duration::ZERO,
            failing: false,
            backoff: Backoff::default(),
        }
    }
}

/// Whether what is seen at a version was seen already when the object was looked at.
fn is_known(looked_at: &str, version: &str) -> bool {
    match (looked_at.parse::<u64>(), version.parse::<u64>()) {
        (Ok(looked_at), Ok(version)) => version <= looked_at,
        _ => version == looked_at,
    }
}
