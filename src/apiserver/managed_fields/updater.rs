//! How a write moves fields from manager to manager, and what an apply makes of the object.
//!
//! The rules of structured-merge-diff's `merge.Updater`. Conversion between versions changes only the
//! apiVersion here, so the fields of every version are compared in the one schema.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    compare::{Comparison, compare},
    conflict::Conflicts,
    fields_of::fields_of,
    managers::{Managers, VersionedSet},
    merge::merge,
    node::Node,
    order,
    reconcile::reconcile,
    remove::remove,
    set::Set,
};

/// One write.
#[derive(Clone, Copy, Debug)]
pub struct Updater<'a> {
    pub node: Node<'a>,
    pub api_version: &'a str,
    /// What the write cannot change, whatever it says.
    pub reset: &'a Set,
    /// Whether that is known of all versions: upstream knows it of the version written only, but of subresources
    /// in all.
    pub reset_everywhere: bool,
}

impl Updater<'_> {
    /// `manager` wrote `new` over `live`, by any verb but apply: the changed fields are its own now.
    pub fn update(&self, live: &Value, new: &Value, managers: &mut Managers, manager: &str) {
        self.reconcile(managers);
        let change = self.change(live, new);
        change.take_from(managers, manager);
        let change = change.own;
        let before = managers.remove(manager).map(|own| own.set).unwrap_or_default();
        let set = before.difference(&change.removed).union(&change.modified).union(&change.added);
        let set = set.recursive_difference(self.reset);
        if !set.is_empty() {
            let own = VersionedSet { set, api_version: self.api_version.to_owned(), applied: false };
            managers.insert(manager.to_owned(), own);
        }
    }

    /// `manager` applies `config` to `live`. The new object, none when it is as before.
    pub fn apply(
        &self,
        live: &Value,
        config: &Value,
        managers: &mut Managers,
        manager: &str,
        force: bool,
    ) -> Result<Option<Value>, Conflicts> {
        self.reconcile(managers);
        let merged = merge(self.node, live, config);
        let set = fields_of(self.node, config).recursive_difference(self.reset);
        let own = VersionedSet { set, api_version: self.api_version.to_owned(), applied: true };
        let new = match managers.insert(manager.to_owned(), own) {
            Some(last) if !last.set.is_empty() => self.prune(&merged, managers, &last),
            _ => merged,
        };
        let change = self.change(live, &new);
        let conflicts = change.conflicts(managers, manager);
        if !force && !conflicts.is_empty() {
            return Err(Conflicts::of_sets(conflicts));
        }
        change.take_from(managers, manager);
        Ok((!order::equal(live, &new)).then_some(new))
    }

    /// Field sets written under an earlier schema.
    fn reconcile(&self, managers: &mut Managers) {
        for versioned in managers.values_mut() {
            if let Some(set) = reconcile(self.node, &versioned.set) {
                versioned.set = set;
            }
        }
    }

    fn change(&self, live: &Value, new: &Value) -> Change<'_> {
        let all = compare(self.node, live, new);
        let own = all.without(self.reset);
        let other = if self.reset_everywhere { own.clone() } else { all };
        Change { own, other, api_version: self.api_version }
    }

    /// Removes what the manager applied last time and does not apply now, unless others manage it too.
    fn prune(&self, merged: &Value, managers: &Managers, last: &VersionedSet) -> Value {
        let named = |set: &Set| set.with_named_fields(Some(self.node));
        let all = named(&fields_of(self.node, merged));
        let mut pruned = remove(self.node, merged, &named(&last.set));
        for owned in owned_by_version(managers, &last.api_version) {
            let kept = named(&fields_of(self.node, &pruned)).union(&named(&owned));
            pruned = remove(self.node, merged, &all.difference(&kept));
        }
        // What the manager never had is not its to remove, though a parent of it was.
        let gone = all.difference(&named(&fields_of(self.node, &pruned)));
        remove(self.node, merged, &gone.intersection(&named(&last.set)))
    }
}

/// What is managed at all, by version, the given one first.
fn owned_by_version(managers: &Managers, first: &str) -> Vec<Set> {
    let mut owned: BTreeMap<(bool, &str), Set> = BTreeMap::new();
    for versioned in managers.values() {
        let version = versioned.api_version.as_str();
        owned.entry((version != first, version)).or_default().extend(&versioned.set);
    }
    owned.into_values().collect()
}

/// What a write changed.
struct Change<'a> {
    /// As managers of the version written see it, without what the write cannot change.
    own: Comparison,
    /// As all others see it.
    other: Comparison,
    api_version: &'a str,
}

impl Change<'_> {
    fn seen_by(&self, versioned: &VersionedSet) -> &Comparison {
        if versioned.api_version == self.api_version { &self.own } else { &self.other }
    }

    /// The fields of every other manager that got new values.
    fn conflicts(&self, managers: &Managers, manager: &str) -> BTreeMap<String, Set> {
        let others = managers.iter().filter(|(key, _)| *key != manager);
        let conflicts = others.map(|(key, versioned)| {
            let seen = self.seen_by(versioned);
            (key.clone(), versioned.set.intersection(&seen.modified.union(&seen.added)))
        });
        conflicts.filter(|(_, set)| !set.is_empty()).collect()
    }

    /// Takes everything that changed from all managers but this one; who has nothing left is gone.
    fn take_from(&self, managers: &mut Managers, manager: &str) {
        for (key, set) in self.conflicts(managers, manager) {
            if let Some(versioned) = managers.get_mut(&key) {
                versioned.set = versioned.set.difference(&set);
            }
        }
        for (_, versioned) in managers.iter_mut().filter(|(key, _)| *key != manager) {
            versioned.set = versioned.set.difference(&self.seen_by(versioned).removed);
        }
        managers.retain(|_, versioned| !versioned.set.is_empty());
    }
}
