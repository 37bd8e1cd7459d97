//! Writing roles and bindings: the texts are a kube-apiserver's.

use super::*;

const GROUP: &str = "rbac.authorization.k8s.io";
const WRITERS: &[&str] = &["roles", "rolebindings", "clusterroles", "clusterrolebindings"];

fn rbac(more: &[(Kind, Value)]) -> RbacAuthorizer {
    let writer = [
        Rule::on(&["create", "get", "patch", "update"], &[GROUP], WRITERS),
        Rule::on(&["get"], &[""], &["pods"]),
    ];
    let own = vec![cluster_role("writer", &writer), bind("", "ClusterRole", "writer", &["User:jane"])];
    authorizer(Door::Open, &[bootstrap::objects(Door::Open), own, more.to_vec()].concat())
}

fn jane() -> User {
    user("jane", &["devs", "ops", "system:authenticated"])
}

fn create(
    rbac: &RbacAuthorizer,
    user: &User,
    resource: &str,
    namespace: &str,
    new: &Value,
) -> Result<(), String> {
    let checked = rbac.check_write(&ask(user, "create", on(GROUP, resource, namespace, "")), new, None);
    checked.map_err(|error| format!("{} {}", error.code.as_u16(), error.message))
}

fn to(kind: &str, role: &str) -> Value {
    json!({"metadata": {"name": "b"}, "roleRef": {"apiGroup": GROUP, "kind": kind, "name": role}, "subjects": []})
}

#[test]
fn what_one_has_not_one_cannot_give() {
    let rbac = rbac(&[]);
    let role = json!({"metadata": {"name": "r"}, "rules": [
        {"apiGroups": ["", "apps"], "resources": ["pods", "secrets"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"], "verbs": ["delete"]},
    ]});
    let expected = concat!(
        r#"403 roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["devs" "ops" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:"#,
        "\n{APIGroups:[\"\"], Resources:[\"pods\"], ResourceNames:[\"a\"], Verbs:[\"delete\"]}",
        "\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}",
        "\n{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"list\"]}",
        "\n{APIGroups:[\"apps\"], Resources:[\"pods\"], Verbs:[\"get\" \"list\"]}",
        "\n{APIGroups:[\"apps\"], Resources:[\"secrets\"], Verbs:[\"get\" \"list\"]}",
    );
    assert_eq!(create(&rbac, &jane(), "roles", "default", &role), Err(expected.to_owned()));
    let generated = json!({"metadata": {"generateName": "r"}, "rules": [{"nonResourceURLs": ["/x"], "verbs": ["delete"]}]});
    let expected = concat!(
        r#"403 clusterroles.rbac.authorization.k8s.io is forbidden: user "jane" (groups=["devs" "ops" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:"#,
        "\n{NonResourceURLs:[\"/x\"], Verbs:[\"delete\"]}",
    );
    assert_eq!(create(&rbac, &jane(), "clusterroles", "", &generated), Err(expected.to_owned()));
    let held = json!({"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]});
    assert_eq!(create(&rbac, &jane(), "clusterroles", "", &held), Ok(()));
    assert_eq!(create(&rbac, &user("root", &["system:masters"]), "roles", "default", &role), Ok(()));
}

#[test]
fn gathering_takes_an_administrator() {
    let rbac = rbac(&[bind("", "ClusterRole", "cluster-admin", &["User:admin"])]);
    let gathering = json!({"metadata": {"name": "agg"}, "aggregationRule": {"clusterRoleSelectors": [{}]}});
    let refused = r#"403 clusterroles.rbac.authorization.k8s.io "agg" is forbidden: must have cluster-admin privileges to use the aggregationRule"#;
    assert_eq!(create(&rbac, &jane(), "clusterroles", "", &gathering), Err(refused.to_owned()));
    assert_eq!(create(&rbac, &user("admin", &[]), "clusterroles", "", &gathering), Ok(()));
    // Taking the rule away is no less.
    let plain = json!({"metadata": {"name": "agg"}, "rules": []});
    let update = ask(&jane(), "update", on(GROUP, "clusterroles", "", "agg"));
    let error = rbac.check_write(&update, &plain, Some(&gathering)).unwrap_err();
    assert_eq!(format!("403 {}", error.message), refused);
    assert_eq!(error.details.unwrap().name, "agg");
}

#[test]
fn bindings_give_what_their_role_has() {
    let rbac = rbac(&[]);
    for (resource, namespace, role, expected) in [
        ("rolebindings", "default", to("ClusterRole", "writer"), Ok(())),
        ("clusterrolebindings", "", to("ClusterRole", "writer"), Ok(())),
        (
            "rolebindings",
            "default",
            to("ClusterRole", "missing"),
            Err(r#"404 rolebindings.rbac.authorization.k8s.io "missing" not found"#.to_owned()),
        ),
        (
            "rolebindings",
            "default",
            to("Role", "missing"),
            Err(r#"404 rolebindings.rbac.authorization.k8s.io "missing" not found"#.to_owned()),
        ),
        (
            "clusterrolebindings",
            "",
            to("ClusterRole", "cluster-admin"),
            Err(concat!(
                r#"403 clusterrolebindings.rbac.authorization.k8s.io "b" is forbidden: user "jane" (groups=["devs" "ops" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:"#,
                "\n{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}",
                "\n{NonResourceURLs:[\"*\"], Verbs:[\"*\"]}"
            )
            .to_owned()),
        ),
    ] {
        assert_eq!(create(&rbac, &jane(), resource, namespace, &role), expected, "{role}");
    }
}

#[test]
fn escalate_and_bind_let_one_give_more() {
    let more = [
        cluster_role(
            "climber",
            &[
                Rule::on(&["escalate"], &[GROUP], &["roles"]),
                Rule::on(&["bind"], &[GROUP], &["clusterroles"]).named(&["cluster-admin"]),
            ],
        ),
        bind("here", "ClusterRole", "climber", &["User:jane"]),
    ];
    let rbac = rbac(&more);
    let everything = json!({"metadata": {"name": "r"}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]});
    let binding = to("ClusterRole", "cluster-admin");
    for (resource, namespace, new, allowed) in [
        ("roles", "here", &everything, true),
        ("roles", "there", &everything, false),
        ("clusterroles", "", &everything, false),
        ("rolebindings", "here", &binding, true),
        ("rolebindings", "there", &binding, false),
        ("clusterrolebindings", "", &binding, false),
        ("rolebindings", "here", &to("ClusterRole", "admin"), false),
    ] {
        assert_eq!(
            create(&rbac, &jane(), resource, namespace, new).is_ok(),
            allowed,
            "{resource} {namespace}"
        );
    }
}

#[test]
fn garbage_collection_is_not_escalation() {
    let rbac = rbac(&[]);
    let old = json!({"metadata": {"name": "r", "finalizers": ["a"], "uid": "1"}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]});
    let mut freed = old.clone();
    freed["metadata"]["finalizers"] = json!([]);
    let mut renamed = old.clone();
    renamed["metadata"]["labels"] = json!({"a": "b"});
    let update = ask(&jane(), "update", on(GROUP, "clusterroles", "", "r"));
    assert_eq!(rbac.check_write(&update, &freed, Some(&old)), Ok(()));
    assert!(rbac.check_write(&update, &renamed, Some(&old)).is_err());
}

#[test]
fn other_resources_are_not_looked_at() {
    let rbac = rbac(&[]);
    for target in
        [on("", "roles", "n", ""), on(GROUP, "others", "n", ""), on("example.io", "clusterroles", "", "")]
    {
        assert_eq!(rbac.check_write(&ask(&jane(), "create", target), &json!(3), None), Ok(()));
    }
    assert_eq!(
        create(&rbac, &jane(), "roles", "n", &json!({"rules": 3})).unwrap_err().split(' ').next(),
        Some("400")
    );
}

#[test]
fn roles_that_were_not_found_are_told_of() {
    let rbac = rbac(&[bind("n", "Role", "gone", &["User:jane"])]);
    let error = create(
        &rbac,
        &jane(),
        "roles",
        "n",
        &json!({"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["x"], "verbs": ["get"]}]}),
    );
    let expected = r#"; resolution errors: [roles.rbac.authorization.k8s.io "gone" not found]"#;
    assert!(error.as_ref().is_err_and(|error| error.ends_with(expected)), "{error:?}");
}
