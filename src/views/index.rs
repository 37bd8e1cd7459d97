//! Every target and lease of one source, and the sums per workspace and per subtree.
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
    lease::target_of,
    leases::Leases,
    metrics::Metrics,
    origin::Origin,
    target::Target,
    workspace::lineage,
};
use crate::informers::{ObjectMeta, RawObject};

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

pub struct Index {
    origin: Origin,
    /// By id: the uid within its logical cluster.
    targets: HashMap<Arc<str>, Contribution>,
    /// The id that a name within a logical cluster stands for now.
    names: HashMap<Arc<str>, Arc<str>>,
    leases: Leases,
    workspaces: HashMap<Arc<str>, Workspace>,
    trees: HashMap<Arc<str>, Aggregate>,
    deadlines: Deadlines,
    source: source::Seen,
    dirty: Dirty,
    metrics: Metrics,
}

impl Index {
    pub fn new(origin: Origin, metrics: Metrics) -> Self {
        Self {
            origin,
            targets: HashMap::new(),
            names: HashMap::new(),
            leases: Leases::default(),
            workspaces: HashMap::new(),
            trees: HashMap::new(),
            deadlines: Deadlines::default(),
            source: source::Seen::default(),
            dirty: Dirty::default(),
            metrics,
        }
    }

    pub fn apply_target(&mut self, object: &RawObject, now: Now) {
        let before = self.targets.get(&*object.meta.id());
        let last_known = before.and_then(|before| before.target.workspace.clone());
        let target = Target::read(object, last_known.as_ref(), &self.origin);
        self.report(&target, before.map(|before| &*before.target));
        // A name has one uid at a time; another one means that the deletion was not seen.
        let displaced = self.names.insert(target.place.clone(), target.id.clone());
        if let Some(displaced) = displaced.filter(|displaced| *displaced != target.id) {
            self.remove(&displaced);
        }
        let id = target.id.clone();
        self.judge(&id, Arc::new(target), now);
    }

    pub fn delete_target(&mut self, id: &str) {
        if let Some(place) = self.remove(id)
            && self.names.get(&place).is_some_and(|now| **now == *id)
        {
            self.names.remove(&place);
        }
    }

    /// These are all targets there are.
    pub fn reset_targets(&mut self, objects: &[RawObject], now: Now) {
        let there: HashSet<_> = objects.iter().map(|object| object.meta.id()).collect();
        let gone: Vec<_> = self.targets.keys().filter(|id| !there.contains(&***id)).cloned().collect();
        gone.iter().for_each(|id| self.delete_target(id));
        objects.iter().for_each(|object| self.apply_target(object, now));
    }

    pub fn apply_lease(&mut self, object: &RawObject, now: Now) {
        match self.leases.apply(object, now) {
            Ok(Some(id)) => self.look_again(&id, now),
            Ok(None) => {}
            Err(_) => {
                self.metrics.undecodable.with_label_values(&["leases"]).inc();
                warn!(
                    lease = object.meta.name,
                    "the Lease {} does not decode and is ignored", object.meta.name
                );
            }
        }
    }

    pub fn delete_lease(&mut self, lease: &ObjectMeta) {
        let Some(id) = target_of(lease) else { return };
        self.leases.delete(&id, self.targets.contains_key(&*id));
    }

    /// These are all leases there are.
    pub fn reset_leases(&mut self, objects: &[RawObject], now: Now) {
        self.leases.retain(objects, |id| self.targets.contains_key(id));
        objects.iter().for_each(|object| self.apply_lease(object, now));
    }

    /// Lets time do what it does: targets fall silent, the source goes unseen.
    pub fn expire(&mut self, now: Now) {
        while let Some(id) = self.deadlines.pop(now.elapsed) {
            self.look_again(&id, now);
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
    fn look_again(&mut self, id: &str, now: Now) {
        if let Some((id, known)) = self.targets.get_key_value(id) {
            let (id, target) = (id.clone(), known.target.clone());
            self.judge(&id, target, now);
        }
    }

    /// Replaces what a target contributes.
    fn judge(&mut self, id: &Arc<str>, target: Arc<Target>, now: Now) {
        let liveness = self.leases.liveness(id);
        let deadline = liveness.and_then(|liveness| liveness.reaches(SILENT_AFTER));
        if let Some(at) = deadline.filter(|at| *at >= now.elapsed) {
            self.deadlines.arm(id, at);
        }
        let new = Contribution::new(target, liveness.as_ref(), now.elapsed);
        let old = self.targets.get(id);
        let same = old.is_some_and(|old| old.same_content(&new));
        if same && old.is_some_and(|old| Arc::ptr_eq(&old.target, &new.target) && old.newest == new.newest) {
            return;
        }
        if let Some(old) = self.targets.insert(id.clone(), new.clone()) {
            self.add(&old, false, !same);
        }
        self.add(&new, true, !same);
    }

    /// The name within its logical cluster of what it was.
    fn remove(&mut self, id: &str) -> Option<Arc<str>> {
        let old = self.targets.remove(id)?;
        self.add(&old, false, true);
        self.leases.forget(id);
        Some(old.target.place.clone())
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
