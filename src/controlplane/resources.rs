//! Which resources each logical cluster has: the built-in ones everywhere, those of definitions where they are
//! defined.
//!
//! Read by the catalog and by controllers, written by the controller of definitions.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::RwLock;

use super::store::{ClusterId, GroupResource, Versions};

#[derive(Default)]
struct Custom {
    versions: BTreeMap<GroupResource, Versions>,
    generation: u64,
}

pub struct Resources {
    built_in: BTreeMap<GroupResource, Versions>,
    custom: RwLock<HashMap<ClusterId, Custom>>,
    generation: AtomicU64,
}

impl Resources {
    pub fn new(built_in: Vec<Versions>) -> Self {
        let named = built_in.into_iter().map(|versions| (name(&versions), versions)).collect();
        Self { built_in: named, custom: RwLock::default(), generation: AtomicU64::new(1) }
    }

    /// Serves a resource in one cluster, in place of what had its name.
    pub fn install(&self, cluster: &ClusterId, versions: Versions) {
        let mut custom = self.custom.write();
        let own = custom.entry(cluster.clone()).or_default();
        own.versions.insert(name(&versions), versions);
        own.generation = self.generation.fetch_add(1, Ordering::Relaxed);
    }

    pub fn uninstall(&self, cluster: &ClusterId, resource: &GroupResource) {
        let mut custom = self.custom.write();
        if let Some(own) = custom.get_mut(cluster) {
            own.versions.remove(resource);
            own.generation = self.generation.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Forgets a cluster that is gone.
    pub fn forget(&self, cluster: &ClusterId) {
        self.custom.write().remove(cluster);
    }

    /// Changes whenever the cluster's own resources do; 0 for one that has none.
    pub fn generation(&self, cluster: &str) -> u64 {
        self.custom.read().get(cluster).map_or(0, |own| own.generation)
    }

    pub fn find(&self, cluster: &str, resource: &GroupResource) -> Option<Versions> {
        if let Some(versions) = self.built_in.get(resource) {
            return Some(versions.clone());
        }
        self.custom.read().get(cluster)?.versions.get(resource).cloned()
    }

    /// The resource in any cluster that has it, for what is read over all of them.
    pub fn find_anywhere(&self, resource: &GroupResource) -> Option<Versions> {
        if let Some(versions) = self.built_in.get(resource) {
            return Some(versions.clone());
        }
        self.custom.read().values().find_map(|own| own.versions.get(resource).cloned())
    }

    pub fn built_in(&self) -> impl Iterator<Item = &Versions> {
        self.built_in.values()
    }

    /// What the cluster defines itself.
    pub fn custom(&self, cluster: &str) -> Vec<Versions> {
        self.custom
            .read()
            .get(cluster)
            .map(|own| own.versions.values().cloned().collect())
            .unwrap_or_default()
    }
}

fn name(versions: &Versions) -> GroupResource {
    let info = versions[0].info();
    GroupResource::new(info.group.clone(), info.resource.clone())
}
