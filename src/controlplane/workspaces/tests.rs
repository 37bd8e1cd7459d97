//! Which scope leads to which logical cluster, and how one ends.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{ROOT, Workspace, Workspaces, create, workspaces};
use crate::{
    apiserver::{
        object::Key,
        registry::meta,
        scope::{Scope, Unresolved, Workspaces as _},
    },
    controlplane::{
        namespaces,
        plane::Plane,
        rbac::Door,
        store::{ClusterId, GroupResource},
    },
    security::rules::LEASE_NAMESPACE,
};

#[test]
fn paths_and_ids_lead_to_the_same_logical_cluster() {
    let workspaces = Workspaces::new();
    workspaces.add(Workspace { id: "abc".into(), path: "root:a".into() });
    workspaces.add(Workspace { id: "def".into(), path: "root:a:b".into() });
    let id = |id: &str| Ok(Scope::Id(id.into()));
    for (scope, expected) in [
        (Scope::None, id(ROOT)),
        (Scope::Id("root".into()), id("root")),
        (Scope::Id("abc".into()), id("abc")),
        (Scope::Path("root:a".into()), id("abc")),
        (Scope::Path("root:a:b".into()), id("def")),
        (Scope::Path("abc:b".into()), id("def")),
        (Scope::Path("root:b".into()), Err(Unresolved::Unknown)),
        (Scope::Id("a".into()), Err(Unresolved::Unknown)),
        (Scope::Wildcard, Ok(Scope::Wildcard)),
    ] {
        assert_eq!(workspaces.resolve(&scope), expected, "{scope:?}");
    }
    workspaces.remove("abc");
    assert_eq!(workspaces.resolve(&Scope::Path("root:a".into())), Err(Unresolved::Unknown));
    assert_eq!(workspaces.all().len(), 2);
}

/// A control plane with its controllers and a workspace `team` below the root.
struct World {
    plane: Plane,
    team: ClusterId,
    _controllers: JoinSet<()>,
}

impl World {
    async fn start() -> Self {
        let plane = Plane::new(Door::Access);
        let mut controllers = JoinSet::new();
        for (_, task) in plane.tasks("https://example.com", &CancellationToken::new()) {
            controllers.spawn(task);
        }
        create(
            &plane.store,
            &plane.resources,
            &ROOT.into(),
            &workspaces(),
            json!({"metadata": {"name": "team"}}),
        );
        let mut changes = plane.store.subscribe();
        while plane.workspaces.id("root:team").is_none() {
            changes.changed().await.expect("there is a store");
        }
        let team = plane.workspaces.id("root:team").expect("it is there");
        Self { plane, team, _controllers: controllers }
    }

    fn create(&self, group: &str, resource: &str, namespace: &str, name: &str, finalizers: &[&str]) {
        let metadata = json!({"name": name, "namespace": namespace, "finalizers": finalizers});
        let resource = GroupResource::new(group, resource);
        let Plane { store, resources, .. } = &self.plane;
        create(store, resources, &self.team, &resource, json!({"metadata": metadata})).expect("it is made");
    }

    fn there(&self, group: &str, resource: &str, namespace: &str, name: &str) -> bool {
        let key = Key { namespace: namespace.into(), name: name.into() };
        self.plane.store.get(&self.team, &GroupResource::new(group, resource), &key).is_some()
    }

    async fn until(&self, what: &str, met: impl Fn() -> bool) {
        let mut changes = self.plane.store.subscribe();
        let met = async {
            while !met() {
                changes.changed().await.expect("there is a store");
            }
        };
        tokio::time::timeout(Duration::from_secs(30), met).await.expect(what);
    }
}

#[tokio::test]
async fn what_lets_a_syncer_release_its_objects_goes_last() {
    let world = World::start().await;
    for namespace in [LEASE_NAMESPACE, "zoo"] {
        world.create("", "namespaces", "", namespace, &[]);
        world.create("", "serviceaccounts", namespace, "syncer", &[]);
        world.create("coordination.k8s.io", "leases", namespace, "lease", &[]);
        world.create("rbac.authorization.k8s.io", "roles", namespace, "role", &[]);
    }
    world.create("rbac.authorization.k8s.io", "clusterroles", "", "syncer", &[]);
    world.create("", "configmaps", "default", "held", &["example.com/syncer"]);
    let store = &world.plane.store;
    store.delete(&ROOT.into(), &workspaces(), &namespaces::key("team"));

    // The last namespace by name: had another been told to go, it would be gone.
    world.until("the namespaces go", || !world.there("", "namespaces", "", "zoo")).await;
    assert!(world.there("", "configmaps", "default", "held"));
    assert!(world.there("", "serviceaccounts", LEASE_NAMESPACE, "syncer"));
    assert!(world.there("coordination.k8s.io", "leases", LEASE_NAMESPACE, "lease"));
    assert!(world.there("rbac.authorization.k8s.io", "roles", LEASE_NAMESPACE, "role"));
    assert!(world.there("rbac.authorization.k8s.io", "clusterroles", "", "syncer"));

    let held = Key { namespace: "default".into(), name: "held".into() };
    store.edit(&world.team, &GroupResource::new("", "configmaps"), &held, |object| {
        meta::set(object, "finalizers", Value::Null);
        true
    });
    world.until("the workspace goes", || !world.plane.workspaces.exists(&world.team)).await;
    assert!(store.census(&world.team).is_empty());
}
