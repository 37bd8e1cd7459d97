//! What a logical cluster holds from its first moment: its LogicalCluster, the namespace `default` and the policy
//! that lets anybody in.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Workspace, logical_clusters};
use crate::{
    apiserver::{
        object::{Key, Object},
        registry::{
            meta,
            store::{Change, Refused},
        },
    },
    controlplane::{
        namespaces, rbac,
        resources::Resources,
        store::{ClusterId, GroupResource, Store},
    },
};

/// Creates an object as a client's request would, without validation; what is there already stays.
pub fn create(
    store: &Store,
    resources: &Resources,
    cluster: &ClusterId,
    resource: &GroupResource,
    mut object: Value,
) -> Option<Arc<Object>> {
    let versions = resources.find(cluster, resource)?;
    let strategy = &versions[0];
    meta::set(&mut object, "uid", uuid::Uuid::new_v4().to_string().into());
    meta::set(&mut object, "creationTimestamp", meta::now().into());
    if strategy.has_generation() {
        meta::set(&mut object, "generation", json!(1));
    }
    object["kind"] = strategy.info().kind.as_ref().into();
    strategy.default(&mut object);
    let status = object.get("status").cloned();
    strategy.prepare_create(&mut object);
    if let Some(status) = status {
        object["status"] = status;
    }
    let key =
        Key { namespace: meta::text(&object, "namespace").into(), name: meta::text(&object, "name").into() };
    match store.commit(cluster, &versions, &key, Change::Create(object)) {
        Ok(objects) => objects.into_iter().next(),
        Err(Refused::Exists(there)) => Some(there),
        Err(_) => None,
    }
}

/// Where a new logical cluster comes from.
pub struct Origin {
    /// `spec.owner` of the LogicalCluster: its Workspace object.
    pub workspace: Value,
    /// Who made that, and becomes the administrator.
    pub user: Option<String>,
}

/// Fills a new logical cluster. The root has no origin.
pub fn seed(store: &Store, resources: &Resources, workspace: &Workspace, origin: Option<Origin>) {
    let mut logical_cluster = json!({
        "metadata": {"name": "cluster", "annotations": {"kcp.io/path": &*workspace.path}},
        "spec": {},
        "status": {"phase": "Ready"},
    });
    let user = origin.as_ref().and_then(|origin| origin.user.clone());
    if let Some(origin) = origin {
        logical_cluster["spec"]["owner"] = origin.workspace;
    }
    create(store, resources, &workspace.id, &logical_clusters(), logical_cluster);
    let default = json!({"metadata": {"name": "default"}});
    create(store, resources, &workspace.id, &namespaces::resource(), default);
    for (kind, object) in rbac::bootstrap::objects(rbac::Door::Access) {
        let resource = GroupResource::new("rbac.authorization.k8s.io", kind.resource());
        create(store, resources, &workspace.id, &resource, object);
    }
    if let Some(user) = user {
        let bindings = GroupResource::new("rbac.authorization.k8s.io", "clusterrolebindings");
        let binding = rbac::bootstrap::workspace_admin("User", &user);
        create(store, resources, &workspace.id, &bindings, binding);
    }
}
