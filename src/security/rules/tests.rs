//! Guards of the rule table: nothing wide, nothing that lets the server become somebody else.

use super::*;

fn all_rules() -> impl Iterator<Item = &'static Rule> {
    let users = [&DOOR_ROLE, &READER_ROLE].into_iter().flat_map(|role| role.rules);
    SERVER_GRANTS.iter().flat_map(|grant| grant.rules).chain(users)
}

#[test]
fn no_wildcards_and_no_way_to_become_somebody_else() {
    for rule in all_rules() {
        let words = rule.resources.iter().chain(rule.verbs).chain(rule.names).chain([&rule.group]);
        for word in words {
            assert!(!word.contains('*'), "{rule:?}");
        }
        for verb in ["impersonate", "escalate", "bind", "delete", "deletecollection", "update"] {
            assert!(!rule.verbs.contains(&verb), "{rule:?}");
        }
    }
}

#[test]
fn secrets_and_patches_only_by_name() {
    for rule in all_rules() {
        // The status of every SyncTarget and workload is ours to write, and nothing else of it.
        let status =
            rule.resources.iter().all(|resource| resource.ends_with("/status")) && rule.verbs == ["patch"];
        if rule.resources.contains(&"secrets") || (rule.verbs.contains(&"patch") && !status) {
            assert!(!rule.names.is_empty(), "{rule:?}");
        }
        if rule.resources.contains(&"secrets") {
            assert_eq!(rule.names, [SERVING_CA_SECRET]);
        }
    }
}

#[test]
fn only_reviews_and_leases_are_created() {
    for grant in SERVER_GRANTS {
        for rule in grant.rules.iter().filter(|rule| rule.verbs.contains(&"create")) {
            let lease = rule.resources == ["leases"] && grant.reach == Reach::LeaseNamespace;
            let review = rule.resources.iter().all(|resource| resource.ends_with("reviews"));
            assert!(lease || review, "{rule:?}");
        }
    }
    let users = [&DOOR_ROLE, &READER_ROLE].into_iter().flat_map(|role| role.rules);
    assert!(users.flat_map(|rule| rule.verbs).all(|verb| READ.contains(verb)));
}

#[test]
fn the_door_shows_nothing_and_the_reader_reads_no_tree() {
    assert!(DOOR_ROLE.rules.iter().all(|rule| !rule.verbs.contains(&"get")));
    assert!(READER_ROLE.rules.iter().all(|rule| rule.resources == ["aggregatedviews"]));
}

#[test]
fn permissions_follow_the_namespace_and_the_kind_of_ca() {
    let own = server_permissions("elsewhere", true);
    let given = server_permissions("elsewhere", false);
    let secret = own.iter().find(|permission| permission.resource == "secrets").unwrap();
    assert_eq!(secret.on(), "secrets \"tmc-serving-ca\" in namespace elsewhere");
    assert!(given.iter().all(|permission| permission.resource != "secrets"));
    assert!(own.len() > given.len());
    let lease = own.iter().find(|permission| permission.resource == "leases").unwrap();
    assert_eq!(lease.namespace, LEASE_NAMESPACE);
}

#[test]
fn what_the_server_cannot_do_without() {
    let required: Vec<_> = server_permissions("elsewhere", true)
        .into_iter()
        .filter(Permission::is_required)
        .map(|permission| format!("{} {} by {}", permission.verb, permission.on(), permission.role))
        .collect();
    let expected = [
        "list synctargets.workload.kcp.io by tmc-server",
        "watch synctargets.workload.kcp.io by tmc-server",
        "list leases.coordination.k8s.io in namespace tmc-system by tmc-server-leases",
        "watch leases.coordination.k8s.io in namespace tmc-system by tmc-server-leases",
        "create tokenreviews.authentication.k8s.io by system:auth-delegator",
        "create subjectaccessreviews.authorization.k8s.io by system:auth-delegator",
        "get configmaps \"extension-apiserver-authentication\" in namespace kube-system by extension-apiserver-authentication-reader",
    ];
    assert_eq!(required, expected);
}
