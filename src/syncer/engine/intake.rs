//! What events of both sides change, and which keys have to be looked at because of it.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    key::Key,
    object::{Kept, Object},
    state::{KindState, State},
    store::Changed,
    target::Target,
};
use crate::{
    api::placement::{GROUP, RESOURCE, VERSION},
    informers::{Change, Event, Resource},
    liveness::SYNC_TARGETS,
    syncer::{
        assignment::Placed,
        discovery::Resolved,
        errors::Side,
        ownership::{Ownership, namespace_of, ownership},
    },
};

pub const PLACEMENTS: Resource =
    Resource { group: GROUP, version: VERSION, plural: RESOURCE, namespace: None };
pub const NAMESPACES: Resource = Resource { group: "", version: "v1", plural: "namespaces", namespace: None };

impl State {
    /// Takes the kinds that are served now. One that is not any more keeps what is known of it.
    pub fn serve(&mut self, resolved: &Resolved, now: Duration) {
        self.discovered = true;
        for kind in &mut self.kinds {
            kind.served = false;
            kind.rests = None;
        }
        for found in resolved.kinds.values() {
            let resource = found.kind.informed();
            let index = match self.by_resource.get(&resource) {
                Some(index) => usize::from(*index),
                None => {
                    self.by_resource.insert(resource, self.kinds.len() as u16);
                    self.kinds.push(KindState {
                        kind: Arc::new(found.kind.clone()),
                        status: found.status,
                        up: Default::default(),
                        down: Default::default(),
                        served: false,
                        paused: None,
                        rests: None,
                    });
                    self.kinds.len() - 1
                }
            };
            let kind = &mut self.kinds[index];
            kind.served = true;
            kind.status = found.status;
            kind.paused = None;
        }
        for kind in self.kinds.iter_mut().filter(|kind| !kind.served) {
            let why = resolved.missing.get(&kind.kind.group_resource());
            kind.paused =
                Some(why.cloned().unwrap_or_else(|| "it is not served on both sides any more".to_owned()));
        }
        self.ledger.changed = true;
        self.resync(now);
    }

    /// Takes note of an event.
    pub fn apply(&mut self, side: Side, event: Event<Object>, now: Duration) {
        let Event { resource, change, .. } = event;
        match (side, resource) {
            (Side::Upstream, SYNC_TARGETS) => self.target_changed(change, now),
            (Side::Upstream, PLACEMENTS) => self.placements_changed(change, now),
            (side, NAMESPACES) => self.namespaces_changed(side, change, now),
            (side, resource) => {
                let Some(index) = self.by_resource.get(&resource).copied() else { return };
                let Some(kind) = self.kinds.get_mut(usize::from(index)) else { return };
                let store = match side {
                    Side::Upstream => &mut kind.up,
                    Side::Downstream => &mut kind.down,
                };
                let known = store.feed;
                let changed = store.apply(change, now);
                let feed = store.feed;
                self.ledger.changed |= feed.denied != known.denied;
                self.objects_changed(side, index, changed, now);
                if feed.listed && !known.listed {
                    self.look_at(index, side, now);
                }
                if feed.following && !known.following {
                    self.look_again(index, now);
                }
                if (feed.listed, feed.denied) != (known.listed, known.denied) && self.has_tokens(index) {
                    self.tokens_known(now);
                }
            }
        }
    }

    pub fn objects_changed(&mut self, side: Side, kind: u16, changed: Vec<Changed>, now: Duration) {
        if side == Side::Upstream && self.has_tokens(kind) {
            self.tokens_changed(&changed, now);
        }
        for change in changed {
            match side {
                Side::Upstream => {
                    let key = Key::of(kind, &change.namespace, &change.name);
                    self.renew(&key);
                    self.arrived(&key, side, now);
                    self.queue.changed(&key, now);
                }
                Side::Downstream => {
                    let [before, after] = [&change.before, &change.after]
                        .map(|kept| kept.as_ref().and_then(|kept| self.key_below(kind, kept)));
                    let both = if before == after { [after, None] } else { [before, after] };
                    for key in both.into_iter().flatten() {
                        self.arrived(&key, side, now);
                        self.queue.changed(&key, now);
                        if change.after.is_none() && !key.namespace.is_empty() {
                            self.queue.changed(&Key::namespace(&key.namespace), now);
                        }
                    }
                }
            }
        }
    }

    /// What was in the way may not be there for what it is now.
    fn renew(&mut self, key: &Key) {
        if let Some(rare) = self.entries.get_mut(key).and_then(|entry| entry.rare.as_deref_mut()) {
            rare.memory.foreign = None;
            rare.expires = None;
            rare.tries = 0;
        }
    }

    fn arrived(&mut self, key: &Key, side: Side, now: Duration) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.arrived.get_or_insert((side, now));
        }
    }

    /// Which object of the workspace an object below was made of, if all of its stamps are ours.
    pub fn key_below(&self, kind: u16, kept: &Kept) -> Option<Key> {
        let of = self.kinds.get(usize::from(kind))?;
        match ownership(&kept.read(), &of.kind, &self.plan.identity) {
            Ownership::Ours(owner) => Some(Key::object(kind, &owner.namespace, &owner.name)),
            Ownership::OtherSyncer(_) | Ownership::None => None,
        }
    }

    /// Which namespace of the workspace a namespace below was made for.
    pub fn namespace_below(&self, kept: &Kept) -> Option<Key> {
        Some(Key::namespace(self.made_for(kept)?))
    }

    /// The name of that namespace.
    pub fn made_for<'a>(&self, kept: &'a Kept) -> Option<&'a Arc<str>> {
        kept.made_for(|live| namespace_of(live, &self.plan.identity).map(Arc::from))
    }

    fn target_changed(&mut self, change: Change<Object>, now: Duration) {
        if let Some(seen) = Target::told(change, &self.plan.identity) {
            self.see_target(seen, now);
        }
    }

    /// Takes note of the SyncTarget as it is.
    pub fn see_target(&mut self, seen: Target, now: Duration) {
        if let Some(reported) = seen.reported.as_deref().filter(|_| !self.target.ours) {
            self.breaker.restore(reported);
        }
        let resumed = seen.allow.as_deref().is_some_and(|nonce| self.breaker.resume(nonce));
        let gates = |target: &Target| (target.ours, target.paused, target.deleting, target.has_finalizer());
        let differs = gates(&self.target) != gates(&seen);
        let relabelled = seen.ours && self.rules.relabel(&self.plan, &seen.labels, &self.placements);
        self.target = seen;
        if resumed {
            tracing::warn!("deletions go on: they were allowed");
        }
        if differs || resumed || relabelled {
            self.ledger.changed = true;
            self.resync(now);
        } else {
            self.queue.changed(&Key::target(), now);
        }
    }

    fn placements_changed(&mut self, change: Change<Object>, now: Duration) {
        match &change {
            Change::NotInstalled => self.placements_feed.listed = false,
            Change::Unavailable(_) => self.placements_feed.following = false,
            _ => self.placements_feed.following = true,
        }
        match change {
            Change::Reset(objects) => {
                self.placements_feed.listed = true;
                let gone: Vec<_> = self.placements.keys().cloned().collect();
                gone.iter().for_each(|name| self.place(name, None));
                objects.into_iter().for_each(|object| self.place(&object.name, Some(&object.kept.read())));
            }
            Change::Apply(object) => self.place(&object.name, Some(&object.kept.read())),
            Change::Delete(object) => self.place(&object.name, None),
            Change::NotInstalled | Change::Fresh | Change::Unavailable(_) => return,
        }
        for kind in 0..self.kinds.len() {
            let keys: Vec<_> = self.keys_above(kind as u16).collect();
            for key in keys {
                self.renew(&key);
                self.queue.changed(&key, now);
            }
        }
    }

    fn place(&mut self, name: &str, object: Option<&Value>) {
        self.placements.remove(name);
        self.rules.place(name, &[]);
        let Some(object) = object else { return };
        match Placed::read(object, self.plan.key(), &self.plan.identity.uid) {
            Ok(placed) => {
                self.rules.place(name, &placed.overrides);
                self.placements.insert(name.to_owned(), placed);
            }
            Err(error) => tracing::warn!(placement = name, %error, "a Placement cannot be used"),
        }
    }

    fn namespaces_changed(&mut self, side: Side, change: Change<Object>, now: Duration) {
        let store = match side {
            Side::Upstream => &mut self.up_namespaces,
            Side::Downstream => &mut self.down_namespaces,
        };
        let listed = store.feed.listed;
        let changed = store.apply(change, now);
        let first = !listed
            && match side {
                Side::Upstream => self.up_namespaces.feed.listed,
                Side::Downstream => self.down_namespaces.feed.listed,
            };
        for change in changed {
            let keys = match side {
                Side::Upstream => vec![Key::namespace(&change.name)],
                Side::Downstream => {
                    self.met.remove(&*change.name);
                    let both = [change.before, change.after];
                    both.iter().flatten().filter_map(|kept| self.namespace_below(kept)).collect()
                }
            };
            for key in keys {
                self.queue.changed(&key, now);
                self.look_into(&key.namespace, now);
            }
        }
        if first {
            self.resync(now);
        }
    }

    /// Looks at what waited for a side to be there again.
    fn look_again(&mut self, kind: u16, now: Duration) {
        let keys: Vec<_> = self.entries.keys().filter(|key| key.kind == kind).cloned().collect();
        keys.iter().for_each(|key| self.queue.changed(key, now));
    }

    /// Looks at what waited for the first list of a kind on one side.
    fn look_at(&mut self, index: u16, side: Side, now: Duration) {
        let Some(kind) = self.kinds.get(usize::from(index)) else { return };
        let keys: Vec<_> = match side {
            Side::Upstream => kind.down.iter().filter_map(|(.., kept)| self.key_below(index, kept)).collect(),
            Side::Downstream => self.keys_above(index).collect(),
        };
        keys.iter().for_each(|key| self.queue.changed(key, now));
    }

    fn keys_above(&self, kind: u16) -> impl Iterator<Item = Key> {
        let all = self.kinds.get(usize::from(kind)).into_iter().flat_map(|kind| kind.up.iter());
        all.map(move |(namespace, name, _)| Key::of(kind, namespace, name))
    }

    /// Looks at all objects of a namespace of the workspace.
    fn look_into(&mut self, namespace: &str, now: Duration) {
        for (index, kind) in self.kinds.iter().enumerate() {
            let inside = kind.up.names_in(namespace);
            let keys = inside.map(|(namespace, name)| Key::of(index as u16, namespace, name));
            keys.for_each(|key| self.queue.changed(&key, now));
        }
    }
}
