//! Which objects are named by workloads that are synced: what they name goes where they go.

use std::collections::{BTreeSet, HashMap};

use super::key::Key;

/// A resource of the core group, a namespace upstream and a name.
pub type Named = (&'static str, Box<str>, Box<str>);

#[derive(Debug, Default)]
pub struct References {
    /// What each workload names.
    by_key: HashMap<Key, BTreeSet<Named>>,
    /// How many name it.
    counts: HashMap<Named, u32>,
}

impl References {
    /// Takes note of what a workload names now, and returns what is named for the first time or by nobody any more.
    pub fn set(&mut self, key: &Key, named: BTreeSet<Named>) -> Vec<Named> {
        if self.by_key.get(key).map_or(named.is_empty(), |known| *known == named) {
            return Vec::new();
        }
        let old = match named.is_empty() {
            true => self.by_key.remove(key),
            false => self.by_key.insert(key.clone(), named.clone()),
        };
        let old = old.unwrap_or_default();
        let mut changed = Vec::new();
        for name in named.difference(&old) {
            let count = self.counts.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 {
                changed.push(name.clone());
            }
        }
        for name in old.difference(&named) {
            if let Some(count) = self.counts.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(name);
                    changed.push(name.clone());
                }
            }
        }
        changed
    }

    /// Whether a synced workload names it.
    pub fn names(&self, resource: &str, namespace: &str, name: &str) -> bool {
        let Some(resource) = RESOURCES.iter().find(|known| **known == resource) else { return false };
        self.counts.contains_key(&(*resource, namespace.into(), name.into()))
    }
}

/// Those that are followed for their namers.
const RESOURCES: [&str; 4] = ["configmaps", "secrets", "persistentvolumeclaims", "serviceaccounts"];

/// Whether what has this name is followed.
pub fn is_followed(resource: &str) -> bool {
    RESOURCES.contains(&resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_told_when_that_changes() {
        let named =
            |names: &[&str]| names.iter().map(|name| ("secrets", "n".into(), (*name).into())).collect();
        let (a, b) = (Key::object(0, "n", "a"), Key::object(0, "n", "b"));
        let mut references = References::default();
        assert_eq!(references.set(&a, named(&["x", "y"])).len(), 2);
        assert!(references.set(&a, named(&["x", "y"])).is_empty());
        assert!(references.set(&b, named(&["y"])).is_empty());
        assert_eq!(references.set(&a, named(&[])), [("secrets", "n".into(), "x".into())]);
        assert!(references.names("secrets", "n", "y") && !references.names("secrets", "n", "x"));
        assert!(!references.names("configmaps", "n", "y"));
    }
}
