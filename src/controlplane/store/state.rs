//! What the store holds under its lock, and the one place where versions are minted.

use std::{collections::HashMap, sync::Arc};

use super::{
    ClusterId, GroupResource, Reference, Versions,
    collection::{self, Collection},
    owners::Owners,
};
use crate::apiserver::{
    log::ResourceLog,
    object::{Key, Object},
    registry::store::{Change, Refused},
};

pub(super) struct State {
    /// The last version that was given out.
    pub(super) version: u64,
    pub(super) collections: HashMap<(ClusterId, GroupResource), Collection>,
    /// By group, version and resource.
    pub(super) across: HashMap<[String; 3], Arc<ResourceLog>>,
    pub(super) owners: Owners,
}

impl State {
    pub(super) fn collection(&mut self, cluster: &ClusterId, versions: &Versions) -> &mut Collection {
        let info = versions[0].info();
        let name = (cluster.clone(), GroupResource::new(info.group.clone(), info.resource.clone()));
        let base = self.version;
        let collection = self.collections.entry(name).or_insert_with(|| Collection::new(versions, base));
        collection.serve(versions, cluster, base);
        collection
    }
}

impl State {
    pub(super) fn commit(
        &mut self,
        cluster: &ClusterId,
        resource: &GroupResource,
        key: &Key,
        change: Change,
    ) -> Result<Vec<Arc<Object>>, Refused> {
        let version = self.version + 1;
        let name = (cluster.clone(), resource.clone());
        let collection = self.collections.get_mut(&name).ok_or(Refused::Missing)?;
        let events = collection.commit(cluster, key, change, version)?;
        self.version = version;
        let mut objects = Vec::with_capacity(events.len());
        for (info, event) in events {
            if objects.is_empty() {
                let place =
                    Reference { cluster: cluster.clone(), resource: resource.clone(), key: key.clone() };
                self.owners.note(place, &event);
            }
            objects.push(event.object.clone());
            let name = [info.group.to_string(), info.version.to_string(), info.resource.to_string()];
            if let Some(log) = self.across.get(&name) {
                collection::publish(log, collection::moved(&event, cluster));
            }
        }
        Ok(objects)
    }
}

/// Moves a log on to a version at which nothing of it has changed.
pub(super) fn advance(log: &ResourceLog, version: u64) {
    if log.head() < version {
        log.publish(Vec::new(), (*log.snapshot()).clone(), version);
    }
}
