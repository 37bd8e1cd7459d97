//! One pass over one object: what is known is put together, and decided about.

use std::{collections::BTreeSet, time::Duration};

use super::{
    facts::Facts,
    key::Key,
    known::Known,
    object::Kept,
    state::{KindState, State},
};
use crate::{
    liveness::clock::Now,
    syncer::{
        breaker::Unit,
        decide::{Assignment, Desired, Permission, Situation, Step, Unrendered, decide},
        json::meta,
        naming,
        render::references,
    },
};

/// What in-cluster access needs beside the pods.
fn needs(token: &str) -> [(&'static str, String); 2] {
    [("secrets", token.to_owned()), ("configmaps", naming::ROOT_CA.to_owned())]
}

/// What comes of a pass.
pub struct Pass {
    pub step: Step,
    pub facts: Facts,
    /// What a deletion counts as.
    pub unit: Option<Unit>,
}

impl State {
    /// Decides about one object. `lease`: a write may begin now.
    pub fn judge(&mut self, key: &Key, known: Known, lease: bool, now: Now) -> Option<Pass> {
        self.forget_expired(key, now.elapsed);
        let (mut facts, desired) = self.facts(key, known)?;
        let permission = self.permission(key, lease, now.elapsed);
        let memory = self.memory(key).map(|rare| rare.memory.clone()).unwrap_or_default();
        let contended = self.memory(key).map(|rare| rare.contention.left(now.elapsed)).unwrap_or_default();
        let mut situation = Situation {
            permission,
            upstream: self.seen_above(key, &facts),
            downstream: self.seen_below(key, &facts, &memory),
            home: self.home(key, &facts),
            desired: match (&facts.rendered, desired) {
                (Some(rendered), _) => Ok(Desired { hash: &rendered.hash }),
                (None, Some(unrendered)) => Err(unrendered),
                (None, None) => Err(Unrendered { reason: "NotWanted", message: String::new() }),
            },
            policy: &facts.policy,
            may_recreate: self.plan.may_recreate(&facts.kind),
            contended: &contended,
            memory: &memory,
        };
        let mut step = decide(&situation);
        let below_uid = facts.below.as_ref().map(|below| meta(below, "uid").to_owned()).unwrap_or_default();
        let unit = self.unit(key, &below_uid);
        if matches!(step, Step::Delete { .. }) {
            let owned = self.owned();
            if !self.breaker.permits(&unit, owned, now.elapsed) {
                self.ledger.changed = true;
                situation.permission.deletions_paused = self.breaker.paused();
                step = decide(&situation);
            }
        } else if !matches!(step, Step::Report(_) | Step::Wait(..)) {
            self.breaker.dropped(&unit);
        }
        let unit = matches!(step, Step::Delete { .. }).then_some(unit);
        drop(situation);
        self.note_references(key, &mut facts, now.elapsed);
        Some(Pass { step, facts, unit })
    }

    /// What was refused, or in the way, is tried again after a while.
    fn forget_expired(&mut self, key: &Key, now: Duration) {
        let Some(rare) = self.entries.get_mut(key).and_then(|entry| entry.rare.as_deref_mut()) else {
            return;
        };
        if rare.expires.is_some_and(|at| at <= now) {
            rare.expires = None;
            rare.memory.foreign = None;
            rare.memory.refused = None;
            rare.memory.causes = None;
        }
    }

    /// What may be done about a key now.
    pub fn permission(&self, key: &Key, lease: bool, now: Duration) -> Permission {
        let feed = self.kind(key).map(|kind| kind.up.feed).unwrap_or(self.up_namespaces.feed);
        let silent = now.saturating_sub(feed.heard) > self.longest_silence();
        Permission {
            lease: lease && self.target.ours,
            kept: self.target.has_finalizer(),
            paused: self.target.paused && !self.target.deleting,
            dry_run: self.plan.dry_run,
            detaching: self.target.deleting,
            reachable: feed.following && !silent && self.target.ours,
            sweep: self.sweeps(now),
            deletions_paused: None,
            kind_paused: self.kind(key).and_then(|kind| kind.paused.clone()),
        }
    }

    /// How long a source may be silent before its side counts as lost: watches end, and say so, every few minutes.
    fn longest_silence(&self) -> Duration {
        (self.plan.resync * 2).max(Duration::from_secs(1_260))
    }

    /// What the deletion of an object counts as.
    fn unit(&self, key: &Key, uid: &str) -> Unit {
        let namespace = self.up_namespaces.get("", &key.namespace).map(Kept::value);
        match namespace.filter(|namespace| !meta(namespace, "deletionTimestamp").is_empty()) {
            Some(namespace) => Unit::Namespace(meta(namespace, "uid").to_owned()),
            None => Unit::Object(uid.to_owned()),
        }
    }

    /// What a workload names goes where the workload goes.
    fn note_references(&mut self, key: &Key, facts: &mut Facts, now: Duration) {
        // What cannot be rendered now stays as it is below, and so does what it names.
        let wanted = facts.above.as_ref().filter(|above| meta(above, "deletionTimestamp").is_empty());
        if facts.rendered.is_none() && wanted.is_some() && facts.assignment == Assignment::Wanted {
            return;
        }
        let named: BTreeSet<_> = match (&facts.above, &facts.rendered) {
            (Some(above), Some(_)) => references::references(above, &facts.kind)
                .into_iter()
                .filter(|found| super::references::is_followed(found.resource))
                .map(|found| (found.resource, found.name))
                .chain(facts.basis.token.iter().flat_map(|token| needs(token)))
                .map(|(resource, name)| (resource, Box::from(&*key.namespace), name.into_boxed_str()))
                .collect(),
            _ => BTreeSet::new(),
        };
        for (resource, namespace, name) in self.references.set(key, named) {
            let of = |kind: &&KindState| kind.kind.is_core(resource);
            let Some(index) = self.kinds.iter().position(|kind| of(&kind)) else { continue };
            self.queue.changed(&Key::object(index as u16, &namespace, &name), now);
        }
    }
}
