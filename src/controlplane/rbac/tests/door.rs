//! The door of a workspace, and callers from elsewhere.

use super::{
    super::caller::{CLUSTER_NAME, Caller, SCOPES},
    *,
};
use crate::apiserver::scope::NO_ACCESS;

const KNOWN: &str = "system:authenticated";

fn rbac() -> RbacAuthorizer {
    let objects = [
        bootstrap::objects(Door::Access),
        vec![
            cluster_role("reader", &[Rule::on(&["get"], &[""], &["pods"])]),
            bind("", "ClusterRole", bootstrap::WORKSPACE_ACCESS, &["User:guest", "Group:guests"]),
            bind("", "ClusterRole", "reader", &["User:guest", "User:outsider", "Group:guests"]),
            bind("n", "ClusterRole", "reader", &["ServiceAccount:n/robot"]),
        ],
    ]
    .concat();
    authorizer(Door::Access, &objects)
}

#[test]
fn without_access_nothing_else_counts() {
    let rbac = rbac();
    let pods = || on("", "pods", "n", "a");
    for (user, target, allowed, reason) in [
        (user("guest", &[KNOWN]), pods(), true, None),
        (user("guest", &[KNOWN]), path("/apis"), true, None),
        (user("guest", &[KNOWN]), on("", "secrets", "n", "a"), false, Some("")),
        (user("outsider", &[KNOWN]), pods(), false, Some(NO_ACCESS)),
        (user("outsider", &[KNOWN]), path("/apis"), false, Some(NO_ACCESS)),
        (user("stranger", &[KNOWN]), path("/version"), false, Some(NO_ACCESS)),
        (user("stranger", &[KNOWN]), path("/readyz"), true, Some("")),
        (user("root", &["system:masters"]), on("", "secrets", "n", "a"), true, Some("")),
        (user("admin", &["system:kcp:admin"]), on("", "secrets", "n", "a"), true, None),
    ] {
        let verdict = rbac.evaluate(&ask(&user, "get", target.clone()));
        assert_eq!(verdict.allowed(), allowed, "{} {target:?}: {}", user.name, verdict.reason);
        assert!(reason.is_none_or(|reason| reason == verdict.reason), "{}", verdict.reason);
    }
}

#[test]
fn other_scopes_are_nobodys() {
    let rbac = rbac();
    let (master, guest) = (user("root", &["system:masters"]), user("guest", &[KNOWN]));
    let scoped = with_extra(master.clone(), SCOPES, &["cluster:other"]);
    for (user, scope, outcome) in [
        (&master, Scope::Wildcard, Outcome::Allow),
        (&scoped, Scope::Wildcard, Outcome::NoOpinion),
        (&guest, Scope::Wildcard, Outcome::NoOpinion),
        (&guest, Scope::Id("other".into()), Outcome::Deny),
        (&master, Scope::Id("other".into()), Outcome::Allow),
        (&master, Scope::None, Outcome::NoOpinion),
        (&master, Scope::Path("root:a".into()), Outcome::NoOpinion),
    ] {
        let attributes = Attributes { scope: scope.clone(), ..ask(user, "get", on("", "pods", "n", "a")) };
        assert_eq!(rbac.evaluate(&attributes).outcome, outcome, "{} {scope:?}", user.name);
    }
}

#[test]
fn who_comes_from_elsewhere_is_nobody() {
    let rbac = rbac();
    let robot = |from: &str| service_account(from, "n", "robot", "u");
    let unnamed = user("system:serviceaccount:n:robot", &[KNOWN]);
    let guest = user("guest", &[KNOWN]);
    for (user, allowed) in [
        (robot(HERE), true),
        (robot("other"), false),
        (unnamed.clone(), true),
        (with_extra(unnamed.clone(), CLUSTER_NAME, &[HERE, "other"]), false),
        (with_extra(unnamed, CLUSTER_NAME, &[]), false),
        (with_extra(guest.clone(), SCOPES, &["cluster:root"]), true),
        (with_extra(guest.clone(), SCOPES, &["cluster:a,cluster:root"]), true),
        (with_extra(guest.clone(), SCOPES, &["cluster:a,cluster:root", "cluster:b"]), false),
        (with_extra(guest.clone(), SCOPES, &["cluster:other"]), false),
        (with_extra(guest, SCOPES, &["nonsense"]), false),
        (with_extra(user("x", &["guests"]), SCOPES, &["cluster:other"]), false),
        (with_extra(user("x", &["system:masters"]), SCOPES, &["cluster:other"]), false),
        (with_extra(user("system:serviceaccount:a:b", &["system:masters"]), CLUSTER_NAME, &["other"]), false),
    ] {
        let verdict = rbac.evaluate(&ask(&user, "get", on("", "pods", "n", "a")));
        assert_eq!(verdict.allowed(), allowed, "{user:?}: {}", verdict.reason);
    }
}

#[test]
fn a_service_account_of_another_cluster_can_be_named() {
    let name = "User:system:kcp:serviceaccount:other:n:robot";
    let objects = [
        bootstrap::objects(Door::Access),
        vec![
            bind("", "ClusterRole", bootstrap::WORKSPACE_ACCESS, &[name]),
            bind("n", "ClusterRole", "view", &[name]),
        ],
    ];
    let rbac = authorizer(Door::Access, &objects.concat());
    let get =
        |from: &str| ask(&service_account(from, "n", "robot", ""), "get", on("", "configmaps", "n", "a"));
    assert!(rbac.evaluate(&get("other")).allowed());
    assert!(!rbac.evaluate(&get("third")).allowed());
    assert!(!rbac.evaluate(&get(HERE)).allowed());
}

#[test]
fn nobody_keeps_only_that_he_is_known() {
    let foreign = Caller::of(&service_account("other", "n", "robot", "u"), HERE);
    assert_eq!(foreign.users[0], user("system:anonymous", &[KNOWN]));
    let unknown = Caller::of(&with_extra(user("x", &["g"]), SCOPES, &["cluster:other"]), HERE);
    assert_eq!(unknown.users, [user("system:anonymous", &[])]);
}
