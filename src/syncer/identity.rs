//! Which SyncTarget this syncer serves: read once at the start, and the part of every stamp.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use parking_lot::Mutex;

use crate::api::workload::{NamespaceMapping, key};

/// Names that are remembered. Whoever writes stamps below may make up any number of namespaces.
const MOST: usize = 4_096;

/// Two syncers never have the same one: a SyncTarget that is made again has another uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Of the SyncTarget.
    pub name: String,
    pub uid: String,
    /// The logical cluster that stores it; on a Kubernetes source `spec.kcpCluster` stands for it.
    pub cluster: String,
    /// The logical cluster whose objects are synced, by the same rule.
    pub workspace: String,
    pub namespace_mapping: NamespaceMapping,
    pub derived: Derived,
}

/// What follows from an [`Identity`] and is dear to work out. A copy begins anew, since it may be changed, and it is
/// no part of what makes two identities equal.
#[derive(Default)]
pub struct Derived {
    key: OnceLock<String>,
    /// Hashed names by the namespace they stand for. A plain map: each pass asks several times.
    names: Mutex<HashMap<String, Arc<str>>>,
}

impl Identity {
    /// As labels, annotations and finalizers name the target.
    pub fn key(&self) -> &str {
        self.derived.key.get_or_init(|| key(&self.cluster, &self.name))
    }

    /// The hashed name of a namespace, made by `make` if it is not known yet.
    pub(super) fn hashed(&self, namespace: &str, make: impl FnOnce() -> String) -> Arc<str> {
        let mut names = self.derived.names.lock();
        if let Some(name) = names.get(namespace) {
            return name.clone();
        }
        if names.len() >= MOST {
            names.clear();
        }
        let name: Arc<str> = make().into();
        names.insert(namespace.to_owned(), name.clone());
        name
    }
}

impl Clone for Derived {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Derived {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Derived {}

impl std::fmt::Debug for Derived {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Derived")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_is_changed_has_names_of_its_own() {
        let one = Identity {
            name: "east".into(),
            uid: "u1".into(),
            cluster: "root:a".into(),
            workspace: "root:a".into(),
            namespace_mapping: NamespaceMapping::Hashed,
            derived: Derived::default(),
        };
        let name = |of: &Identity| crate::syncer::naming::downstream_namespace(of, "n").unwrap();
        let (key, named) = (one.key().to_owned(), name(&one));
        let other = Identity { uid: "u2".into(), name: "west".into(), ..one.clone() };
        assert!(other.key() != key && name(&other) != named);
        assert_eq!((one.key(), name(&one)), (&*key, named), "they are remembered as they were");
        for number in 0..=MOST {
            one.hashed(&number.to_string(), String::new);
        }
        assert!(one.derived.names.lock().len() <= MOST);
    }
}
