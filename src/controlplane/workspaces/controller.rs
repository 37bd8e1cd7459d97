//! Makes a logical cluster for each Workspace object, and empties it when the object goes.

use std::sync::Arc;

use rand::RngExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{OWNER_ANNOTATION, Origin, Workspace, Workspaces, seed::seed, workspaces};
use crate::{
    apiserver::{object::Key, registry::meta},
    controlplane::{
        follow, namespaces,
        resources::Resources,
        store::{self, ClusterId, GroupResource, Reference, Store},
    },
    security::rules::LEASE_NAMESPACE,
};

/// Holds a Workspace until its logical cluster is empty.
const FINALIZER: &str = "core.kcp.io/logicalcluster";
const ID_LENGTH: usize = 16;
const ID_ALPHABET: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Runs until shutdown. `server` is the URL that the paths of workspaces are put behind.
pub async fn run(
    store: Arc<Store>,
    resources: Arc<Resources>,
    tree: Arc<Workspaces>,
    server: String,
    shutdown: CancellationToken,
) {
    let controller = Controller { store: store.clone(), resources: resources.clone(), tree, server };
    follow::drive(store, resources, workspaces(), controller, shutdown).await;
}

struct Controller {
    store: Arc<Store>,
    resources: Arc<Resources>,
    tree: Arc<Workspaces>,
    server: String,
}

impl Controller {
    fn object(&self, place: &Reference) -> Option<Value> {
        Some(store::value(&*self.store.get(&place.cluster, &place.resource, &place.key)?))
    }

    /// Gives a new Workspace its logical cluster.
    fn make(&self, place: &Reference) {
        let Some(object) = self.object(place) else { return };
        if !object["spec"]["cluster"].as_str().unwrap_or_default().is_empty() {
            return;
        }
        let Some(above) = self.tree.path(&place.cluster) else { return };
        let workspace = Workspace { id: new_id().into(), path: format!("{above}:{}", place.key.name).into() };
        let owned_by = json!({
            "apiVersion": "tenancy.kcp.io/v1alpha1",
            "resource": "workspaces",
            "name": &*place.key.name,
            "cluster": &*place.cluster,
            "uid": meta::text(&object, "uid"),
        });
        let noted = object["metadata"]["annotations"][OWNER_ANNOTATION].as_str().unwrap_or_default();
        let noted: Value = serde_json::from_str(noted).unwrap_or_default();
        let origin = Origin { workspace: owned_by, user: noted["username"].as_str().map(str::to_owned) };
        seed(&self.store, &self.resources, &workspace, Some(origin));
        let url = format!("{}/clusters/{}", self.server, workspace.path);
        let id = workspace.id.clone();
        self.tree.add(workspace);
        self.store.edit(&place.cluster, &place.resource, &place.key, |object| {
            let mut finalizers: Vec<_> = meta::finalizers(object).into_iter().map(str::to_owned).collect();
            finalizers.push(FINALIZER.to_owned());
            meta::set(object, "finalizers", finalizers.into());
            object["spec"]["cluster"] = (*id).into();
            object["spec"]["URL"] = url.into();
            object["status"] = json!({"phase": "Ready"});
            true
        });
    }

    /// Deletes everything in a logical cluster; whether nothing is left. What lets others help with what is stuck goes
    /// last.
    fn empty(&self, id: &ClusterId) -> bool {
        self.delete(id, |kind, key| !helps(kind, key)) && self.delete(id, |_, _| true)
    }

    /// Deletes what is chosen; whether none of it is left.
    fn delete(&self, id: &ClusterId, chosen: impl Fn(&GroupResource, &Key) -> bool) -> bool {
        let chosen = || {
            let kinds = self.store.census(id).into_keys();
            kinds.flat_map(|kind| {
                let objects = self.store.list(id, &kind);
                let keys = objects.iter().map(|object| object.key.clone()).filter(|key| chosen(&kind, key));
                keys.map(|key| (kind.clone(), key)).collect::<Vec<_>>()
            })
        };
        chosen().for_each(|(kind, key)| self.store.delete(id, &kind, &key));
        chosen().next().is_none()
    }
}

/// Whether others may need the object to let go of what they hold: policy, and where syncers have their accounts and
/// their Leases. Without them a syncer could not release its objects, and the workspace would never go.
fn helps(kind: &GroupResource, key: &Key) -> bool {
    let is_place = *kind == namespaces::resource() && &*key.name == LEASE_NAMESPACE;
    &*kind.group == "rbac.authorization.k8s.io" || is_place || &*key.namespace == LEASE_NAMESPACE
}

impl follow::Controller for Controller {
    fn stays(&mut self, place: &Reference) {
        self.make(place);
    }

    /// Empties the logical cluster of a Workspace that goes; whether both are gone.
    fn finish(&mut self, place: &Reference) -> bool {
        let Some(object) = self.object(place) else { return true };
        let id: ClusterId = object["spec"]["cluster"].as_str().unwrap_or_default().into();
        if self.tree.exists(&id) && !self.empty(&id) {
            return false;
        }
        self.tree.remove(&id);
        self.store.forget(&id);
        self.resources.forget(&id);
        self.store.edit(&place.cluster, &place.resource, &place.key, |object| {
            let left: Vec<_> = meta::finalizers(object)
                .into_iter()
                .filter(|there| *there != FINALIZER)
                .map(str::to_owned)
                .collect();
            meta::set(object, "finalizers", if left.is_empty() { Value::Null } else { left.into() });
            true
        });
        self.object(place).is_none()
    }
}

fn new_id() -> String {
    let mut random = rand::rng();
    (0..ID_LENGTH).map(|_| char::from(ID_ALPHABET[random.random_range(0..ID_ALPHABET.len())])).collect()
}
