//! Keeps the row hints in step with the cluster's RBAC objects. Hints only say which names to ask about.

use std::{collections::HashMap, sync::Arc};

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::{
    apiserver::access::hints::RbacHints,
    informers::{Change, Event, RawObject, Resource},
};

pub const CLUSTER_ROLES: Resource = rbac("clusterroles");
pub const CLUSTER_ROLE_BINDINGS: Resource = rbac("clusterrolebindings");
/// Events taken at once; the hints are made anew once per batch.
const BATCH: usize = 256;

const fn rbac(plural: &'static str) -> Resource {
    Resource { group: "rbac.authorization.k8s.io", version: "v1", plural, namespace: None }
}

/// Objects of one kind by name, decoded; `None` until the first complete list.
struct Objects<T>(Option<HashMap<String, T>>);

impl<T: DeserializeOwned + Clone> Objects<T> {
    fn take(&mut self, change: Change) {
        match change {
            Change::Reset(objects) => self.0 = Some(objects.iter().filter_map(decoded).collect()),
            Change::Apply(object) => {
                let known = self.0.get_or_insert_default();
                match decoded(&object) {
                    Some((name, value)) => known.insert(name, value),
                    None => known.remove(&object.meta.name),
                };
            }
            Change::Delete(object) => {
                self.0.get_or_insert_default().remove(&object.meta.name);
            }
            Change::Fresh | Change::NotInstalled | Change::Unavailable(_) => {}
        }
    }

    fn all(&self) -> Option<Vec<T>> {
        Some(self.0.as_ref()?.values().cloned().collect())
    }
}

/// An RBAC object that does not decode grants nothing we could hint at.
fn decoded<T: DeserializeOwned>(object: &RawObject) -> Option<(String, T)> {
    Some((object.meta.name.clone(), serde_json::from_str(object.json.get()).ok()?))
}

/// Runs until the sources are gone.
pub async fn feed(mut events: mpsc::Receiver<Event>, hints: Arc<RbacHints>) {
    let mut roles: Objects<ClusterRole> = Objects(None);
    let mut bindings: Objects<ClusterRoleBinding> = Objects(None);
    let mut batch = Vec::with_capacity(BATCH);
    while events.recv_many(&mut batch, BATCH).await > 0 {
        let mut changed = false;
        for Event { resource, change, .. } in batch.drain(..) {
            changed |= matches!(change, Change::Reset(_) | Change::Apply(_) | Change::Delete(_));
            if resource == CLUSTER_ROLES { roles.take(change) } else { bindings.take(change) }
        }
        if !changed {
            continue;
        }
        if let (Some(roles), Some(bindings)) = (roles.all(), bindings.all()) {
            hints.replace(&roles, &bindings);
        }
    }
}
