//! Follows the CustomResourceDefinitions of every logical cluster: gives them their status, serves what they define,
//! and takes their objects along when they go.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    definitions, follow,
    resources::Resources,
    store::{self, ClusterId, GroupResource, Reference, Store, Versions},
};
use crate::apiserver::{registry::meta, strategy::Strategy};

pub fn resource() -> GroupResource {
    GroupResource::new("apiextensions.k8s.io", "customresourcedefinitions")
}

/// Runs until shutdown.
pub async fn run(store: Arc<Store>, resources: Arc<Resources>, shutdown: CancellationToken) {
    let controller =
        Definitions { store: store.clone(), resources: resources.clone(), served: HashMap::new() };
    follow::drive(store, resources, resource(), controller, shutdown).await;
}

struct Definitions {
    store: Arc<Store>,
    resources: Arc<Resources>,
    /// Uid, generation and accepted names of what is served of each definition.
    served: HashMap<Reference, (String, i64, Value)>,
}

impl Definitions {
    fn definition(&self, place: &Reference) -> Option<Value> {
        Some(store::value(&*self.store.get(&place.cluster, &place.resource, &place.key)?))
    }

    fn establish(&mut self, place: &Reference) {
        let Some(mut definition) = self.definition(place) else { return };
        let all = self.store.list(&place.cluster, &place.resource);
        let others: Vec<Value> =
            all.iter().filter(|other| other.key != place.key).map(|other| store::value(other)).collect();
        let others: Vec<&Value> = others.iter().collect();
        let next = definitions::next_status(&definition, &others, &meta::now());
        if let Some(status) = &next {
            definition["status"] = status.clone();
        }
        self.serve(place, &definition);
        // Who reads that it is established may use it at once: it is served by now.
        if let Some(status) = next {
            self.store.edit(&place.cluster, &place.resource, &place.key, |object| {
                object["status"] = status;
                true
            });
        }
    }

    /// Serves what an established definition defines, unless it is served already.
    fn serve(&mut self, place: &Reference, definition: &Value) {
        let identity = (
            meta::text(definition, "uid").to_owned(),
            definition["metadata"]["generation"].as_i64().unwrap_or_default(),
            definition["status"]["acceptedNames"].clone(),
        );
        if !definitions::is_established(definition) || self.served.get(place) == Some(&identity) {
            return;
        }
        match definitions::strategies(definition) {
            Ok(strategies) if !strategies.is_empty() => {
                let versions: Versions =
                    strategies.into_iter().map(|strategy| strategy as Arc<dyn Strategy>).collect();
                self.resources.install(&place.cluster, versions);
                self.served.insert(place.clone(), identity);
            }
            Ok(_) => self.withdraw(place, definition),
            Err(error) => tracing::error!(%error, name = &*place.key.name, "a definition cannot be served"),
        }
    }

    /// Serves the definition no longer.
    fn withdraw(&mut self, place: &Reference, definition: &Value) {
        if self.served.remove(place).is_some() {
            let defined = defined(definition);
            self.resources.uninstall(&place.cluster, &defined);
            self.store.forget_resource(&place.cluster, &defined);
        }
    }

    fn empty(&self, cluster: &ClusterId, defined: &GroupResource) -> bool {
        for object in self.store.list(cluster, defined).iter() {
            self.store.delete(cluster, defined, &object.key);
        }
        self.store.list(cluster, defined).is_empty()
    }
}

impl follow::Controller for Definitions {
    fn stays(&mut self, place: &Reference) {
        self.establish(place);
    }

    fn gone(&mut self, place: &Reference, definition: &Value) {
        self.withdraw(place, definition);
    }

    /// Deletes the objects of a definition that goes; whether it is gone.
    fn finish(&mut self, place: &Reference) -> bool {
        let Some(definition) = self.definition(place) else { return true };
        if !meta::is_deleting(&definition) {
            return true;
        }
        let defined = defined(&definition);
        if self.served.contains_key(place) && !self.empty(&place.cluster, &defined) {
            return false;
        }
        self.store.edit(&place.cluster, &place.resource, &place.key, |object| {
            let next = definitions::without_instances(object, &meta::now());
            let changed = next != *object;
            *object = next;
            changed
        });
        self.definition(place).is_none()
    }
}

/// The resource a definition is of.
fn defined(definition: &Value) -> GroupResource {
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    GroupResource::new(text(&spec["group"]), text(&spec["names"]["plural"]))
}
