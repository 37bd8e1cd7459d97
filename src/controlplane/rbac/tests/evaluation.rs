//! Ported from `plugin/pkg/auth/authorizer/rbac/rbac_test.go`.

use super::*;

fn all(resources: &[&str]) -> Rule {
    Rule { non_resource_urls: vec!["*".to_owned()], ..Rule::on(&["*"], &["*"], resources) }
}

fn check(objects: &[(Kind, Value)], pass: &[(User, &str, Target)], fail: &[(User, &str, Target)]) {
    let policy = policy(objects);
    for (cases, expected) in [(pass, true), (fail, false)] {
        for (user, verb, target) in cases {
            let allowed = policy.allows(user, &ask(user, verb, target.clone())).is_ok();
            assert_eq!(allowed, expected, "{user:?} {verb} {target:?}");
        }
    }
}

#[test]
fn a_role_binding_holds_in_its_namespace() {
    let objects = [
        cluster_role("admin", &[all(&["*"])]),
        bind("ns1", "ClusterRole", "admin", &["User:admin", "Group:admins"]),
    ];
    check(
        &objects,
        &[
            (user("admin", &[]), "get", on("", "Pods", "ns1", "")),
            (user("admin", &[]), "watch", on("", "Pods", "ns1", "")),
            (user("admin", &["group1"]), "watch", on("", "Foobar", "ns1", "")),
            (user("joe", &["admins"]), "watch", on("", "Foobar", "ns1", "")),
            (user("joe", &["group1", "admins"]), "watch", on("", "Foobar", "ns1", "")),
        ],
        &[
            (user("admin", &[]), "GET", on("", "Pods", "ns2", "")),
            (user("admin", &[]), "GET", on("", "Nodes", "", "")),
            (user("admin", &["admins"]), "GET", on("", "Pods", "ns2", "")),
            (user("admin", &["admins"]), "GET", on("", "Nodes", "", "")),
            // Whatever is bound in a namespace says nothing about paths.
            (user("admin", &[]), "get", path("/apis")),
        ],
    );
}

#[test]
fn paths() {
    let objects = [
        cluster_role("getter", &[Rule::on_urls(&["get"], &["/apis"])]),
        cluster_role("any-verb", &[Rule::on_urls(&["*"], &["/apis"])]),
        cluster_role("prefix", &[Rule::on_urls(&["get"], &["/apis/*"])]),
        bind("", "ClusterRole", "getter", &["User:foo", "Group:bar"]),
        bind("", "ClusterRole", "any-verb", &["User:admin", "Group:admin"]),
        bind("", "ClusterRole", "prefix", &["User:prefixed", "Group:prefixed"]),
    ];
    let by_group = |group: &str| user("", &[group]);
    check(
        &objects,
        &[
            (user("foo", &[]), "get", path("/apis")),
            (by_group("bar"), "get", path("/apis")),
            (user("admin", &[]), "get", path("/apis")),
            (by_group("admin"), "watch", path("/apis")),
            (user("prefixed", &[]), "get", path("/apis/v1")),
            (by_group("prefixed"), "get", path("/apis/v1/foobar")),
        ],
        &[
            (user("foo", &[]), "watch", path("/apis")),
            (by_group("bar"), "watch", path("/apis")),
            (user("foo", &[]), "get", path("/api/v1")),
            (user("admin", &[]), "get", path("/api/v1")),
            (user("prefixed", &[]), "get", path("/api/v1")),
            (by_group("prefixed"), "get", path("/apis")),
        ],
    );
}

#[test]
fn subresources() {
    let bound = bind("ns1", "ClusterRole", "admin", &["User:admin"]);
    check(
        &[cluster_role("admin", &[all(&["pods"])]), bound.clone()],
        &[(user("admin", &[]), "get", on("", "pods", "ns1", ""))],
        &[(user("admin", &[]), "get", on("", "pods/status", "ns1", ""))],
    );
    check(
        &[cluster_role("admin", &[all(&["pods/status"]), all(&["*/scale"])]), bound],
        &[
            (user("admin", &[]), "get", on("", "pods/status", "ns1", "")),
            (user("admin", &[]), "get", on("", "pods/scale", "ns1", "")),
            (user("admin", &[]), "get", on("apps", "anything/scale", "ns1", "")),
        ],
        &[
            (user("admin", &[]), "get", on("", "pods", "ns1", "")),
            (user("admin", &[]), "get", on("", "pods/rescale", "ns1", "")),
        ],
    );
}

#[test]
fn what_one_rule_allows() {
    let named = Rule::on(&["get"], &[""], &["pods"]).named(&["a", "b"]);
    let tuple = Rule::on(&["verb1", "verb2"], &["group1", "group2"], &["r1", "r2"]);
    for (rule, verb, target, expected) in [
        (Rule::on(&["*"], &["g"], &["r"]), "any", on("g", "r", "", ""), true),
        (Rule::on(&["*"], &["g"], &["r"]), "any", on("other", "r", "", ""), false),
        (Rule::on(&["*"], &["g"], &["r"]), "any", on("g", "other", "", ""), false),
        (Rule::on(&["v"], &["*"], &["r"]), "v", on("any", "r", "", ""), true),
        (Rule::on(&["v"], &["*"], &["r"]), "other", on("any", "r", "", ""), false),
        (Rule::on(&["v"], &["g"], &["*"]), "v", on("g", "any/sub", "", ""), true),
        (Rule::on(&["v"], &["g"], &["*"]), "v", on("other", "any", "", ""), false),
        (Rule::on(&["*"], &["*"], &["r/s"]), "v", on("g", "r/s", "", ""), true),
        (Rule::on(&["*"], &["*"], &["r/s"]), "v", on("g", "r/t", "", ""), false),
        (Rule::on(&["*"], &["*"], &["r/s"]), "v", on("g", "q/s", "", ""), false),
        (tuple.clone(), "verb2", on("group1", "r2", "", ""), true),
        (tuple, "verb3", on("group1", "r2", "", ""), false),
        (named.clone(), "get", on("", "pods", "n", "b"), true),
        (named.clone(), "get", on("", "pods", "n", "c"), false),
        (named, "get", on("", "pods", "n", ""), false),
        (Rule::on_urls(&["v"], &["*"]), "v", path("/foo/bar"), true),
        (Rule::on_urls(&["v"], &["/foo/*"]), "v", path("/foo"), false),
        (Rule::on_urls(&["v"], &["/foo/*"]), "v", path("/foo/bar/one"), true),
        (Rule::on_urls(&["v"], &["/foo/*"]), "v", path("/notfoo/bar"), false),
        (Rule::on_urls(&["*"], &["/foo", "/foo/bar/one"]), "v", path("/foo/bar/one"), true),
        (Rule::on_urls(&["*"], &["/foo", "/foo/bar/one"]), "v", path("/foo/bar"), false),
        // A rule for everything of one sort says nothing of the other.
        (Rule::on_urls(&["*"], &["*"]), "get", on("", "pods", "", ""), false),
        (Rule::on(&["*"], &["*"], &["*"]), "get", path("/"), false),
    ] {
        assert_eq!(rule.allows(verb, &target), expected, "{rule} {verb} {target:?}");
    }
}
