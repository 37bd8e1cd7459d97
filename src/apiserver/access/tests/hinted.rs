//! Hints from RBAC: they save questions and decide nothing.

use k8s_openapi::{
    api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use super::{hints::RbacHints, *};

fn role(name: &str, verbs: &[&str], group: &str, resource: &str, names: &[&str]) -> ClusterRole {
    let strings = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let rule = PolicyRule {
        verbs: strings(verbs),
        api_groups: Some(strings(&[group])),
        resources: Some(strings(&[resource])),
        resource_names: (!names.is_empty()).then(|| strings(names)),
        ..PolicyRule::default()
    };
    let metadata = ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() };
    ClusterRole { metadata, rules: Some(vec![rule]), ..ClusterRole::default() }
}

fn binding(role: &str, kind: &str, name: &str, namespace: Option<&str>) -> ClusterRoleBinding {
    let subject = Subject {
        kind: kind.into(),
        name: name.into(),
        namespace: namespace.map(str::to_owned),
        ..Subject::default()
    };
    let role_ref = RoleRef { kind: "ClusterRole".into(), name: role.into(), ..RoleRef::default() };
    ClusterRoleBinding { subjects: Some(vec![subject]), role_ref, ..ClusterRoleBinding::default() }
}

fn views(name: &str, names: &[&str]) -> ClusterRole {
    role(name, &["get"], &VIEWS.group, &VIEWS.resource, names)
}

#[test]
fn names_come_from_the_callers_own_bindings() {
    let hints = RbacHints::default();
    let caller = |name: &str, groups: &[&str]| User {
        name: name.into(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        ..User::default()
    };
    let names = |user: &User| hints.names(user, &VIEWS.group, &VIEWS.resource);
    assert_eq!(names(&caller("amy", &[])), None, "nothing is known yet");
    let roles = [
        views("one", &["a"]),
        views("two", &["b", "c"]),
        views("wide", &[]),
        role("stars", &["*"], "*", "*", &["d"]),
        role("other-verb", &["list"], &VIEWS.group, &VIEWS.resource, &["x"]),
        role("other-group", &["get"], "apps", &VIEWS.resource, &["x"]),
        role("other-resource", &["get"], &VIEWS.group, "aggregatedtrees", &["x"]),
    ];
    let mut bindings = vec![
        binding("one", "User", "amy", None),
        binding("two", "Group", "devs", None),
        binding("stars", "ServiceAccount", "robot", Some("ns")),
        binding("missing", "User", "amy", None),
    ];
    for role in ["wide", "other-verb", "other-group", "other-resource"] {
        bindings.push(binding(role, "User", "amy", None));
    }
    hints.replace(&roles, &bindings);
    let table: &[(&str, &[&str], &[&str])] = &[
        ("amy", &[], &["a"]),
        ("amy", &["devs"], &["a", "b", "c"]),
        ("bob", &["devs"], &["b", "c"]),
        ("devs", &["amy"], &[]),
        ("system:serviceaccount:ns:robot", &[], &["d"]),
        ("robot", &[], &[]),
    ];
    for (name, groups, expected) in table {
        assert_eq!(names(&caller(name, groups)).unwrap(), *expected, "{name} {groups:?}");
    }
    hints.replace(&roles, &[]);
    assert_eq!(names(&caller("amy", &["devs"])), Some(Vec::new()));
}

fn hinting(names: &[&str]) -> (Rig, Arc<RbacHints>) {
    let hints = Arc::new(RbacHints::default());
    hints.replace(&[views("one", names)], &[binding("one", "User", "amy", None)]);
    let rows: Vec<String> = (0..2 * MAX_ROWS).map(|n| format!("root:{n}")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    (Rig::hinted(&rows, Some(hints.clone())), hints)
}

#[tokio::test(start_paused = true)]
async fn only_hinted_names_that_exist_are_asked_about_and_they_are_asked() {
    let (rig, _) = hinting(&["root:1", "root:2", "root:later"]);
    rig.fake.grant("amy", "get", "root:1");
    rig.fake.grant("amy", "get", "root:3");
    let access = rig.list("amy").await;
    assert_eq!(rig.fake.asked(), 3, "the wide question and two names");
    assert_eq!(seen(&access, &["root:1", "root:2", "root:3"]), ["root:1"], "a hint alone shows nothing");
    assert_eq!(access.peek("root:3"), Some(false), "not hinted, not asked about");
    assert_eq!(access.peek("root:later"), None);
    let one = rig.get("amy", "list", "root:3").await.unwrap();
    assert_eq!(one.peek("root:3"), Some(true), "a request for one name needs no hint");
}

#[tokio::test(start_paused = true)]
async fn a_new_hint_that_proves_true_replaces_the_set() {
    let (rig, hints) = hinting(&["root:1"]);
    rig.fake.grant("amy", "watch", "");
    rig.fake.grant("amy", "get", "root:1");
    let access = rig.watch("amy").await;
    hints.replace(&[views("one", &["root:1", "root:2"])], &[binding("one", "User", "amy", None)]);
    rig.run(45 * SECOND).await;
    assert!(!has_changed(&access), "the hint alone changes nothing");
    rig.fake.grant("amy", "get", "root:2");
    rig.run(45 * SECOND).await;
    assert!(has_changed(&access));
    assert_eq!(seen(&rig.watch("amy").await, &["root:1", "root:2"]), ["root:1", "root:2"]);
}

#[tokio::test(start_paused = true)]
async fn a_hint_that_goes_away_takes_no_row_that_is_still_granted() {
    let (rig, hints) = hinting(&["root:1"]);
    rig.fake.grant("amy", "watch", "");
    rig.fake.grant("amy", "get", "root:1");
    let access = rig.watch("amy").await;
    hints.replace(&[], &[]);
    rig.run(45 * SECOND).await;
    assert!(!has_changed(&access));
    rig.fake.revoke("amy", "get", "root:1");
    rig.run(45 * SECOND).await;
    assert!(has_changed(&access));
}
