//! The objects of one logical cluster of an embedded control plane, as those of a simulated physical cluster.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use super::objects::{Kind, Objects};
use crate::{
    apiserver::object::Key,
    controlplane::store::{self, ClusterId, GroupResource, Store},
};

pub struct StoreObjects {
    store: Arc<Store>,
    cluster: ClusterId,
}

impl StoreObjects {
    pub fn new(store: Arc<Store>, cluster: ClusterId) -> Self {
        Self { store, cluster }
    }
}

fn resource(kind: Kind) -> GroupResource {
    GroupResource::new(kind.group(), kind.resource())
}

impl Objects for StoreObjects {
    fn list(&self, kind: Kind) -> Vec<Arc<Value>> {
        let list = self.store.list(&self.cluster, &resource(kind));
        let with_version = |object: &Arc<_>| {
            let mut value = store::value(object);
            value["metadata"]["resourceVersion"] = object.resource_version.to_string().into();
            Arc::new(value)
        };
        list.iter().map(with_version).collect()
    }

    fn edit(&self, kind: Kind, namespace: &str, name: &str, edit: &mut dyn FnMut(&mut Value) -> bool) {
        let key = Key { namespace: namespace.into(), name: name.into() };
        self.store.edit(&self.cluster, &resource(kind), &key, edit);
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.store.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use tokio::task::JoinSet;

    use super::*;
    use crate::{
        apiserver::{registry::store::Change, schema::Schema},
        controlplane::{
            kinds::{self, addresses::Counted},
            simulation::{Mode, workloads::Workloads},
            store::Versions,
        },
        liveness::clock::PausedClock,
    };

    fn deployments() -> Versions {
        let schema = |_: &str, _: &str, _: &str| Arc::new(Schema::anything());
        let all = kinds::all(&schema, &(Arc::new(Counted::default()) as Arc<_>));
        Versions::from([all.into_iter().find(|kind| kind.info().resource == "deployments").unwrap()])
    }

    #[tokio::test(start_paused = true)]
    async fn a_deployment_of_the_store_rolls_out() {
        let (store, cluster): (_, ClusterId) = (Arc::new(Store::new()), "east".into());
        let object = json!({
            "kind": "Deployment",
            "metadata": {"namespace": "shop", "name": "web", "uid": "u1", "generation": 1},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [{"image": "web:1"}]}}},
        });
        let key = Key { namespace: "shop".into(), name: "web".into() };
        store.commit(&cluster, &deployments(), &key, Change::Create(object)).unwrap();
        let objects = Arc::new(StoreObjects::new(store.clone(), cluster.clone()));
        let (_mode, mode) = watch::channel(Mode::Healthy);
        let mut tasks = JoinSet::new();
        tasks.spawn(Workloads::new(objects.clone(), Arc::new(PausedClock::default()), mode).run());
        tokio::time::sleep(Duration::from_secs(5)).await;

        let found = objects.list(Kind::Deployment).pop().unwrap();
        assert_eq!(found["status"]["availableReplicas"], 2, "{found}");
        assert_eq!(found["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
        assert_eq!(found["metadata"]["generation"], 1);
        let settled = *objects.changes().borrow();
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert_eq!(*objects.changes().borrow(), settled, "settled, it is not written any more");
        let other = StoreObjects::new(store, "west".into());
        assert!(other.list(Kind::Deployment).is_empty());
    }
}
