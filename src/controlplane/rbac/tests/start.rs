//! What every logical cluster begins with, and what it lets whom do.

use super::*;

#[test]
fn nothing_is_due_at_the_start() {
    for door in [Door::Open, Door::Access] {
        let policy = policy(&bootstrap::objects(door));
        assert_eq!(super::super::aggregation::due(&policy), []);
        for (_, object) in bootstrap::objects(door) {
            assert_eq!(object["apiVersion"], "rbac.authorization.k8s.io/v1");
            assert_eq!(object["metadata"]["labels"]["kubernetes.io/bootstrapping"], "rbac-defaults");
        }
    }
}

#[test]
fn who_may_what_at_the_start() {
    let bound = |role: &str| bind("n", "ClusterRole", role, &[&format!("User:{role}")]);
    let objects = [bootstrap::objects(Door::Open), ["admin", "edit", "view"].map(bound).to_vec()].concat();
    let rbac = authorizer(Door::Open, &objects);
    let known = |name: &str| user(name, &["system:authenticated"]);
    for (user, verb, target, expected) in [
        (known("view"), "get", on("apps", "deployments", "n", "a"), true),
        (known("view"), "get", on("apps", "deployments", "m", "a"), false),
        (known("view"), "get", on("", "secrets", "n", "a"), false),
        (known("view"), "update", on("apps", "deployments", "n", "a"), false),
        (known("edit"), "get", on("apps", "deployments/status", "n", "a"), true),
        (known("edit"), "get", on("", "secrets", "n", "a"), true),
        (known("edit"), "patch", on("apps", "deployments/scale", "n", "a"), true),
        (known("edit"), "update", on("apps", "deployments/status", "n", "a"), false),
        (known("edit"), "create", on("rbac.authorization.k8s.io", "roles", "n", ""), false),
        (known("admin"), "create", on("rbac.authorization.k8s.io", "roles", "n", ""), true),
        (known("admin"), "get", on("apps", "deployments", "n", "a"), true),
        (known("admin"), "get", on("", "namespaces", "", "n"), false),
        (known("jane"), "get", path("/apis/apps/v1"), true),
        (known("jane"), "get", path("/metrics"), false),
        (known("jane"), "create", on("authorization.k8s.io", "selfsubjectaccessreviews", "", ""), true),
        (known("jane"), "create", on("authorization.k8s.io", "subjectaccessreviews", "", ""), false),
        (user("system:anonymous", &["system:unauthenticated"]), "get", path("/version"), true),
        (user("system:anonymous", &["system:unauthenticated"]), "get", path("/apis"), false),
        (user("m", &["system:monitoring"]), "get", path("/livez/ping"), true),
        (user("root", &["system:masters"]), "anything", on("any", "thing", "any", "where"), true),
    ] {
        let verdict = rbac.evaluate(&ask(&user, verb, target.clone()));
        assert_eq!(verdict.allowed(), expected, "{} {verb} {target:?}: {}", user.name, verdict.reason);
    }
}

#[test]
fn the_owner_of_a_workspace_may_everything_there() {
    let owner = (Kind::ClusterRoleBinding, bootstrap::workspace_admin("User", "jane"));
    let rbac = authorizer(Door::Access, &[bootstrap::objects(Door::Access), vec![owner]].concat());
    let jane = user("jane", &["system:authenticated"]);
    assert!(rbac.evaluate(&ask(&jane, "delete", on("", "secrets", "n", "a"))).allowed());
    assert!(!rbac.evaluate(&ask(&user("bob", &["system:authenticated"]), "get", path("/apis"))).allowed());
}

#[test]
fn who_may_view_a_workspace_reads_its_views() {
    let viewer = bind("", "ClusterRole", "view", &["User:jane"]);
    let guests = bind("", "ClusterRole", bootstrap::WORKSPACE_ACCESS, &["User:jane", "User:bob"]);
    let rbac = authorizer(Door::Access, &[bootstrap::objects(Door::Access), vec![viewer, guests]].concat());
    let known = |name: &str| user(name, &["system:authenticated"]);
    let views = |verb: &str, user: &str, resource: &str| {
        rbac.evaluate(&ask(&known(user), verb, on("views.workload.kcp.io", resource, "", "x"))).allowed()
    };
    assert!(
        views("list", "bob", "aggregatedviews") && views("watch", "bob", "aggregatedtrees"),
        "the door is open"
    );
    assert!(!views("get", "bob", "aggregatedviews"), "and shows nothing");
    assert!(views("get", "jane", "aggregatedviews"));
    assert!(!views("get", "jane", "aggregatedtrees"), "a tree is granted apart");
}
