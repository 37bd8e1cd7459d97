//! Guards of the syncer's rights: nothing wide, nothing that lets it become somebody else, in every mode.

use proptest::prelude::*;

use super::*;

fn kind(group: &str, resource: &str) -> GroupResource {
    GroupResource { group: group.to_owned(), resource: resource.to_owned() }
}

fn scope(mode: Mode, kinds: Vec<GroupResource>, upsync: Vec<GroupResource>) -> Scope {
    Scope { target: "east".to_owned(), uid: "uid-1".to_owned(), mode, kinds, upsync }
}

fn lines(roles: &[SyncerRole]) -> Vec<String> {
    permissions(roles).iter().map(|(one, _)| format!("{} {}", one.verb, one.on())).collect()
}

#[test]
fn observing_only_reads_below_and_reports_above() {
    let scope = scope(Mode::Observe, vec![kind("apps", "deployments")], Vec::new());
    let below = lines(&downstream(&scope));
    let expected = [
        "get namespaces",
        "list namespaces",
        "watch namespaces",
        "get nodes",
        "list nodes",
        "watch nodes",
        "get deployments.apps",
        "list deployments.apps",
        "watch deployments.apps",
    ];
    assert_eq!(below, expected);
    let above = lines(&upstream(&scope));
    let expected = [
        "get synctargets.workload.kcp.io \"east\"",
        "list synctargets.workload.kcp.io \"east\"",
        "watch synctargets.workload.kcp.io \"east\"",
        "patch synctargets/status.workload.kcp.io \"east\"",
        "create events",
        "patch events",
        "get leases.coordination.k8s.io \"synctarget-uid-1\" in namespace tmc-system",
        "patch leases.coordination.k8s.io \"synctarget-uid-1\" in namespace tmc-system",
    ];
    assert_eq!(above, expected);
}

#[test]
fn what_is_synced_is_patched_above_and_owned_below() {
    let kinds = vec![kind("apps", "deployments"), kind("", "secrets")];
    let placed = scope(Mode::Placement, kinds.clone(), Vec::new());
    let above = lines(&upstream(&placed));
    for line in [
        "patch synctargets.workload.kcp.io \"east\"",
        "patch deployments.apps",
        "patch deployments/status.apps",
        "patch secrets",
        "watch placements.placement.kcp.io",
    ] {
        assert!(above.contains(&line.to_owned()), "{line}: {above:#?}");
    }
    assert!(above.iter().all(|line| !line.contains("secrets/status")), "{above:#?}");
    let made = |line: &&String| line.starts_with("create") || line.starts_with("delete");
    assert_eq!(above.iter().filter(made).collect::<Vec<_>>(), ["create events"]);
    assert!(lines(&downstream(&placed)).contains(&"delete deployments.apps".to_owned()));
    assert!(
        lines(&upstream(&scope(Mode::Filter, kinds, Vec::new())))
            .iter()
            .all(|line| !line.contains("placements"))
    );
}

#[test]
fn what_is_copied_up_is_made_above_and_only_read_below() {
    let scope = scope(Mode::Filter, Vec::new(), vec![kind("", "pods"), kind("", "endpoints")]);
    let above = lines(&upstream(&scope));
    assert!(above.contains(&"create pods".to_owned()) && above.contains(&"delete pods".to_owned()));
    assert!(above.contains(&"patch pods/status".to_owned()));
    let below = lines(&downstream(&scope));
    let writes = |line: &&String| !["get", "list", "watch"].iter().any(|verb| line.starts_with(verb));
    assert!(below.iter().filter(writes).all(|line| line.ends_with("namespaces")), "{below:#?}");
}

#[test]
fn a_manifest_joins_what_belongs_together() {
    let scope =
        scope(Mode::Filter, vec![kind("apps", "deployments"), kind("apps", "statefulsets")], Vec::new());
    let [role] = downstream(&scope).try_into().unwrap();
    let rules = role.rules_json();
    let joined = serde_json::json!({
        "apiGroups": ["apps"], "resources": ["deployments", "statefulsets"],
        "verbs": ["get", "list", "watch", "create", "patch", "delete"],
    });
    assert!(rules.contains(&joined), "{rules:#?}");
}

fn any_kind() -> impl Strategy<Value = GroupResource> {
    ("[a-z.]{0,12}", "[a-z]{1,12}").prop_map(|(group, resource)| kind(&group, &resource))
}

fn any_scope() -> impl Strategy<Value = Scope> {
    let mode = prop_oneof![Just(Mode::Placement), Just(Mode::Filter), Just(Mode::Observe)];
    let kinds = || proptest::collection::vec(any_kind(), 0..6);
    (mode, kinds(), kinds()).prop_map(|(mode, kinds, upsync)| scope(mode, kinds, upsync))
}

proptest! {
    #[test]
    fn no_wildcards_and_no_way_to_become_somebody_else(scope in any_scope()) {
        for roles in [upstream(&scope), downstream(&scope)] {
            for (one, _) in permissions(&roles) {
                let words = [&one.group, &one.resource, &one.name, &one.verb];
                prop_assert!(words.iter().all(|word| !word.contains('*')));
                // Whatever is written is patched or applied.
                let never = ["impersonate", "escalate", "bind", "deletecollection", "update"];
                prop_assert!(!never.contains(&one.verb.as_str()));
                if one.group == "workload.kcp.io" {
                    prop_assert_eq!(&one.name, "east");
                }
            }
        }
    }

    #[test]
    fn observing_never_writes_below(scope in any_scope()) {
        let scope = Scope { mode: Mode::Observe, ..scope };
        for (one, _) in permissions(&downstream(&scope)) {
            prop_assert!(READ.contains(&one.verb.as_str()), "{one:?}");
        }
    }

    #[test]
    fn a_manifest_grants_exactly_what_is_asked_about(scope in any_scope()) {
        for role in upstream(&scope).into_iter().chain(downstream(&scope)) {
            let mut granted = std::collections::BTreeSet::new();
            for rule in role.rules_json() {
                let words = |field: &str| -> Vec<String> {
                    rule[field].as_array().into_iter().flatten().map(|word| word.as_str().unwrap().to_owned()).collect()
                };
                let names = if rule["resourceNames"].is_null() { vec![String::new()] } else { words("resourceNames") };
                for resource in words("resources") {
                    for verb in words("verbs") {
                        for name in &names {
                            granted.insert((words("apiGroups")[0].clone(), resource.clone(), name.clone(), verb.clone()));
                        }
                    }
                }
            }
            let asked = permissions(&[role]).into_iter().map(|(one, _)| (one.group, one.resource, one.name, one.verb));
            prop_assert_eq!(granted, asked.collect());
        }
    }
}
