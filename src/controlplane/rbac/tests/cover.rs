//! Ported from `component-helpers/auth/rbac/validation/policy_comparator_test.go` and `policy_compact_test.go`.

use super::super::{cover::*, rule::covers_url};
use super::*;

fn v1(verbs: &[&str], resources: &[&str]) -> Rule {
    Rule::on(verbs, &["v1"], resources)
}

#[test]
fn what_is_covered() {
    let deployers = [
        v1(&["delete"], &["deployments"]),
        v1(&["delete"], &["builds"]),
        v1(&["update"], &["builds", "deployments"]),
    ];
    let both = v1(&["delete", "update"], &["builds", "deployments"]);
    let of = |groups: &[&str]| Rule::on(&["get"], groups, &["roles"]);
    let all_urls = Rule::on_urls(&["*"], &["*"]);
    let with_url = |urls: &[&str]| Rule {
        non_resource_urls: urls.iter().map(|url| (*url).to_owned()).collect(),
        ..v1(&["get"], &["builds"])
    };
    let pods = v1(&["get"], &["pods"]);
    for (owned, wanted, missing_rules) in [
        (vec![v1(&["get"], &["builds"])], v1(&["get"], &["builds"]), vec![]),
        (vec![v1(&["get"], &["*/scale"])], v1(&["get"], &["foo/scale"]), vec![]),
        (deployers.to_vec(), both.clone(), vec![]),
        (vec![both.clone()], v1(&["delete"], &["builds"]), vec![]),
        (
            vec![both, v1(&["delete"], &["pods"])],
            v1(&["delete", "update"], &["builds", "deployments", "pods"]),
            vec![v1(&["update"], &["pods"])],
        ),
        (vec![of(&["*"])], of(&["group1", "group2"]), vec![]),
        (vec![of(&["dummy"])], of(&["*"]), vec![of(&["*"])]),
        (vec![of(&["*"])], of(&["*"]), vec![]),
        (vec![v1(&["*"], &["roles"])], v1(&["watch", "list"], &["roles"]), vec![]),
        (
            vec![v1(&["get", "list", "exec"], &["roles"])],
            v1(&["*"], &["roles"]),
            vec![v1(&["*"], &["roles"])],
        ),
        (vec![v1(&["get"], &["*"])], v1(&["get"], &["resourcegroup:deployments"]), vec![]),
        (vec![v1(&["get"], &["roles"])], v1(&["get"], &["*"]), vec![v1(&["get"], &["*"])]),
        (vec![pods.clone()], pods.clone().named(&["foo", "bar"]), vec![]),
        (vec![pods.clone().named(&["foo", "bar"])], pods.clone(), vec![pods.clone()]),
        (vec![pods.clone().named(&["foo"])], pods.clone().named(&["foo", "bar"]), vec![pods.named(&["bar"])]),
        (vec![Rule::on_urls(&["*"], &["/apis"])], Rule::on_urls(&["*"], &["/apis"]), vec![]),
        (vec![all_urls], Rule::on_urls(&["*"], &["/apis", "/apis/v1", "/"]), vec![]),
        (
            vec![Rule::on_urls(&["*"], &["/apis/*"])],
            Rule::on_urls(&["get"], &["/apis", "/apis/v1"]),
            vec![Rule::on_urls(&["get"], &["/apis"])],
        ),
        (vec![with_url(&["/apis"])], with_url(&["/apis"]), vec![]),
        (vec![with_url(&[])], with_url(&["/apis"]), vec![Rule::on_urls(&["get"], &["/apis"])]),
    ] {
        assert_eq!(missing(&owned, std::slice::from_ref(&wanted)), missing_rules, "{wanted}");
    }
}

#[test]
fn what_a_url_covers() {
    for (owner, wanted, expected) in [
        ("*", "", true),
        ("*", "/", true),
        ("/*", "", false),
        ("/*", "/foo", true),
        ("/api", "/api", true),
        ("/apis", "/api", false),
        ("/api/v1", "/api", false),
        ("/api/*", "/api/v1", true),
        ("/api/*", "/api", false),
        ("/api/*/*", "/api/v1", false),
        ("/*/v1/*", "/api/v1", false),
    ] {
        assert_eq!(covers_url(owner, wanted), expected, "{owner} {wanted}");
    }
}

#[test]
fn simple_rules_of_one_resource_are_one_line() {
    let rules = [
        v1(&["list"], &["pods"]),
        v1(&["delete"], &["pods"]).named(&["a"]),
        v1(&["get"], &["pods"]),
        v1(&["get"], &["pods"]),
        Rule::on_urls(&["get"], &["/x"]),
        v1(&["patch"], &["pods"]).named(&["a"]),
        Rule::on(&["get"], &["", "apps"], &["pods"]),
        Rule::on(&["list"], &["", "apps"], &["pods"]),
    ];
    assert_eq!(
        lines(&rules),
        [
            r#"{APIGroups:["" "apps"], Resources:["pods"], Verbs:["get"]}"#,
            r#"{APIGroups:["" "apps"], Resources:["pods"], Verbs:["list"]}"#,
            r#"{APIGroups:["v1"], Resources:["pods"], ResourceNames:["a"], Verbs:["delete" "patch"]}"#,
            r#"{APIGroups:["v1"], Resources:["pods"], Verbs:["list" "get" "get"]}"#,
            r#"{NonResourceURLs:["/x"], Verbs:["get"]}"#,
        ]
    );
}
