//! Every target and Lease that is known, and what is to be done next. No input and output: the controller
//! feeds it changes, time and the outcome of what it asked for.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::{
    feeds::Feed,
    reconcile::{Heartbeat, Owned, reconcile},
    target::Target,
};
use crate::{
    api::workspace::Paths,
    informers::{Backoff, Change, Event, ObjectMeta, RawObject},
    liveness::{
        LEASES, SILENT_AFTER, SYNC_TARGETS, clock::Now, deadlines::Deadlines, lease::target_of,
        leases::Leases, silent,
    },
    reconcilers::pace::Pause,
};

/// When a target is looked at again that cannot be judged since its Lease cannot be seen.
const BLIND: Duration = Duration::from_secs(5);
/// Deadlines are the last moment at which nothing has changed yet.
const PAST: Duration = Duration::from_millis(1);

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    Lease(Target),
    Status(Target, Box<Owned>),
}

impl Write {
    pub fn target(&self) -> &Target {
        match self {
            Self::Lease(target) | Self::Status(target, _) => target,
        }
    }

    pub fn what(&self) -> &'static str {
        match self {
            Self::Lease(_) => "lease",
            Self::Status(..) => "status",
        }
    }
}

#[derive(Debug, Default)]
struct Entry {
    target: Target,
    /// A write is under way; it is looked at again after it.
    busy: bool,
    failing: bool,
    backoff: Backoff,
}

#[derive(Default)]
pub struct State {
    /// Of the logical clusters, if the upstream has some.
    paths: Option<Arc<dyn Paths>>,
    /// By their ids: the uid within a logical cluster.
    targets: HashMap<Arc<str>, Entry>,
    leases: Leases,
    targets_feed: Feed,
    leases_feed: Feed,
    queue: VecDeque<Arc<str>>,
    queued: HashSet<Arc<str>>,
    /// When a target falls silent.
    silence: Deadlines,
    retries: Deadlines,
    pub lease_pause: Pause,
    pub status_pause: Pause,
}

impl State {
    pub fn new(paths: Option<Arc<dyn Paths>>) -> Self {
        Self { paths, ..Self::default() }
    }

    pub fn apply(&mut self, event: Event, now: Now) {
        let complete = matches!(event.change, Change::Reset(_));
        let feed = match event.resource {
            SYNC_TARGETS => &mut self.targets_feed,
            LEASES => &mut self.leases_feed,
            _ => return,
        };
        match event.change {
            Change::NotInstalled => feed.listed = false,
            Change::Unavailable(_) => {}
            _ => feed.heard(complete, now.elapsed),
        }
        match (event.resource == SYNC_TARGETS, event.change) {
            (true, Change::Reset(objects)) => self.reset_targets(&objects),
            (true, Change::Apply(object)) => self.apply_target(&object, false),
            (true, Change::Delete(object)) => self.forget(&object.meta.id()),
            (false, Change::Reset(objects)) => self.reset_leases(&objects, now),
            (false, Change::Apply(object)) => self.apply_lease(&object, now),
            (false, Change::Delete(object)) => self.delete_lease(&object.meta),
            _ => {}
        }
    }

    /// Lets time do what it does.
    pub fn expire(&mut self, now: Duration) {
        while let Some(id) = self.silence.pop(now) {
            self.look(&id);
        }
        while let Some(id) = self.retries.pop(now) {
            self.look(&id);
        }
    }

    /// When [`State::expire`] has something to do next.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.silence.next().into_iter().chain(self.retries.next()).min().map(|at| at + PAST)
    }

    /// Whether there may be something to write.
    fn has_work(&self) -> bool {
        self.targets_feed.listed && self.leases_feed.listed && !self.queue.is_empty()
    }

    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The next write. Its outcome must be told by [`State::done`].
    pub fn next(&mut self, now: Now) -> Option<Write> {
        while self.has_work() {
            let id = self.queue.pop_front()?;
            self.queued.remove(&id);
            if let Some(write) = self.judge(&id, now) {
                if let Some(entry) = self.targets.get_mut(&id) {
                    entry.busy = true;
                }
                return Some(write);
            }
        }
        None
    }

    fn judge(&mut self, id: &Arc<str>, now: Now) -> Option<Write> {
        let entry = self.targets.get(id)?;
        if entry.busy {
            return None;
        }
        let target = &entry.target;
        if !target.deleting && !self.leases.exists(id) {
            match self.lease_pause.holds(now.elapsed) {
                None => return Some(Write::Lease(target.clone())),
                Some(until) => self.retries.arm(id, until),
            }
        }
        let liveness = self.leases.liveness(id);
        if let Some(at) = liveness.and_then(|liveness| liveness.reaches(SILENT_AFTER))
            && at >= now.elapsed
        {
            self.silence.arm(id, at);
        }
        let heartbeat = liveness.map(|liveness| Heartbeat::of(&liveness, now.elapsed));
        let owned = reconcile(target, heartbeat, now.wall);
        if !owned.differs(target) {
            return None;
        }
        let is_silent = silent(heartbeat.map(|heartbeat| heartbeat.age));
        if is_silent && !self.leases_feed.is_current(now.elapsed) {
            self.retries.arm(id, now.elapsed + BLIND);
            return None;
        }
        if let Some(until) = self.status_pause.holds(now.elapsed) {
            self.retries.arm(id, until);
            return None;
        }
        Some(Write::Status(target.clone(), Box::new(owned)))
    }

    /// A write went well; `answer` is the object that it left behind, where it tells something.
    pub fn done(&mut self, id: &Arc<str>, write: &Write, answer: Option<Target>) {
        if matches!(write, Write::Lease(_)) {
            self.leases.made(id);
        }
        let Some(entry) = self.targets.get_mut(id) else { return };
        entry.busy = false;
        entry.failing = false;
        entry.backoff.reset();
        if let Some(target) = answer.filter(|target| entry.target.is_before(target)) {
            entry.target = target;
        }
        self.look(id);
    }

    /// A write failed for a reason of this target alone; whether that is the first time.
    pub fn failed(&mut self, id: &Arc<str>, now: Duration) -> bool {
        let Some(entry) = self.targets.get_mut(id) else { return false };
        entry.busy = false;
        let wait = entry.backoff.next_wait();
        self.retries.arm(id, now + wait);
        !std::mem::replace(&mut entry.failing, true)
    }

    /// A write failed for a reason that holds for all of its kind, which is paused.
    pub fn refused(&mut self, id: &Arc<str>) {
        if let Some(entry) = self.targets.get_mut(id) {
            entry.busy = false;
            self.look(id);
        }
    }

    fn look(&mut self, id: &str) {
        if let Some((id, _)) = self.targets.get_key_value(id)
            && self.queued.insert(id.clone())
        {
            self.queue.push_back(id.clone());
        }
    }

    /// Takes note of a version. One that our own write has overtaken is not taken, unless all are read anew.
    fn apply_target(&mut self, object: &RawObject, anew: bool) {
        let Some(mut target) = Target::read(object.json.get(), &object.meta.cluster) else {
            return self.forget(&object.meta.id());
        };
        target.stored = self.paths.as_ref().and_then(|paths| paths.path(&target.cluster));
        let id = target.id();
        let entry = self.targets.entry(id.clone()).or_default();
        if anew || entry.target.uid.is_empty() || entry.target.is_before(&target) {
            entry.target = target;
        }
        self.look(&id);
    }

    fn reset_targets(&mut self, objects: &[RawObject]) {
        let there: HashSet<_> = objects.iter().map(|object| object.meta.id()).collect();
        let gone: Vec<_> = self.targets.keys().filter(|id| !there.contains(&***id)).cloned().collect();
        gone.iter().for_each(|id| self.forget(id));
        objects.iter().for_each(|object| self.apply_target(object, true));
    }

    fn forget(&mut self, id: &str) {
        self.targets.remove(id);
        self.leases.forget(id);
    }

    /// One that does not decode is there, and no sign of life.
    fn apply_lease(&mut self, object: &RawObject, now: Now) {
        let Some(id) = target_of(&object.meta) else { return };
        if self.leases.apply(object, now).is_err() {
            self.leases.made(&(*id).into());
        }
        self.look(&id);
    }

    fn delete_lease(&mut self, lease: &ObjectMeta) {
        let Some(id) = target_of(lease) else { return };
        self.leases.delete(&id, self.targets.contains_key(&*id));
        self.look(&id);
    }

    fn reset_leases(&mut self, objects: &[RawObject], now: Now) {
        let gone = self.leases.retain(objects, |id| self.targets.contains_key(id));
        gone.iter().for_each(|id| self.look(id));
        objects.iter().for_each(|object| self.apply_lease(object, now));
    }
}
