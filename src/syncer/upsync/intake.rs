//! What events of both sides change, and which keys have to be looked at because of it.

use std::{collections::BTreeSet, time::Duration};

use super::state::State;
use crate::{
    informers::{Change, Event},
    liveness::SYNC_TARGETS,
    syncer::{
        engine::{NAMESPACES, Object, key::Key, object::Kept, store::Changed, target::Target},
        errors::Side,
        json::meta,
        naming,
        ownership::namespace_of,
    },
};

impl State {
    /// Takes note of an event.
    pub fn apply(&mut self, side: Side, event: Event<Object>, now: Duration) {
        let Event { resource, change, .. } = event;
        match (side, resource) {
            (Side::Upstream, SYNC_TARGETS) => self.target_changed(change, now),
            (side, NAMESPACES) => self.namespaces_changed(side, change, now),
            (side, resource) => {
                let index = self.kinds.iter().position(|kind| kind.kind.informed() == resource);
                if let Some(index) = index {
                    self.objects_changed(side, index, change, now);
                }
            }
        }
    }

    fn target_changed(&mut self, change: Change<Object>, now: Duration) {
        let Some(seen) = Target::told(change, &self.plan.identity) else { return };
        let gates = |target: &Target| (target.ours, target.paused, target.deleting);
        let differs = gates(&self.target) != gates(&seen);
        self.target = seen;
        if differs {
            self.resync(now);
        }
    }

    fn objects_changed(&mut self, side: Side, index: usize, change: Change<Object>, now: Duration) {
        let kind = &mut self.kinds[index];
        let (store, missing) = match side {
            Side::Upstream => (&mut kind.up, &mut kind.missing[0]),
            Side::Downstream => (&mut kind.down, &mut kind.missing[1]),
        };
        let is_missing = match &change {
            Change::NotInstalled => true,
            Change::Unavailable(_) => *missing,
            _ => false,
        };
        self.ledger.changed |= std::mem::replace(missing, is_missing) != is_missing;
        let listed = store.feed.listed;
        let changed = store.apply(change, now);
        let first = store.feed.listed && !listed;
        let index = index as u16;
        for changed in changed {
            match side {
                Side::Upstream => self.copy_changed(index, &changed, now),
                Side::Downstream => self.original_changed(index, &changed, now),
            }
        }
        if first {
            self.resync(now);
        }
    }

    fn copy_changed(&mut self, index: u16, changed: &Changed, now: Duration) {
        let key = Key::of(index, &changed.namespace, &changed.name);
        if changed.after.is_none() {
            self.memory.remove(&key);
        }
        self.ledger.changed |= self.target.deleting;
        self.queue.changed(&key, now);
    }

    fn original_changed(&mut self, index: u16, changed: &Changed, now: Duration) {
        let both = [&changed.before, &changed.after].map(|kept| kept.as_ref());
        let [before, after] = both.map(|kept| self.key_below(index, &changed.namespace, kept?));
        let both = if before == after { [after, None] } else { [before, after] };
        both.into_iter().flatten().for_each(|key| self.queue.changed(&key, now));
    }

    fn namespaces_changed(&mut self, side: Side, change: Change<Object>, now: Duration) {
        let store = match side {
            Side::Upstream => &mut self.up_namespaces,
            Side::Downstream => &mut self.down_namespaces,
        };
        let listed = store.feed.listed;
        let changed = store.apply(change, now);
        let first = store.feed.listed && !listed;
        let names = changed.iter().map(|changed| &*changed.name);
        let below: BTreeSet<String> = match side {
            Side::Upstream => names
                .filter_map(|name| naming::downstream_namespace(&self.plan.identity, name).ok())
                .collect(),
            Side::Downstream => names.map(str::to_owned).collect(),
        };
        self.look_into(&below, now);
        if first {
            self.resync(now);
        }
    }

    /// Looks at all that is in namespaces below, where it is another one of the workspace's now, or none.
    fn look_into(&mut self, below: &BTreeSet<String>, now: Duration) {
        let (mut moved, mut above) = (BTreeSet::new(), BTreeSet::new());
        for name in below {
            let home = self.home(name);
            let known = match &home {
                Some(home) => self.homes.insert(name.clone(), home.clone()),
                None => self.homes.remove(name),
            };
            if known != home {
                moved.insert(name);
                above.extend(known.into_iter().chain(home));
            }
        }
        if !moved.is_empty() {
            let inside = |name: &str| moved.iter().any(|one| *one == name);
            let keys = self.keys(|name| above.contains(name), inside);
            keys.iter().for_each(|key| self.queue.changed(key, now));
        }
    }

    /// The namespace of the workspace that a namespace below was made for, while that is there and stays.
    fn home(&self, below: &str) -> Option<String> {
        let made = namespace_of(&self.down_namespaces.get("", below)?.read(), &self.plan.identity)?;
        let above = self.up_namespaces.get("", &made).map(Kept::read)?;
        meta(&above, "deletionTimestamp").is_empty().then_some(made)
    }
}
