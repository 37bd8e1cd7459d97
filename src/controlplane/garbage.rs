//! The garbage collector: objects go after the last of their owners; owners deleted in the foreground wait for
//! their dependents; orphans are let go of.
//!
//! Fed by the store with what may have changed; a pure look at each object decides. As in kube-controller-manager,
//! a namespaced object may be owned by objects of its namespace or by cluster-scoped ones.

use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::store::{self, Reference, Store};
use crate::apiserver::registry::meta;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Runs until shutdown.
pub async fn run(store: Arc<Store>, shutdown: CancellationToken) {
    let mut changes = store.subscribe();
    // Owners that wait for dependents, looked at again with every change.
    let mut waiting: Vec<Reference> = Vec::new();
    loop {
        changes.mark_unchanged();
        let mut due = store.take_orphans();
        due.append(&mut waiting);
        due.sort();
        due.dedup();
        for place in due {
            if look(&store, &place) {
                waiting.push(place);
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}

/// Does what is due for one object; whether it has to be looked at again.
fn look(store: &Store, place: &Reference) -> bool {
    let Some(object) = store.get(&place.cluster, &place.resource, &place.key) else { return false };
    let object = store::value(&object);
    let finalizers = meta::finalizers(&object);
    if meta::is_deleting(&object) && finalizers.contains(&ORPHAN) {
        let_go(store, &object);
        remove_finalizer(store, place, ORPHAN);
        return false;
    }
    if meta::is_deleting(&object) && finalizers.contains(&FOREGROUND) {
        return !foreground(store, place, &object);
    }
    if !meta::is_deleting(&object) && is_orphan(store, &object) {
        store.delete(&place.cluster, &place.resource, &place.key);
    }
    false
}

/// Whether the object has owners and none of them is there.
fn is_orphan(store: &Store, object: &Value) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    !owners.is_empty()
        && !owners.iter().any(|owner| owner["uid"].as_str().is_some_and(|uid| store.lives(uid)))
}

/// Deletes the dependents; whether the owner is free to go.
fn foreground(store: &Store, place: &Reference, owner: &Value) -> bool {
    let uid = meta::text(owner, "uid");
    let mut blocked = false;
    for dependent in store.dependents(uid) {
        let Some(object) = store.get(&dependent.cluster, &dependent.resource, &dependent.key) else {
            continue;
        };
        let object = store::value(&object);
        blocked |= blocks(&object, uid);
        if !meta::is_deleting(&object) {
            store.edit(&dependent.cluster, &dependent.resource, &dependent.key, |object| {
                add_finalizer(object, FOREGROUND);
                true
            });
            store.delete(&dependent.cluster, &dependent.resource, &dependent.key);
        }
    }
    // Those that only now went are gone from the index, too.
    let left = store.dependents(uid);
    if !left.is_empty() && blocked {
        return false;
    }
    remove_finalizer(store, place, FOREGROUND);
    true
}

/// Whether the dependent holds its owner back.
fn blocks(object: &Value, uid: &str) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    owners.iter().any(|owner| owner["uid"] == uid && owner["blockOwnerDeletion"] == true)
}

/// Takes the owner out of its dependents.
fn let_go(store: &Store, owner: &Value) {
    let uid = meta::text(owner, "uid");
    for dependent in store.dependents(uid) {
        store.edit(&dependent.cluster, &dependent.resource, &dependent.key, |object| {
            let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() else { return false };
            owners.retain(|owner| owner["uid"] != uid);
            if owners.is_empty() {
                meta::set(object, "ownerReferences", Value::Null);
            }
            true
        });
    }
}

fn add_finalizer(object: &mut Value, finalizer: &str) {
    let mut finalizers: Vec<String> = meta::finalizers(object).into_iter().map(str::to_owned).collect();
    if !finalizers.iter().any(|there| there == finalizer) {
        finalizers.push(finalizer.to_owned());
    }
    meta::set(object, "finalizers", finalizers.into());
}

fn remove_finalizer(store: &Store, place: &Reference, finalizer: &str) {
    store.edit(&place.cluster, &place.resource, &place.key, |object| {
        let left: Vec<_> = meta::finalizers(object)
            .into_iter()
            .filter(|there| *there != finalizer)
            .map(|there| Value::from(there.to_owned()))
            .collect();
        let value = if left.is_empty() { Value::Null } else { left.into() };
        meta::set(object, "finalizers", value);
        true
    });
}
