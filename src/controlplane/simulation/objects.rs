//! The objects of one simulated cluster, as its controllers and its syncer use them.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Deployment,
    StatefulSet,
    Service,
    ConfigMap,
    Secret,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::Deployment, Self::StatefulSet, Self::Service, Self::ConfigMap, Self::Secret];

    pub fn group(self) -> &'static str {
        match self {
            Self::Deployment | Self::StatefulSet => "apps",
            Self::Service | Self::ConfigMap | Self::Secret => "",
        }
    }

    /// Plural.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::Service => "services",
            Self::ConfigMap => "configmaps",
            Self::Secret => "secrets",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::Service => "Service",
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

pub trait Objects: Send + Sync + 'static {
    /// All objects of a kind, of all namespaces.
    fn list(&self, kind: Kind) -> Vec<Arc<Value>>;

    /// Changes an object in place, unless it is gone or `edit` says that nothing changed.
    fn edit(&self, kind: Kind, namespace: &str, name: &str, edit: &mut dyn FnMut(&mut Value) -> bool);

    /// Changes whenever one of them may have changed.
    fn changes(&self) -> watch::Receiver<u64>;
}

#[cfg(test)]
pub mod fake {
    //! A cluster of a test.

    use std::collections::BTreeMap;

    use parking_lot::Mutex;
    use serde_json::json;

    use super::*;

    type Place = (&'static str, String, String);

    pub struct Cluster {
        objects: Mutex<BTreeMap<Place, Arc<Value>>>,
        changes: watch::Sender<u64>,
    }

    impl Default for Cluster {
        fn default() -> Self {
            Self { objects: Mutex::default(), changes: watch::Sender::new(0) }
        }
    }

    impl Cluster {
        pub fn put(&self, kind: Kind, name: &str, spec: Value) {
            let place = (kind.resource(), "shop".to_owned(), name.to_owned());
            let version = *self.changes.borrow() + 1;
            let known = self.objects.lock().get(&place).cloned();
            let mut object = known.map_or_else(|| json!({}), |known| (*known).clone());
            let generation = object["metadata"]["generation"].as_u64().unwrap_or_default() + 1;
            object["spec"] = spec;
            object["metadata"] = json!({
                "namespace": "shop", "name": name, "uid": format!("{}-{name}", kind.resource()),
                "resourceVersion": version.to_string(), "generation": generation,
                "creationTimestamp": "2026-03-01T00:00:00Z",
            });
            self.objects.lock().insert(place, Arc::new(object));
            self.changes.send_replace(version);
        }

        pub fn get(&self, kind: Kind, name: &str) -> Value {
            let place = (kind.resource(), "shop".to_owned(), name.to_owned());
            self.objects.lock().get(&place).map(|object| (**object).clone()).unwrap_or_default()
        }

        /// Changes so far.
        pub fn version(&self) -> u64 {
            *self.changes.borrow()
        }
    }

    impl Objects for Cluster {
        fn list(&self, kind: Kind) -> Vec<Arc<Value>> {
            let objects = self.objects.lock();
            objects
                .iter()
                .filter(|(place, _)| place.0 == kind.resource())
                .map(|(_, object)| object.clone())
                .collect()
        }

        fn edit(&self, kind: Kind, namespace: &str, name: &str, edit: &mut dyn FnMut(&mut Value) -> bool) {
            let place = (kind.resource(), namespace.to_owned(), name.to_owned());
            let mut objects = self.objects.lock();
            let Some(known) = objects.get(&place) else { return };
            let mut object = (**known).clone();
            if edit(&mut object) {
                let version = *self.changes.borrow() + 1;
                object["metadata"]["resourceVersion"] = json!(version.to_string());
                objects.insert(place, Arc::new(object));
                self.changes.send_replace(version);
            }
        }

        fn changes(&self) -> watch::Receiver<u64> {
            self.changes.subscribe()
        }
    }
}
