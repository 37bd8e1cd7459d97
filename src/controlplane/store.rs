//! All objects of all logical clusters, in memory, with one version counter and one log per cluster, resource
//! and served version; and one more over all clusters.
//!
//! Written by the registries of `apiserver` and by the controllers beside this file. It knows keys and versions,
//! not what the objects mean.

mod collection;
mod encode;
mod handle;
mod owners;
mod state;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;

use crate::apiserver::{
    log::{ResourceLog, RingLimits},
    object::{Key, Object},
    registry::{
        meta,
        store::{Change, Refused},
    },
    snapshot::Snapshot,
    strategy::Strategy,
};
pub use encode::CLUSTER_ANNOTATION;
pub use handle::{Handle, Stored};
use owners::Owners;
pub use owners::Reference;
use state::{State, advance};

/// The id of a logical cluster: `root`, or 16 letters and digits.
pub type ClusterId = Arc<str>;

/// A resource whatever its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupResource {
    pub group: String,
    pub resource: String,
}

impl GroupResource {
    pub fn new(group: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { group: group.into(), resource: resource.into() }
    }
}

/// The served versions of one resource; the first is the one objects are kept in.
pub type Versions = Arc<[Arc<dyn Strategy>]>;

/// The rings of a control plane are smaller than a server's: there is one for each resource and workspace.
const RING: RingLimits = RingLimits { events: 4_096, bytes: 16 << 20 };

/// Every object there is.
pub struct Store {
    state: Mutex<State>,
    /// The last version, for who waits for any change at all.
    changed: watch::Sender<u64>,
}

impl Store {
    /// Versions begin at the clock's microseconds, so that they are above those of an earlier run.
    pub fn new() -> Self {
        let micros = u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or(1);
        let state = State {
            version: micros,
            collections: HashMap::new(),
            across: HashMap::new(),
            owners: Owners::default(),
        };
        Self { state: Mutex::new(state), changed: watch::Sender::new(micros) }
    }

    /// The log of one served version of a resource in one cluster, at the newest version there is.
    pub fn log(&self, cluster: &ClusterId, versions: &Versions, version: &str) -> Option<Arc<ResourceLog>> {
        let mut state = self.state.lock();
        let now = state.version;
        let collection = state.collection(cluster, versions);
        let log = collection.log(version)?;
        advance(&log, now);
        Some(log)
    }

    /// The same over all clusters; objects have keys [`across`](Key::across) them.
    pub fn log_across(&self, versions: &Versions, version: &str) -> Option<Arc<ResourceLog>> {
        let mut state = self.state.lock();
        let strategy = versions.iter().find(|strategy| *strategy.info().version == *version)?;
        let info = strategy.info();
        let name = [info.group.to_string(), version.to_owned(), info.resource.to_string()];
        let now = state.version;
        if let Some(log) = state.across.get(&name) {
            advance(log, now);
            return Some(log.clone());
        }
        let resource = GroupResource::new(name[0].clone(), name[2].clone());
        let log = Arc::new(ResourceLog::new(RING));
        let mut snapshot = Snapshot::default();
        for ((cluster, _), collection) in state.collections.iter().filter(|((_, r), _)| *r == resource) {
            let Some(own) = collection.log(version) else { continue };
            for object in own.snapshot().iter() {
                snapshot.put(Arc::new(object.moved(object.key.across(cluster))));
            }
        }
        log.reset(snapshot, now);
        state.across.insert(name, log.clone());
        Some(log)
    }

    /// Makes one change, and returns the object as each version shows it.
    pub fn commit(
        &self,
        cluster: &ClusterId,
        versions: &Versions,
        key: &Key,
        change: Change,
    ) -> Result<Vec<Arc<Object>>, Refused> {
        let mut state = self.state.lock();
        state.collection(cluster, versions);
        let info = versions[0].info();
        let resource = GroupResource::new(info.group.clone(), info.resource.clone());
        let objects = state.commit(cluster, &resource, key, change)?;
        self.changed.send_replace(state.version);
        Ok(objects)
    }

    /// The object as it is kept.
    pub fn get(&self, cluster: &ClusterId, resource: &GroupResource, key: &Key) -> Option<Arc<Object>> {
        let state = self.state.lock();
        state.collections.get(&(cluster.clone(), resource.clone()))?.first().snapshot().get(key).cloned()
    }

    /// All objects of a resource as they are kept.
    pub fn list(&self, cluster: &ClusterId, resource: &GroupResource) -> Arc<Snapshot> {
        let state = self.state.lock();
        let collection = state.collections.get(&(cluster.clone(), resource.clone()));
        collection.map(|collection| collection.first().snapshot()).unwrap_or_default()
    }

    /// Changes an object in place, for controllers; the new state goes without validation. Nothing happens when
    /// the object is not there or the edit says that it changed nothing.
    pub fn edit(
        &self,
        cluster: &ClusterId,
        resource: &GroupResource,
        key: &Key,
        edit: impl FnOnce(&mut Value) -> bool,
    ) -> Option<Arc<Object>> {
        let mut state = self.state.lock();
        let collection = state.collections.get(&(cluster.clone(), resource.clone()))?;
        let there = collection.first().snapshot().get(key)?.clone();
        let mut object = encode::value(&there);
        if !edit(&mut object) {
            return None;
        }
        let gone =
            !object["metadata"]["deletionTimestamp"].is_null() && collection.strategy().finalized(&object);
        let version = there.resource_version;
        let change = if gone { Change::Remove(version, object) } else { Change::Replace(version, object) };
        let objects = state.commit(cluster, resource, key, change).ok()?;
        self.changed.send_replace(state.version);
        objects.into_iter().next()
    }

    /// Deletes an object as a client's request would, for controllers: what has finalizers only begins to go.
    pub fn delete(&self, cluster: &ClusterId, resource: &GroupResource, key: &Key) {
        let strategy = {
            let state = self.state.lock();
            let collection = state.collections.get(&(cluster.clone(), resource.clone()));
            collection.map(|collection| collection.strategy().clone())
        };
        let Some(strategy) = strategy else { return };
        self.edit(cluster, resource, key, |object| {
            if !meta::is_deleting(object) {
                meta::set(object, "deletionTimestamp", meta::now().into());
                meta::set(object, "deletionGracePeriodSeconds", 0.into());
                strategy.prepare_delete(object);
                return true;
            }
            strategy.finalized(object)
        });
    }

    /// Changes with every commit.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// What the garbage collector has to look at since it asked last.
    pub fn take_orphans(&self) -> Vec<Reference> {
        self.state.lock().owners.take()
    }

    /// The objects that name one of this uid among their owners.
    pub fn dependents(&self, uid: &str) -> Vec<Reference> {
        self.state.lock().owners.dependents(uid)
    }

    /// Whether an object of this uid is there.
    pub fn lives(&self, uid: &str) -> bool {
        self.state.lock().owners.lives(uid)
    }

    /// How many objects of each resource a cluster holds; resources without any are left out.
    pub fn census(&self, cluster: &ClusterId) -> BTreeMap<GroupResource, usize> {
        let state = self.state.lock();
        let own = state.collections.iter().filter(|((owner, _), _)| owner == cluster);
        own.map(|((_, resource), collection)| (resource.clone(), collection.len()))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// Forgets a cluster that is gone, and ends its watches; its objects must have been deleted before.
    pub fn forget(&self, cluster: &ClusterId) {
        self.forget_if(|(owner, _)| owner == cluster);
    }

    /// Forgets a resource of one cluster, as when its definition goes.
    pub fn forget_resource(&self, cluster: &ClusterId, resource: &GroupResource) {
        self.forget_if(|(owner, there)| owner == cluster && there == resource);
    }

    fn forget_if(&self, gone: impl Fn(&(ClusterId, GroupResource)) -> bool) {
        let mut state = self.state.lock();
        // A version nobody has seen, so that no watch can go on from where it is.
        state.version += 1;
        let after = state.version;
        state.collections.retain(|name, collection| {
            let gone = gone(name);
            if gone {
                collection.close(after);
            }
            !gone
        });
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

/// The object as a value, without what the store itself has put there.
pub fn value(object: &Object) -> Value {
    encode::value(object)
}
