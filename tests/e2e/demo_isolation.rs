//! Two workspaces with equal names never see each other: the routes of the views and of stored objects, by callers
//! with some rights.

use serde_json::json;

use crate::binaries;
use crate::demo::Demo;
use crate::fixture::block_on;
use crate::kubectl::Kubectl;
use crate::wait::{seconds, until, until_true};
use crate::wire::Server;

const VIEWS: &str = "apis/views.workload.kcp.io/v1alpha1/aggregatedviews";
const TREES: &str = "apis/views.workload.kcp.io/v1alpha1/aggregatedtrees";

fn canary(workspace: &str) -> String {
    format!("canary-of-{}", workspace.replace(':', "-"))
}

/// Equal names everywhere; what differs is the canary.
fn fill(admin: &Kubectl, workspace: &str) {
    let target = json!({
        "apiVersion": "workload.kcp.io/v1alpha1", "kind": "SyncTarget",
        "metadata": {"name": "same", "annotations": {"canary": canary(workspace)}},
        "spec": {"cells": {"canary": canary(workspace)}},
    });
    admin.apply(&target);
    let stored = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "same", "namespace": "default"},
        "data": {"canary": canary(workspace)},
    });
    admin.apply(&stored);
}

/// Lets a user into a workspace, to read its views and trees.
fn admit(admin: &Kubectl, user: &str, resources: &str) {
    let role = format!("reader-{}", resources.replace(',', "-"));
    admin.run(&["create", "clusterrole", &role, "--verb=get,list,watch", "--resource", resources]);
    for role in ["system:kcp:workspace:access", &role] {
        let binding = format!("{user}-{}", role.replace(':', "-"));
        admin.run(&["create", "clusterrolebinding", &binding, "--clusterrole", role, "--user", user]);
    }
}

fn ask(server: &Server, user: &str, path: &str) -> (u16, String) {
    let headers = [("Impersonate-User", user), ("Accept", "application/json")];
    let answer = block_on(server.get(path, &headers)).unwrap_or_else(|error| panic!("{path}: {error:#}"));
    (answer.status, answer.body)
}

#[test]
fn nobody_reads_across_workspaces() {
    if !binaries::present() {
        return;
    }
    let workspaces = ["root:a", "root:a:b", "root:c"];
    let demo = Demo::start(&["--no-demo", "--clusters=0", "--workspaces=root:a:b,root:c"]);
    let server = demo.server();
    for workspace in workspaces {
        fill(&demo.within(workspace), workspace);
    }
    let all = "aggregatedviews.views.workload.kcp.io,aggregatedtrees.views.workload.kcp.io,configmaps,\
               synctargets.workload.kcp.io";
    admit(&demo.within("root:a"), "ann", all);
    admit(&demo.within("root:c"), "cid", all);
    admit(&demo.kubectl(), "cid", all);
    until_true("all views are there", seconds(30), || {
        demo.kubectl().run(&["get", "av", "-oname"]).lines().count() == 3
    });

    // Every way to say where, and every route.
    let scopes = [
        "",
        "/clusters/root",
        "/clusters/root:a",
        "/clusters/root%3Aa",
        "/clusters/root:a:b",
        "/clusters/root:c",
        "/clusters/*",
        "/clusters/%2A",
        "/clusters/..",
        "/clusters/%2e%2e",
        "/clusters//root:a",
        "/clusters/ROOT:A",
        "/clusters/root:absent",
        "/clusters/root:a/../root:c",
        "/clusters/root:a%2f..%2froot:c",
        "/Clusters/root:a",
    ];
    let long = "x".repeat(300);
    let mut routes = vec![String::new(), "/api/v1/namespaces/default/configmaps/same".to_owned()];
    routes.push("/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1".to_owned());
    for resource in [VIEWS, TREES, "api/v1/configmaps", "apis/workload.kcp.io/v1alpha1/synctargets"] {
        routes.push(format!("/{resource}"));
        routes.push(format!("/{resource}?limit=1"));
        routes.push(format!("/{resource}?watch=1&timeoutSeconds=1&resourceVersion=0"));
        routes.push(format!("/{resource}?fieldSelector=metadata.name%3Droot%3Ac"));
        for name in
            ["root", "root:a", "root%3Aa", "root:a:b", "root:c", "root:absent", "..", "%2e%2e", "*", &long]
        {
            routes.push(format!("/{resource}/{name}"));
        }
    }
    let sees = |user: &str, workspace: &str| match user {
        "ann" => workspace == "root:a",
        "cid" => workspace == "root:c",
        _ => false,
    };
    let mut seen = 0;
    for user in ["ann", "cid", "stranger"] {
        for path in scopes.iter().flat_map(|scope| routes.iter().map(move |route| format!("{scope}{route}")))
        {
            let (status, body) = ask(&server, user, if path.is_empty() { "/" } else { &path });
            assert!(!(300..400).contains(&status), "{path}: {status}");
            for workspace in workspaces {
                let found = body.contains(&format!("{}\"", canary(workspace)));
                assert!(!found || sees(user, workspace), "{user} {path}: {}", canary(workspace));
                seen += usize::from(found);
            }
            if path.contains("root:absent") && path.starts_with("/clusters/root:absent") {
                assert!(matches!(status, 403 | 404), "{user} {path}: {status} {body}");
            }
        }
    }
    assert!(seen > 20, "what is one's own is seen: {seen}");

    let admin = |path: &str| {
        let answer = block_on(server.get(path, &[("Accept", "application/json")])).expect("an answer");
        (answer.status, answer.body)
    };
    let (status, body) = admin(&format!("/clusters/*/{VIEWS}"));
    assert!(status == 200 && workspaces.iter().all(|workspace| body.contains(&canary(workspace))), "{body}");
    assert_eq!(admin(&format!("/clusters/*/{VIEWS}/root:a")).0, 405);
    let (status, body) = admin(&format!("/clusters/root:c/{VIEWS}"));
    assert!(status == 200 && !body.contains("canary-of-root-a"), "{body}");

    let same = |absent: &str, hidden: &str| {
        for user in ["ann", "stranger"] {
            let [one, other] = [absent, hidden].map(|name| {
                let (status, body) = ask(&server, user, &format!("/clusters/root:a/{VIEWS}/{name}"));
                (status, body.replace(name, "NAME"))
            });
            assert_eq!(one, other, "{user}: {absent} is as {hidden}");
        }
    };
    same("root:a:x", "root:a:b");
    same("root:x", "root:c");
}

#[test]
fn an_open_watch_ends_when_the_rows_of_its_caller_change() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&["--no-demo", "--clusters=0", "--workspaces=root:a:b"]);
    let resource = "aggregatedviews.views.workload.kcp.io";
    for workspace in ["root:a", "root:a:b"] {
        fill(&demo.within(workspace), workspace);
    }
    admit(&demo.within("root:a"), "ann", resource);
    let ann = demo.within("root:a").with(&["--as=ann"]);
    until("her own view is there", seconds(30), || {
        let listed = ann.run(&["get", "av", "-oname"]);
        if listed.lines().count() == 1 { Ok(()) } else { Err(listed) }
    });
    let path = format!("/clusters/root:a/{VIEWS}?watch=1&timeoutSeconds=60");
    let server = demo.server();
    let watching = std::thread::spawn(move || ask(&server, "ann", &path));
    until_true("the watch is open", seconds(20), || {
        let metrics = demo.kubectl().run(&["get", "--raw", "/metrics"]);
        metrics.lines().any(|line| {
            line.starts_with("apiserver_longrunning_requests")
                && line.contains("aggregatedviews")
                && !line.ends_with(" 0")
        })
    });
    admit(&demo.within("root:a:b"), "ann", resource);
    let (status, body) = watching.join().expect("the watch ends");
    assert_eq!(status, 200);
    let last = body.lines().last().expect("a last frame");
    assert!(last.contains(r#""type":"ERROR""#) && last.contains(r#""code":410"#), "{body}");
    assert!(!body.contains(&canary("root:a:b")), "nothing of the new row before she lists anew: {body}");
    assert_eq!(ann.run(&["get", "av", "-oname"]).lines().count(), 2);
}
