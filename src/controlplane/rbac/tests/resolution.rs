//! Ported from `pkg/registry/rbac/validation/rule_test.go`: who has which rules, and why.

use super::*;

#[test]
fn whose_rules_apply() {
    let read = [Rule::on(&["GET"], &["v1"], &["pods"]), Rule::on(&["GET"], &["v1"], &["services"])];
    let admin = Rule::on(&["*"], &["*"], &["*"]);
    let policy = policy(&[
        role("namespace1", "readthings", &read),
        cluster_role("cluster-admin", std::slice::from_ref(&admin)),
        cluster_role("write-nodes", &[Rule::on(&["PUT"], &["v1"], &["nodes"])]),
        bind("namespace1", "Role", "readthings", &["User:foobar", "Group:group1"]),
        bind("", "ClusterRole", "cluster-admin", &["User:admin", "Group:admin"]),
    ]);
    for (user, namespace, expected) in [
        (user("foobar", &[]), "namespace1", read.to_vec()),
        (user("foobar", &[]), "namespace2", vec![]),
        (user("foobar", &["admin"]), "", vec![admin.clone()]),
        (user("foobar", &["admin"]), "namespace1", [vec![admin], read.to_vec()].concat()),
        (user("", &[]), "", vec![]),
    ] {
        let found: Vec<Rule> =
            policy.grants(&user, namespace).flatten().map(|(_, rule)| rule.clone()).collect();
        assert_eq!(found, expected, "{user:?} {namespace}");
    }
}

#[test]
fn whom_a_binding_means() {
    let known = "system:authenticated";
    for (subjects, user, namespace, expected) in [
        (&["User:foobar"][..], user("foobar", &[]), "", Some(0)),
        (&["User:barfoo", "User:foobar"], user("foobar", &[]), "", Some(1)),
        (&["User:barfoo", "User:foobar"], user("zimzam", &[]), "", None),
        (&["User:barfoo", "Group:foobar"], user("zimzam", &["foobar"]), "", Some(1)),
        (&["User:barfoo", "Group:foobar"], user("zimzam", &["foobar"]), "namespace1", Some(1)),
        (
            &["User:barfoo", "ServiceAccount:kube-system/default"],
            user("system:serviceaccount:kube-system:default", &[]),
            "default",
            Some(1),
        ),
        (&["ServiceAccount:default"], user("system:serviceaccount:here:default", &[]), "here", Some(0)),
        (&["ServiceAccount:default"], user("system:serviceaccount:here:default", &[]), "there", None),
        (&["ServiceAccount:default"], user("system:serviceaccount:here:default", &[]), "", None),
        (&["User:*"], user("foobar", &[]), "default", None),
        (&["Group:system:authenticated"], user("foobar", &[known]), "default", Some(0)),
        (&["Alien:foobar"], user("foobar", &["foobar"]), "", None),
        (&["User:foobar"], user("x", &["foobar"]), "", None),
    ] {
        let (_, object) = bind(namespace, "ClusterRole", "r", subjects);
        let binding: crate::controlplane::rbac::binding::Binding = serde_json::from_value(object).unwrap();
        let found = binding.subject(&user, namespace);
        let at = found.and_then(|found| binding.subjects.iter().position(|one| one == found));
        assert_eq!(at, expected, "{subjects:?} {user:?} {namespace}");
    }
}

#[test]
fn the_reason_names_the_binding() {
    let rules = [Rule::on(&["get"], &[""], &["pods"])];
    let objects = [
        cluster_role("reader", &rules),
        role("n", "local", &rules),
        bind("", "ClusterRole", "reader", &["Group:readers"]),
        bind("n", "ClusterRole", "reader", &["ServiceAccount:s/robot"]),
        bind("n", "Role", "local", &["ServiceAccount:bot"]),
    ];
    let policy = policy(&objects);
    for (user, reason) in [
        (
            user("x", &["readers"]),
            r#"RBAC: allowed by ClusterRoleBinding "reader" of ClusterRole "reader" to Group "readers""#,
        ),
        (
            user("system:serviceaccount:s:robot", &[]),
            r#"RBAC: allowed by RoleBinding "reader/n" of ClusterRole "reader" to ServiceAccount "robot/s""#,
        ),
        (
            user("system:serviceaccount:n:bot", &[]),
            r#"RBAC: allowed by RoleBinding "local/n" of Role "local" to ServiceAccount "bot/n""#,
        ),
    ] {
        assert_eq!(policy.allows(&user, &ask(&user, "get", on("", "pods", "n", "a"))).as_deref(), Ok(reason));
    }
}

#[test]
fn a_missing_role_is_named_when_nothing_else_allows() {
    let objects = [
        bind("", "ClusterRole", "gone", &["User:jane"]),
        bind("n", "Role", "away", &["User:jane"]),
        bind("n", "ClusterRole", "view", &["User:jane"]),
        cluster_role("view", &[Rule::on(&["get"], &[""], &["pods"])]),
    ];
    let rbac = authorizer(Door::Open, &objects);
    let jane = user("jane", &[]);
    for (target, allowed, reason) in [
        (on("", "pods", "m", ""), false, r#"RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found"#),
        (
            on("", "secrets", "n", ""),
            false,
            r#"RBAC: [clusterrole.rbac.authorization.k8s.io "gone" not found, role.rbac.authorization.k8s.io "away" not found]"#,
        ),
        (
            on("", "pods", "n", ""),
            true,
            r#"RBAC: allowed by RoleBinding "view/n" of ClusterRole "view" to User "jane""#,
        ),
    ] {
        let verdict = rbac.evaluate(&ask(&jane, "get", target));
        assert_eq!((verdict.allowed(), verdict.reason.as_str()), (allowed, reason));
    }
}

#[test]
fn a_role_binding_finds_roles_of_its_own_namespace_only() {
    let objects = [
        role("other", "reader", &[Rule::on(&["get"], &[""], &["pods"])]),
        bind("n", "Role", "reader", &["User:jane"]),
        bind("", "Role", "reader", &["User:jane"]),
    ];
    let policy = policy(&objects);
    let jane = user("jane", &[]);
    for namespace in ["", "n", "other"] {
        assert!(
            policy.allows(&jane, &ask(&jane, "get", on("", "pods", namespace, ""))).is_err(),
            "{namespace}"
        );
    }
}

#[test]
fn null_lists_are_empty() {
    let mut policy = Policy::default();
    let object = json!({"metadata": {"name": "a", "labels": null}, "rules": null});
    policy.put(Kind::ClusterRole, &object).unwrap();
    let object = json!({"metadata": {"name": "b"}, "rules": [{"verbs": null, "apiGroups": null}]});
    policy.put(Kind::ClusterRole, &object).unwrap();
    let text = r#"{"metadata":{"name":"a"},"subjects":null,"roleRef":{"kind":"ClusterRole","name":"a"}}"#;
    policy.put(Kind::ClusterRoleBinding, &mut serde_json::Deserializer::from_str(text)).unwrap();
    let role = RoleRef { kind: "ClusterRole".to_owned(), name: "b".to_owned(), ..RoleRef::default() };
    assert_eq!(policy.rules_of(&role, "").unwrap(), [Rule::default()]);
}
