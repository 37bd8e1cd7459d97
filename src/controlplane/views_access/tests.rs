//! Who sees which row where: workspaces that hold equal things, callers with some of the rights.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::{
    apiserver::{
        identity::{Access, AccessControl},
        testing::{THINGS, Things, log_of},
    },
    controlplane::{
        plane::Plane,
        rbac::Door,
        store::{ClusterId, GroupResource},
        workspaces::{self, Workspace, create},
    },
};

const VIEWS: &str = "aggregatedviews";
const PATHS: [(&str, &str); 5] = [
    ("root", "root"),
    ("prod", "root:production"),
    ("east", "root:production:east"),
    ("west", "root:production-west"),
    ("stag", "root:staging"),
];

struct World {
    plane: Plane,
    rows: Rows,
    log: Arc<ResourceLog>,
}

impl World {
    fn new() -> Self {
        let plane = Plane::new(Door::Access);
        for (id, path) in &PATHS[1..] {
            let workspace = Workspace { id: (*id).into(), path: (*path).into() };
            workspaces::seed(&plane.store, &plane.resources, &workspace, None);
            plane.workspaces.add(workspace);
        }
        let log = log_of(&PATHS.map(|(_, path)| path), 0);
        let (store, tree) = (plane.store.clone(), plane.workspaces.clone());
        let rows = Rows::new(store, tree, plane.authorizer.clone(), log.clone());
        Self { plane, rows, log }
    }

    fn make(&self, cluster: &str, resource: &str, object: serde_json::Value) {
        let resource = GroupResource::new("rbac.authorization.k8s.io", resource);
        let Plane { store, resources, .. } = &self.plane;
        create(store, resources, &cluster.into(), &resource, object).expect("a valid object is created");
    }

    fn bind(&self, cluster: &str, user: &str, role: &str) {
        self.make(
            cluster,
            "clusterrolebindings",
            json!({
                "metadata": {"name": format!("{user}-{role}")},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
            }),
        );
    }

    /// Access to a workspace, and all verbs on these resources there.
    fn grant(&self, cluster: &str, user: &str, resources: &[&str]) {
        let role = format!("reader-of-{}", resources.join("-"));
        self.make(cluster, "clusterroles", json!({
            "metadata": {"name": role},
            "rules": [{"apiGroups": [views::GROUP], "resources": resources, "verbs": ["get", "list", "watch"]}],
        }));
        self.bind(cluster, user, "system:kcp:workspace:access");
        self.bind(cluster, user, &role);
    }

    fn revoke(&self, cluster: &str, user: &str, role: &str) {
        let resource = GroupResource::new("rbac.authorization.k8s.io", "clusterrolebindings");
        let key = Key { namespace: "".into(), name: format!("{user}-{role}").into() };
        self.plane.store.delete(&ClusterId::from(cluster), &resource, &key);
    }

    fn judged(&self, user: &Arc<User>, scope: &str, resource: &str, name: &str) -> String {
        let verdict = self.rows.judge(&get(user, Scope::Id(scope.into()), resource, name)).unwrap();
        if verdict.allowed() { "allowed".to_owned() } else { verdict.reason }
    }

    async fn open(&self, user: &Arc<User>, scope: &str) -> (ViewsAccess, Arc<dyn Access>) {
        let control = ViewsAccess::new(self.rows.clone());
        let access = self.open_with(&control, user, scope).await;
        (control, access)
    }

    async fn open_with(&self, control: &ViewsAccess, user: &Arc<User>, scope: &str) -> Arc<dyn Access> {
        let door = Attributes { verb: "watch".into(), ..get(user, Scope::Id(scope.into()), VIEWS, "") };
        let mut info = (**THINGS).clone();
        info.resource = VIEWS.into();
        control.access(&Arc::new(info), &door, &self.log).await.unwrap()
    }
}

fn user(name: &str) -> Arc<User> {
    let groups = vec!["system:authenticated".to_owned()];
    Arc::new(User { name: name.to_owned(), groups, ..User::default() })
}

fn admin() -> Arc<User> {
    Arc::new(User { groups: vec!["system:masters".to_owned()], ..(*user("admin")).clone() })
}

/// The rows of all there are, absent ones included.
fn shown(access: &dyn Access) -> Vec<&'static str> {
    let all = PATHS.iter().map(|(_, path)| *path).chain(["root:production:gone"]);
    all.filter(|name| access.peek(name) == Some(true)).collect()
}

#[tokio::test]
async fn a_caller_sees_what_he_may_get_in_the_rows_own_workspace_below_where_he_asks() {
    let world = World::new();
    let ann = user("ann");
    for cluster in ["root", "prod", "west"] {
        world.grant(cluster, "ann", &[VIEWS]);
    }
    for (scope, expected) in [
        ("root", vec!["root", "root:production", "root:production-west"]),
        ("prod", vec!["root:production"]),
        ("east", vec![]),
        ("west", vec!["root:production-west"]),
        ("stag", vec![]),
    ] {
        let (_, access) = world.open(&ann, scope).await;
        assert_eq!(shown(access.as_ref()), expected, "ann in {scope}");
    }
    let (_, access) = world.open(&admin(), "prod").await;
    let all = ["root:production", "root:production:east", "root:production:gone"];
    assert_eq!(shown(access.as_ref()), all, "what names no workspace is the administrator's");
    assert_eq!(access.since(), 0);
}

#[test]
fn a_single_row_is_judged_in_its_own_workspace_and_absent_is_as_forbidden() {
    let world = World::new();
    let (ann, bob) = (user("ann"), user("bob"));
    for cluster in ["root", "prod"] {
        world.grant(cluster, "ann", &[VIEWS]);
    }
    world.bind("root", "bob", "system:kcp:workspace:access");
    world.grant("stag", "bob", &[VIEWS]);
    let table = [
        (&ann, "root", "root:production", true),
        (&ann, "prod", "root:production", true),
        (&ann, "root", "root", true),
        (&ann, "root", "root:staging", false),
        (&ann, "root", "root:production:east", false),
        (&ann, "root", "root:absent", false),
        (&ann, "prod", "root", false),
        (&ann, "prod", "root:staging", false),
        (&ann, "prod", "root:production-west", false),
        (&ann, "stag", "root:staging", false),
        (&bob, "root", "root:staging", true),
        (&bob, "root", "root:production", false),
        (&bob, "stag", "root:production", false),
    ];
    for (user, scope, name, expected) in table {
        let expected = if expected { "allowed" } else { NO_ACCESS };
        assert_eq!(world.judged(user, scope, VIEWS, name), expected, "{} in {scope}: {name}", user.name);
    }
    let storage = WorkspaceViews { views: Arc::new(Things(world.log.clone())), rows: world.rows.clone() };
    for (name, here) in
        [("root:production", true), ("root:production:east", true), ("root:production-west", false)]
    {
        assert_eq!(world.judged(&admin(), "prod", VIEWS, name), "allowed");
        assert_eq!(storage.shows(&Scope::Id("prod".into()), name), here, "{name}");
    }
    assert!(storage.log(&Scope::Path("root:production".into())).is_err());
    let list = Attributes { verb: "list".into(), ..get(&ann, Scope::Id("prod".into()), VIEWS, "x") };
    assert!(world.rows.judge(&list).is_none(), "the door is RBAC's own");
}

#[test]
fn a_tree_is_shown_to_who_may_get_every_tree_in_it() {
    let world = World::new();
    let ann = user("ann");
    for cluster in ["root", "prod"] {
        world.grant(cluster, "ann", &[TREES]);
    }
    assert_eq!(world.judged(&ann, "prod", TREES, "root:production"), NO_ACCESS, "east is not hers");
    world.grant("east", "ann", &[TREES]);
    assert_eq!(world.judged(&ann, "prod", TREES, "root:production"), "allowed");
    assert_eq!(world.judged(&ann, "root", TREES, "root"), NO_ACCESS, "staging is not hers");
}

#[tokio::test(start_paused = true)]
async fn a_set_ends_when_a_row_is_granted_and_what_follows_starts_later() {
    let world = World::new();
    let ann = user("ann");
    world.grant("prod", "ann", &[VIEWS]);
    let (control, access) = world.open(&ann, "prod").await;
    assert_eq!(shown(access.as_ref()), ["root:production"]);
    let again = world.open_with(&control, &ann, "prod").await;
    assert_eq!(again.since(), world.log.head());
    world.bind("stag", "ann", "system:kcp:workspace:access");
    let quiet = tokio::time::timeout(Duration::from_secs(5), access.changed()).await;
    assert!(quiet.is_err(), "nothing of his has changed");
    world.grant("east", "ann", &[VIEWS]);
    assert_eq!(access.peek("root:production:east"), Some(false), "not before he knows that there is more");
    tokio::time::timeout(Duration::from_secs(1), access.changed()).await.unwrap();
    let next = world.open_with(&control, &ann, "prod").await;
    assert_eq!(shown(next.as_ref()), ["root:production", "root:production:east"]);
    assert_eq!(next.since(), world.log.head() + 1);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_revoked_is_hidden_at_once_and_a_closed_door_ends_it_all() {
    let world = World::new();
    let ann = user("ann");
    for cluster in ["prod", "east"] {
        world.grant(cluster, "ann", &[VIEWS]);
    }
    let (control, access) = world.open(&ann, "prod").await;
    assert_eq!(shown(access.as_ref()).len(), 2);
    world.revoke("east", "ann", "reader-of-aggregatedviews");
    assert_eq!(access.peek("root:production:east"), Some(false));
    tokio::time::timeout(Duration::from_secs(1), access.changed()).await.unwrap();
    let next = world.open_with(&control, &ann, "prod").await;
    let mut ended = std::pin::pin!(next.changed());
    assert!(
        tokio::time::timeout(Duration::from_secs(1), &mut ended).await.is_err(),
        "nothing else has changed"
    );
    world.revoke("prod", "ann", "system:kcp:workspace:access");
    tokio::time::timeout(Duration::from_secs(1), ended).await.unwrap();
}
