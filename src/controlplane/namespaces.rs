//! The life of namespaces: nothing is created in one that is missing or going, and one that goes takes its content
//! along.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    follow,
    resources::Resources,
    store::{self, ClusterId, GroupResource, Reference, Store},
};
use crate::apiserver::{
    object::Key,
    registry::meta,
    resource::ResourceInfo,
    status::{ApiError, Cause, Details},
};

pub fn resource() -> GroupResource {
    GroupResource::new("", "namespaces")
}

pub fn key(name: &str) -> Key {
    Key { namespace: "".into(), name: name.into() }
}

/// Whether an object may be created in the namespace.
pub fn admit(
    store: &Store,
    cluster: &ClusterId,
    namespace: &str,
    info: &ResourceInfo,
    name: &str,
) -> Result<(), ApiError> {
    let Some(found) = store.get(cluster, &resource(), &key(namespace)) else {
        let message = format!("namespaces {namespace:?} not found");
        let mut error = ApiError::new(StatusCode::NOT_FOUND, "NotFound", message);
        error.details = Some(Box::new(Details {
            name: namespace.into(),
            kind: "namespaces".into(),
            ..Details::default()
        }));
        return Err(error);
    };
    if !meta::is_deleting(&store::value(&found)) {
        return Ok(());
    }
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let qualified = info.qualified();
    let message = format!("{qualified} {name:?} is forbidden: {why}");
    let mut error = ApiError::new(StatusCode::FORBIDDEN, "Forbidden", message);
    let cause = Cause {
        reason: "NamespaceTerminating",
        message: format!("namespace {namespace} is being terminated"),
        field: "metadata.namespace".into(),
    };
    error.details = Some(Box::new(Details {
        name: name.to_owned(),
        group: info.group.to_string(),
        kind: info.resource.to_string(),
        causes: vec![cause],
        ..Details::default()
    }));
    Err(error)
}

/// Empties namespaces that go, until shutdown.
pub async fn run(store: Arc<Store>, resources: Arc<Resources>, shutdown: CancellationToken) {
    let controller = Namespaces { store: store.clone(), resources: resources.clone() };
    follow::drive(store, resources, resource(), controller, shutdown).await;
}

struct Namespaces {
    store: Arc<Store>,
    resources: Arc<Resources>,
}

impl follow::Controller for Namespaces {
    fn finish(&mut self, place: &Reference) -> bool {
        finish(&self.store, &self.resources, &place.cluster, &place.key.name)
    }
}

/// Deletes what is in the namespace; whether it is gone itself.
fn finish(store: &Store, resources: &Resources, cluster: &ClusterId, namespace: &str) -> bool {
    let Some(there) = store.get(cluster, &resource(), &key(namespace)) else { return true };
    if !meta::is_deleting(&store::value(&there)) {
        return true;
    }
    let mut left = false;
    for kind in store.census(cluster).into_keys() {
        if !resources.find(cluster, &kind).is_some_and(|versions| versions[0].info().namespaced) {
            continue;
        }
        let inside = |key: &Key| *key.namespace == *namespace;
        for object in store.list(cluster, &kind).iter().filter(|object| inside(&object.key)) {
            store.delete(cluster, &kind, &object.key);
        }
        left |= store.list(cluster, &kind).iter().any(|object| inside(&object.key));
    }
    if left {
        return false;
    }
    store.edit(cluster, &resource(), &key(namespace), |object| {
        object["spec"]["finalizers"] = json!([]);
        true
    });
    store.get(cluster, &resource(), &key(namespace)).is_none()
}
