//! Documents of real servers, what is made of them, and how often they are asked for. Time is paused.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    api::placement::GroupResource,
    informers::fixtures::{Answer, End, Script},
};

fn whole(body: &Value) -> Answer {
    Answer::Body(vec![body.to_string()], End::Close)
}

const ALL: [&str; 8] = ["create", "delete", "get", "list", "patch", "update", "watch", "deletecollection"];

/// A version and the plurals and kinds it has.
type Version<'a> = (&'a str, &'a [(&'a str, &'a str)]);

fn aggregated(groups: &[(&str, &[Version<'_>])]) -> Value {
    let items: Vec<_> = groups
        .iter()
        .map(|(group, versions)| {
            let versions: Vec<_> = versions
                .iter()
                .map(|(version, resources)| {
                    let resources: Vec<_> = resources
                        .iter()
                        .map(|(resource, kind)| {
                            json!({
                                "resource": resource, "scope": "Namespaced", "verbs": ALL, "singularResource": "",
                                "responseKind": {"group": group, "version": version, "kind": kind},
                                "subresources": [{"subresource": "status", "verbs": ["patch"]}],
                            })
                        })
                        .collect();
                    json!({"version": version, "freshness": "Current", "resources": resources})
                })
                .collect();
            json!({"metadata": {"name": group, "creationTimestamp": null}, "versions": versions})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn core() -> Value {
    aggregated(&[("", &[("v1", &[("configmaps", "ConfigMap"), ("secrets", "Secret")])])])
}

async fn read_of(answers: impl IntoIterator<Item = Answer>) -> Discovery {
    discover(&*Script::new(answers), None, &Limits::default()).await.unwrap()
}

fn ids(discovery: &Discovery) -> Vec<String> {
    let id = |served: &Served| {
        let versions: Vec<_> = served.versions.iter().map(|version| version.version.as_str()).collect();
        format!("{}/{} {}", served.group, served.resource, versions.join(","))
    };
    discovery.served.iter().map(id).collect()
}

fn name(group: &str, resource: &str) -> GroupResource {
    GroupResource { group: group.to_owned(), resource: resource.to_owned() }
}

fn listed(types: &[&str]) -> Wanted {
    Wanted::parse(types).unwrap()
}

/// What a side makes of its own discovery.
fn alone(wanted: &Wanted, discovery: &Discovery) -> Resolved {
    resolve(wanted, &[View { name: "cluster", discovery, verbs: &["list", "watch"] }])
}

#[tokio::test(start_paused = true)]
async fn two_requests_read_everything_where_discovery_is_aggregated() {
    let apps = aggregated(&[
        ("apps", &[("v1", &[("deployments", "Deployment")]), ("v1beta1", &[("deployments", "Deployment")])]),
        ("example.com", &[("v2", &[("widgets", "Widget")])]),
    ]);
    let script = Script::new([whole(&core()), whole(&apps)]);
    let discovery = discover(&*script, None, &Limits::default()).await.unwrap();
    assert_eq!(script.asked(), ["/api", "/apis"]);
    assert_eq!(
        ids(&discovery),
        ["/configmaps v1", "/secrets v1", "apps/deployments v1,v1beta1", "example.com/widgets v2"]
    );
    let deployments = &discovery.served[2];
    assert!(deployments.namespaced && deployments.versions[0].status);
    assert_eq!(deployments.kind, "Deployment");
}

#[tokio::test(start_paused = true)]
async fn an_older_server_is_read_group_by_group_and_only_where_something_is_wanted() {
    let versions = json!({"kind": "APIVersions", "versions": ["v1"]});
    let groups = json!({"kind": "APIGroupList", "groups": [
        {"name": "apps", "versions": [{"groupVersion": "apps/v1beta1", "version": "v1beta1"},
            {"groupVersion": "apps/v1", "version": "v1"}], "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"}},
        {"name": "batch", "versions": [{"groupVersion": "batch/v1", "version": "v1"}]},
        {"name": "metrics.k8s.io", "versions": [{"groupVersion": "metrics.k8s.io/v1", "version": "v1"}]},
    ]});
    let list = |resource: &str, kind: &str| {
        whole(&json!({"kind": "APIResourceList", "groupVersion": "x", "resources": [
            {"name": resource, "singularName": "", "namespaced": true, "kind": kind, "verbs": ALL},
            {"name": format!("{resource}/status"), "namespaced": true, "kind": kind, "verbs": ["get"]},
            {"name": format!("{resource}/scale"), "namespaced": true, "kind": "Scale", "verbs": ["get"]},
        ]}))
    };
    let script = Script::new([
        whole(&versions),
        whole(&groups),
        list("secrets", "Secret"),
        list("deployments", "Deployment"),
        list("deployments", "Deployment"),
        Answer::Status(503, None),
    ]);
    let wanted = listed(&["secrets", "deployments", "jobs"]);
    let discovery = discover(&*script, wanted.groups().as_ref(), &Limits::default()).await.unwrap();
    assert_eq!(
        script.asked()[2..],
        ["/api/v1", "/apis/apps/v1", "/apis/apps/v1beta1", "/apis/batch/v1"].map(str::to_owned)
    );
    assert_eq!(ids(&discovery), ["/secrets v1", "apps/deployments v1,v1beta1"]);
    assert!(discovery.served[1].versions[0].status);
    // The group that fails hides no other, and is named.
    let resolved = alone(&wanted, &discovery);
    assert_eq!(resolved.kinds.len(), 2);
    let why = &resolved.missing[&name("batch", "jobs")];
    assert!(why.contains("503") && why.contains("cluster"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_an_error_and_what_is_not_there_is_nothing() {
    for answers in [
        vec![Answer::Status(403, None)],
        vec![whole(&core()), Answer::Status(500, None)],
        vec![whole(&json!({"kind": "Status"}))],
        vec![Answer::Body(vec!["<html>".into()], End::Close)],
        vec![Answer::Body(vec!["{\"kind\":\"APIGroupDis".into()], End::Break)],
    ] {
        assert!(discover(&*Script::new(answers), None, &Limits::default()).await.is_err());
    }
    let discovery = read_of([Answer::Status(404, None), whole(&core())]).await;
    assert_eq!(discovery.served.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stale_version_is_named() {
    let mut apps = aggregated(&[("apps", &[("v1", &[])])]);
    apps["items"][0]["versions"][0]["freshness"] = json!("Stale");
    let discovery = read_of([whole(&core()), whole(&apps)]).await;
    let resolved = alone(&Wanted::Default, &discovery);
    assert_eq!(
        resolved.kinds.keys().cloned().collect::<Vec<_>>(),
        [name("", "configmaps"), name("", "secrets")]
    );
    // Nobody asked for them by name, so only those are named of which nothing can be told.
    assert_eq!(
        resolved.missing.keys().cloned().collect::<Vec<_>>(),
        [name("apps", "deployments"), name("apps", "statefulsets")]
    );
    assert!(resolved.open);
}

#[test]
fn flags_are_read_and_every_finding_is_named() {
    assert_eq!(listed(&[]), Wanted::Default);
    assert_eq!(listed(&["", " "]), Wanted::Default);
    assert_eq!(listed(&["deployments", "deployments.apps"]), listed(&["deployments.apps"]));
    assert_eq!(listed(&["deployments", "secrets"]).groups(), Some(["".into(), "apps".into()].into()));
    assert_eq!(listed(&["widgets", "secrets"]).groups(), None);
    let findings =
        Wanted::parse(&["Deployment", "secrets", "a b", "nodes", "x.", "namespaces", "-x.y"]).unwrap_err();
    assert_eq!(findings.len(), 6, "{findings:#?}");
    assert!(findings.iter().all(|finding| finding.starts_with("--resource-types: \"")), "{findings:#?}");
}

#[test]
fn both_sides_decide_together() {
    let served = |group: &str, resource: &str, versions: &[&str]| Served {
        group: group.into(),
        resource: resource.into(),
        kind: "K".into(),
        namespaced: true,
        versions: versions
            .iter()
            .map(|version| ServedVersion {
                version: (*version).to_owned(),
                verbs: ALL.map(str::to_owned).into(),
                status: *version == "v1",
            })
            .collect(),
    };
    let side = |served: Vec<Served>| Discovery { served, ..Discovery::default() };
    let mut upstream = side(vec![
        served("", "configmaps", &["v1"]),
        served("apps", "deployments", &["v1"]),
        served("a.io", "widgets", &["v1"]),
        served("b.io", "widgets", &["v2", "v1"]),
        served("c.io", "gadgets", &["v1"]),
        served("d.io", "things", &["v1"]),
        served("e.io", "mixed", &["v1"]),
    ]);
    let mut downstream = side(vec![
        served("", "configmaps", &["v1"]),
        served("", "secrets", &["v1"]),
        served("b.io", "widgets", &["v3", "v1", "v2"]),
        served("c.io", "gadgets", &["v2"]),
        served("d.io", "things", &["v1"]),
        served("e.io", "mixed", &["v1"]),
    ]);
    upstream.served[6].namespaced = false;
    downstream.served[4].versions[0].verbs.remove("patch");
    let sides = [
        View { name: "workspace", discovery: &upstream, verbs: &["list", "watch"] },
        View { name: "cluster", discovery: &downstream, verbs: &["list", "watch", "patch"] },
    ];
    let asked = ["configmaps", "secrets", "widgets", "gadgets", "things", "mixed", "absent"];
    let resolved = resolve(&listed(&asked), &sides);
    let kinds: Vec<_> =
        resolved.kinds.values().map(|found| (found.kind.id(), &*found.kind.version)).collect();
    assert_eq!(kinds, [("configmaps".into(), "v1"), ("widgets.b.io".into(), "v1")]);
    let missing: Vec<_> = resolved
        .missing
        .iter()
        .map(|(kind, why)| format!("{} {}: {why}", kind.group, kind.resource))
        .collect();
    assert_eq!(
        missing,
        [
            " absent: the workspace does not serve it; the cluster does not serve it",
            " secrets: the workspace does not serve it",
            "c.io gadgets: no version is common: the workspace serves v1, the cluster serves v2",
            "d.io things: the cluster knows no patch of it",
            "e.io mixed: it is namespaced on one side only",
        ]
    );
    // By default a kind is missing only if the workspace has it.
    let resolved = resolve(&Wanted::Default, &sides);
    assert_eq!(resolved.missing.keys().cloned().collect::<Vec<_>>(), [name("apps", "deployments")]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_kind_is_looked_for_ever_less_often_and_nothing_else_is_ever_read_again() {
    let none = || [whole(&core()), whole(&aggregated(&[]))];
    let all = [whole(&core()), whole(&aggregated(&[("x.io", &[("v1", &[("widgets", "Widget")])])]))];
    let script = Script::new((0..8).flat_map(|_| none()).chain(all));
    let side = Side::observed(script.clone());
    let discoverer =
        Discoverer::new(vec![side], listed(&["widgets.x.io"]), Limits::default(), Pace::default());
    let (mut resolved, again) = (discoverer.resolved(), discoverer.again());
    let shutdown = CancellationToken::new();
    let start = tokio::time::Instant::now();
    let watch = async {
        resolved
            .wait_for(|resolved| resolved.as_ref().is_some_and(|found| !found.missing.is_empty()))
            .await
            .unwrap();
        resolved
            .wait_for(|resolved| resolved.as_ref().is_some_and(|found| !found.kinds.is_empty()))
            .await
            .unwrap();
        // 30, 60, 120, 240 and four times 300 s, each up to a tenth longer.
        let found = start.elapsed().as_secs();
        assert!((1650..=1815).contains(&found), "{found}");
        tokio::time::sleep(Duration::from_secs(86_400)).await;
        assert_eq!(script.asked().len(), 18);
        // Somebody met a 404.
        again.look();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(script.asked().len(), 19);
        shutdown.cancel();
    };
    tokio::join!(discoverer.run(shutdown.clone()), watch);
}
