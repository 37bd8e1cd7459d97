//! Every target and lease of one Kubernetes source, and the sums per workspace and per subtree.
//!
//! Fed by the publisher, its one owner. A change costs the depth of the workspace, never the number of
//! targets. It says which workspaces are dirty; it must not know how they are rendered or served.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use serde_json::value::RawValue;
use tracing::warn;

use super::{
    aggregate::Aggregate,
    clock::Now,
    contribution::{Contribution, Key},
    deadlines::Deadlines,
    health::SILENT_AFTER,
    lease::{self, Liveness},
    metrics::Metrics,
    target::Target,
    workspace::lineage,
};
use crate::informers::RawObject;

mod source;
pub use source::Feed;

/// One workspace: its own targets and their sums.
#[derive(Debug, Default)]
pub struct Workspace {
    pub sums: Aggregate,
    pub targets: BTreeMap<Key, Arc<RawValue>>,
    /// Targets that are too long to be shown whole.
    pub cut: usize,
}

/// What changed since the last look.
#[derive(Debug, Default)]
pub struct Dirty {
    pub views: BTreeSet<Arc<str>>,
    pub trees: BTreeSet<Arc<str>>,
}

/// A target's Lease. One that is gone is remembered while its target is there.
#[derive(Debug)]
struct LeaseEntry {
    liveness: Option<Liveness>,
    exists: bool,
}

#[derive(Debug)]
pub struct Index {
    targets: HashMap<Arc<str>, Contribution>,
    /// The uid that a name stands for now.
    names: HashMap<Arc<str>, Arc<str>>,
    leases: HashMap<Arc<str>, LeaseEntry>,
    workspaces: HashMap<Arc<str>, Workspace>,
    trees: HashMap<Arc<str>, Aggregate>,
    deadlines: Deadlines,
    source: source::Seen,
    dirty: Dirty,
    metrics: Metrics,
}

impl Index {
    pub fn new(metrics: Metrics) -> Self {
        Self {
            targets: HashMap::new(),
            names: HashMap::new(),
            leases: HashMap::new(),
            workspaces: HashMap::new(),
            trees: HashMap::new(),
            deadlines: Deadlines::default(),
            source: source::Seen::default(),
            dirty: Dirty::default(),
            metrics,
        }
    }

    pub fn apply_target(&mut self, object: &RawObject, now: Now) {
        let before = self.targets.get(object.meta.uid.as_str());
        let last_known = before.and_then(|before| before.target.workspace.clone());
        let target = Target::read(object, last_known.as_ref());
        self.report(&target, before.map(|before| &*before.target));
        // A name has one uid at a time; another one means that the deletion was not seen.
        let displaced = self.names.insert(target.name.clone(), target.uid.clone());
        if let Some(displaced) = displaced.filter(|displaced| *displaced != target.uid) {
            self.remove(&displaced);
        }
        let uid = target.uid.clone();
        self.judge(&uid, Arc::new(target), now);
    }

    pub fn delete_target(&mut self, uid: &str) {
        if let Some(name) = self.remove(uid)
            && self.names.get(&name).is_some_and(|now| **now == *uid)
        {
            self.names.remove(&name);
        }
    }

    /// These are all targets there are.
    pub fn reset_targets(&mut self, objects: &[RawObject], now: Now) {
        let there: HashSet<&str> = objects.iter().map(|object| object.meta.uid.as_str()).collect();
        let gone: Vec<_> = self.targets.keys().filter(|uid| !there.contains(&***uid)).cloned().collect();
        gone.iter().for_each(|uid| self.delete_target(uid));
        objects.iter().for_each(|object| self.apply_target(object, now));
    }

    pub fn apply_lease(&mut self, object: &RawObject, now: Now) {
        let Some(uid) = lease::target_of(&object.meta.name) else { return };
        let Some(renewal) = lease::read(object) else {
            self.metrics.undecodable.with_label_values(&["leases"]).inc();
            warn!(lease = object.meta.name, "the Lease {} does not decode and is ignored", object.meta.name);
            return;
        };
        let known = self.leases.get(uid).and_then(|entry| entry.liveness);
        let liveness = Liveness::observe(known, renewal, now);
        self.leases.insert(uid.into(), LeaseEntry { liveness, exists: true });
        self.look_again(uid, now);
    }

    pub fn delete_lease(&mut self, name: &str) {
        let Some(uid) = lease::target_of(name) else { return };
        match self.leases.get_mut(uid) {
            Some(entry) if self.targets.contains_key(uid) => entry.exists = false,
            _ => drop(self.leases.remove(uid)),
        }
    }

    /// These are all leases there are.
    pub fn reset_leases(&mut self, objects: &[RawObject], now: Now) {
        let there: HashSet<&str> =
            objects.iter().filter_map(|object| lease::target_of(&object.meta.name)).collect();
        self.leases.retain(|uid, entry| {
            entry.exists = there.contains(&**uid);
            entry.exists || self.targets.contains_key(uid)
        });
        objects.iter().for_each(|object| self.apply_lease(object, now));
    }

    /// Lets time do what it does: targets fall silent, the source goes unseen.
    pub fn expire(&mut self, now: Now) {
        while let Some(uid) = self.deadlines.pop(now.elapsed) {
            self.look_again(&uid, now);
        }
        if self.source.expire(now.elapsed) {
            self.all_dirty();
        }
    }

    /// An answer of the source, with or without news.
    pub fn heard(&mut self, feed: Feed, now: Now) {
        if self.source.heard(feed, now.elapsed) {
            self.all_dirty();
        }
    }

    /// When [`Index::expire`] has something to do next.
    pub fn next_deadline(&self) -> Option<Duration> {
        let next = self.deadlines.next().into_iter().chain(self.source.deadline()).min();
        // Deadlines are the last moment at which nothing has changed yet.
        next.map(|at| at + Duration::from_millis(1))
    }

    pub fn is_dirty(&self) -> bool {
        !self.dirty.views.is_empty() || !self.dirty.trees.is_empty()
    }

    pub fn take_dirty(&mut self) -> Dirty {
        std::mem::take(&mut self.dirty)
    }

    /// Everything there is, as if all of it had changed.
    pub fn all_dirty(&mut self) {
        self.dirty.views.extend(self.workspaces.keys().cloned());
        self.dirty.trees.extend(self.trees.keys().cloned());
    }

    pub fn workspace(&self, path: &str) -> Option<&Workspace> {
        self.workspaces.get(path)
    }

    pub fn tree(&self, path: &str) -> Option<&Aggregate> {
        self.trees.get(path)
    }

    /// Whether the source has not been heard of for too long.
    pub fn unseen(&self) -> bool {
        self.source.unseen()
    }

    pub fn target_count(&self) -> usize {
        self.targets.len()
    }

    /// Time passed or a Lease changed: the target may count differently now.
    fn look_again(&mut self, uid: &str, now: Now) {
        if let Some((uid, known)) = self.targets.get_key_value(uid) {
            let (uid, target) = (uid.clone(), known.target.clone());
            self.judge(&uid, target, now);
        }
    }

    /// Replaces what a target contributes.
    fn judge(&mut self, uid: &Arc<str>, target: Arc<Target>, now: Now) {
        let liveness = self.leases.get(uid).and_then(|entry| entry.liveness);
        let deadline = liveness.and_then(|liveness| liveness.reaches(SILENT_AFTER));
        if let Some(at) = deadline.filter(|at| *at >= now.elapsed) {
            self.deadlines.arm(uid, at);
        }
        let new = Contribution::new(target, liveness.as_ref(), now.elapsed);
        let old = self.targets.get(uid);
        let same = old.is_some_and(|old| old.same_content(&new));
        if same && old.is_some_and(|old| Arc::ptr_eq(&old.target, &new.target) && old.newest == new.newest) {
            return;
        }
        if let Some(old) = self.targets.insert(uid.clone(), new.clone()) {
            self.add(&old, false, !same);
        }
        self.add(&new, true, !same);
    }

    fn remove(&mut self, uid: &str) -> Option<Arc<str>> {
        let old = self.targets.remove(uid)?;
        self.add(&old, false, true);
        if self.leases.get(uid).is_some_and(|entry| !entry.exists) {
            self.leases.remove(uid);
        }
        Some(old.target.name.clone())
    }

    /// Adds or takes away a contribution along the path of its workspace.
    fn add(&mut self, contribution: &Contribution, add: bool, dirty: bool) {
        let Some(path) = &contribution.target.workspace else { return };
        let workspace = self.workspaces.entry(path.clone()).or_default();
        workspace.change(contribution, add);
        if dirty {
            self.dirty.views.insert(path.clone());
        }
        if workspace.sums.targets == 0 {
            self.workspaces.remove(path);
        }
        for ancestor in lineage(path) {
            let name: Arc<str> = ancestor.into();
            let tree = self.trees.entry(name.clone()).or_default();
            if add {
                tree.add(contribution)
            } else {
                tree.remove(contribution)
            }
            if tree.targets == 0 {
                self.trees.remove(&name);
            }
            if dirty {
                self.dirty.trees.insert(name);
            }
        }
    }

    /// Counts and logs a target that does not decode, once for each time it changes.
    fn report(&self, target: &Target, before: Option<&Target>) {
        let Err(part) = target.facts else { return };
        if before.is_some_and(|before| before.same_content(target)) {
            return;
        }
        self.metrics.undecodable.with_label_values(&["synctargets"]).inc();
        warn!(
            sync_target = &*target.name,
            workspace = target.workspace.as_deref(),
            "the {} of SyncTarget {} does not decode; it is counted as Unknown",
            part.part(),
            target.name
        );
    }
}

impl Workspace {
    fn change(&mut self, contribution: &Contribution, add: bool) {
        let (target, key) = (&contribution.target, contribution.key());
        if add {
            self.sums.add(contribution);
            self.targets.insert(key, target.json.clone());
            self.cut += usize::from(target.cut);
        } else {
            self.sums.remove(contribution);
            self.targets.remove(&key);
            self.cut -= usize::from(target.cut);
        }
    }
}
