//! What was read or answered of the object in our place, and of the one above: into the caches, and remembered.

use serde_json::Value;
use std::time::Duration;

use super::{
    facts::Facts,
    key::Key,
    object::{Kept, Object},
    state::{Met, State},
    target::Target,
};
use crate::{
    api::workload::NamespaceMapping,
    syncer::{
        compare::{FieldPath, differences},
        decide::{Foreign, Step},
        json::{entry, meta},
        ownership::{self, Ownership, ownership},
    },
};

impl State {
    /// What is there below, as it was read.
    pub(super) fn found(
        &mut self,
        key: &Key,
        step: &Step,
        facts: &Facts,
        object: Option<Value>,
        now: Duration,
    ) {
        if *step == Step::EnsureNamespace {
            return self.met_namespace(facts, object.as_ref());
        }
        let Some(object) = object else { return self.gone_below(key, facts, now) };
        let ours = match ownership(&object, &facts.kind, &self.plan.identity) {
            Ownership::Ours(owner) => *owner.namespace == *key.namespace && *owner.name == *key.name,
            Ownership::OtherSyncer(_) | Ownership::None => false,
        };
        if ours {
            let memory = &mut self.remember(key).memory;
            memory.foreign = None;
            memory.gone_below = false;
            self.put_below(key, facts, object);
            return;
        }
        let foreign = self.foreign(facts, &object);
        self.set_aside(key, now);
        let memory = &mut self.remember(key).memory;
        memory.foreign = Some(foreign);
        memory.gone_below = true;
        // It bears our label perhaps, and then the cache has it as it is.
        if entry(&object, "labels", ownership::CLUSTER) != Some(self.plan.key()) {
            self.take_below(key, facts, now);
        }
    }

    fn foreign(&self, facts: &Facts, object: &Value) -> Foreign {
        let other = match ownership(object, &facts.kind, &self.plan.identity) {
            Ownership::OtherSyncer(owner) => {
                Some(format!("of the SyncTarget with uid {}", owner.sync_target_uid))
            }
            Ownership::Ours(owner) => Some(format!("made of {}/{}", owner.namespace, owner.name)),
            Ownership::None => None,
        };
        let upstream = facts.above.as_ref().map(|above| meta(above, "uid")).unwrap_or_default();
        let keys = ownership::stamp_keys();
        let is_stamp =
            |path: &FieldPath| keys.iter().any(|key| path.to_string().ends_with(&format!(".{key}")));
        let same = facts.rendered.as_ref().is_some_and(|rendered| {
            differences(&rendered.object, object, &facts.kind).iter().all(|path| {
                is_stamp(path)
                    || matches!(path.to_string().as_str(), ".metadata.labels" | ".metadata.annotations")
            })
        });
        Foreign {
            uid: meta(object, "uid").to_owned(),
            deleting: !meta(object, "deletionTimestamp").is_empty(),
            released: ownership::was_released(object, &self.plan.identity, upstream),
            other,
            same,
        }
    }

    fn met_namespace(&mut self, facts: &Facts, object: Option<&Value>) {
        let (Some(place), Some(object)) = (&facts.place, object) else { return };
        let kept = Kept::of(object);
        if self.made_for(&kept).is_some() {
            self.down_namespaces.put(Object::at("", &place.namespace, kept));
            return;
        }
        let met = match self.plan.identity.namespace_mapping {
            NamespaceMapping::Preserve => Met::Used,
            NamespaceMapping::Hashed => {
                Met::Taken(format!("namespace {} exists and was not made for this one", place.namespace))
            }
        };
        self.met.insert(place.namespace.clone(), met);
    }

    /// Takes an answer about the object upstream into the cache, and returns it as it can be read from there.
    pub fn put_above(&mut self, key: &Key, mut object: Value) -> Option<(u64, Value)> {
        let ends = !meta(&object, "deletionTimestamp").is_empty()
            && object["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty);
        let kind = self.kind_mut(key)?;
        if ends {
            kind.up.remove(&key.namespace, &key.name);
            return None;
        }
        let kept = Kept::pruning(&mut object);
        let version = kept.version;
        kind.up.put(key.object_of(kept));
        Some((version, object))
    }

    /// Takes an answer about the SyncTarget, unless a later version was told of meanwhile.
    pub fn put_target(&mut self, object: &Value, now: Duration) {
        let seen = Target::read(object, &self.plan.identity.uid);
        if seen.ours && seen.version() >= self.target.version() {
            self.see_target(seen, now);
        }
    }

    /// The same of what is below.
    pub(super) fn put_below(&mut self, key: &Key, facts: &Facts, mut object: Value) -> Option<(u64, Value)> {
        let at = facts.place.as_ref()?;
        let kept = Kept::pruning(&mut object);
        let version = kept.version;
        self.kind_mut(key)?.down.put(Object::at(&at.namespace, &at.name, kept));
        Some((version, object))
    }

    /// The cluster itself says that it is not there.
    pub(super) fn gone_below(&mut self, key: &Key, facts: &Facts, now: Duration) {
        self.take_below(key, facts, now);
        let memory = &mut self.remember(key).memory;
        memory.gone_below = true;
        memory.foreign = None;
    }

    pub(super) fn take_below(&mut self, key: &Key, facts: &Facts, now: Duration) {
        let Some(at) = &facts.place else { return };
        if let Some(kind) = self.kind_mut(key) {
            kind.down.remove(&at.namespace, &at.name);
        }
        if !key.namespace.is_empty() {
            self.queue.changed(&Key::namespace(&key.namespace), now);
        }
    }
}
