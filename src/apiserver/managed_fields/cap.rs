//! A limit on how many managers an object remembers: old updaters become one.

use std::collections::BTreeMap;

use super::managers::{Identity, Managed, seconds};

/// Updaters beyond these are merged, the longest silent first. Appliers always stay.
const MAX_UPDATERS: usize = 10;

/// Who the merged fields belong to, one per version.
const OLD_UPDATERS: &str = "ancient-changes";

/// Merges the oldest updaters of one version until few enough are left.
pub fn cap_updaters(managed: &mut Managed) {
    let mut updaters: Vec<String> =
        managed.managers.iter().filter(|(_, set)| !set.applied).map(|(key, _)| key.clone()).collect();
    let mut excess = updaters.len().saturating_sub(MAX_UPDATERS);
    updaters.sort_by_key(|key| (seconds(managed.times.get(key)), key.clone()));
    let mut first_of_version: BTreeMap<String, String> = BTreeMap::new();
    for key in updaters {
        if excess == 0 {
            return;
        }
        let Some(versioned) = managed.managers.get(&key) else { continue };
        let version = versioned.api_version.clone();
        match first_of_version.get(&version) {
            None => {
                first_of_version.insert(version, key);
            }
            Some(first) => {
                merge_into_old(managed, first, &key, &version);
                excess -= 1;
            }
        }
    }
}

/// Merges one updater with those merged before, or with the first, which gives up its name then.
fn merge_into_old(managed: &mut Managed, first: &str, key: &str, version: &str) {
    let old = Identity::updater(OLD_UPDATERS, version, "").key();
    let merged = managed.managers.remove(&old).or_else(|| managed.managers.remove(first));
    let both = match (merged, managed.managers.remove(key)) {
        (Some(mut merged), Some(versioned)) => {
            merged.set.extend(&versioned.set);
            Some(merged)
        }
        (one, other) => one.or(other),
    };
    managed.managers.extend(both.map(|set| (old.clone(), set)));
    match managed.times.get(key).cloned() {
        Some(time) => managed.times.insert(old, time),
        None => managed.times.remove(&old),
    };
}

#[cfg(test)]
mod tests;
