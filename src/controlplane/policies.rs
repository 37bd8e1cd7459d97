//! The RBAC objects of each logical cluster, decoded once for each of their versions.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use super::{
    rbac::{self, Kind, Policy},
    store::{self, ClusterId, GroupResource, Store},
    workspaces::Workspaces,
};
use crate::apiserver::snapshot::Snapshot;

const GROUP: &str = "rbac.authorization.k8s.io";

type Snapshots = [Arc<Snapshot>; 4];

pub struct Policies {
    store: Arc<Store>,
    workspaces: Arc<Workspaces>,
    decoded: Mutex<HashMap<ClusterId, (Snapshots, Arc<Policy>)>>,
}

impl Policies {
    pub fn new(store: Arc<Store>, workspaces: Arc<Workspaces>) -> Self {
        Self { store, workspaces, decoded: Mutex::default() }
    }
}

impl rbac::Policies for Policies {
    fn policy(&self, cluster: &str) -> Option<Arc<Policy>> {
        let cluster: ClusterId = cluster.into();
        if !self.workspaces.exists(&cluster) {
            self.decoded.lock().remove(&cluster);
            return None;
        }
        let snapshots =
            Kind::ALL.map(|kind| self.store.list(&cluster, &GroupResource::new(GROUP, kind.resource())));
        if let Some((known, policy)) = self.decoded.lock().get(&cluster)
            && known.iter().zip(&snapshots).all(|(known, now)| same_content(known, now))
        {
            return Some(policy.clone());
        }
        let policy = Arc::new(decode(&snapshots));
        self.decoded.lock().insert(cluster, (snapshots, policy.clone()));
        Some(policy)
    }
}

/// A snapshot may move on to a later version without any change.
fn same_content(one: &Snapshot, other: &Snapshot) -> bool {
    let ids = |snapshot: &Snapshot| snapshot.segments().iter().map(|segment| segment.id).collect::<Vec<_>>();
    one.resource_version == other.resource_version || ids(one) == ids(other)
}

fn decode(snapshots: &Snapshots) -> Policy {
    let mut policy = Policy::default();
    for (kind, snapshot) in Kind::ALL.into_iter().zip(snapshots) {
        for object in snapshot.iter() {
            // The kinds' own validation lets nothing in that does not decode.
            if let Err(error) = policy.put(kind, &store::value(object)) {
                tracing::error!(%error, name = &*object.key.name, "an RBAC object grants nothing");
            }
        }
    }
    policy
}
