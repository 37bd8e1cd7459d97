//! What `tmc` reads from goes away: kube-apiserver killed while a client watches, changes made where `tmc`
//! cannot see them, history compacted, CRDs deleted. The views converge; nobody who watched missed a change.

use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::binaries;
use crate::cluster::free_port;
use crate::env::Env;
use crate::fixture::{Report, Targets, VIEWS, block_on, object_name, workspace};
use crate::process::Process;
use crate::wait::{seconds, until, until_true};

/// A POST to etcd's JSON gateway.
fn etcd(url: &str, path: &str, body: &Value) -> Value {
    let address = url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).expect("reach etcd");
    let body = body.to_string();
    let head = format!("POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n", body.len());
    socket.write_all((head + &body).as_bytes()).expect("ask etcd");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("hear etcd");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    assert!(head.contains(" 200 "), "{answer}");
    serde_json::from_str(body).expect("the gateway answers JSON")
}

/// Forgets all of etcd's history.
fn compact(url: &str) {
    let range = etcd(url, "/v3/kv/range", &json!({"key": STANDARD.encode("/"), "limit": "1"}));
    let revision = range["header"]["revision"].as_str().expect("a revision").to_owned();
    etcd(url, "/v3/kv/compaction", &json!({"revision": revision, "physical": true}));
}

fn events(watch: &Process, workspace: &str) -> Vec<(String, u64)> {
    let output = watch.stdout();
    let frames = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    frames
        .filter(|frame| frame["object"]["metadata"]["name"] == workspace)
        .map(|frame| {
            let count = frame["object"]["status"]["resourceCount"]["deployments"].as_u64().unwrap_or(0);
            (frame["type"].as_str().unwrap_or_default().to_owned(), count)
        })
        .collect()
}

#[test]
fn the_views_converge_after_kube_apiserver_and_its_history_are_gone() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("outage");
    let [stays, goes, comes] = [workspace(), workspace(), workspace()];
    let target = |workspace: &str| object_name(workspace, "a");
    let uid = env.targets.healthy(&target(&stays), &stays, 1);
    env.targets.healthy(&target(&goes), &goes, 1);
    for workspace in [&stays, &goes] {
        env.targets.until_deployments(workspace, 1);
    }
    let path = format!("{VIEWS}?watch=true&resourceVersion=0");
    let mut through = env.admin().start("watch-through", &["get", "--raw", &path]);
    let mut direct = env.direct(&env.admin()).start("watch-direct", &["get", "--raw", &path]);
    for watch in [&through, &direct] {
        until_true("the watch shows both", seconds(20), || {
            !events(watch, &stays).is_empty() && !events(watch, &goes).is_empty()
        });
    }

    env.cluster.kill_apiserver();
    through.wait(seconds(30));
    // Another kube-apiserver on the same etcd, where `tmc` does not look.
    let port = free_port();
    env.cluster.start_apiserver_at(port);
    let elsewhere = env.cluster.admin_at(port);
    let hidden = Targets::new(elsewhere.kubeconfig());
    hidden.beat(&uid);
    hidden.report(&target(&stays), Report::healthy(2));
    hidden.delete(&target(&goes));
    hidden.healthy(&target(&comes), &comes, 7);
    compact(&env.cluster.etcd_url);
    env.cluster.kill_apiserver();
    assert!(direct.exited().is_none(), "a direct watch outlives kube-apiserver: {}", direct.stderr());
    env.cluster.start_apiserver();

    until_true("the deletion is seen", seconds(60), || {
        events(&direct, &goes).last().is_some_and(|(kind, _)| kind == "DELETED")
    });
    until_true("the change is seen", seconds(60), || {
        events(&direct, &stays).last() == Some(&("MODIFIED".to_owned(), 2))
    });
    until_true("the new one is seen", seconds(60), || {
        events(&direct, &comes).last().is_some_and(|(_, count)| *count == 7)
    });
    assert_eq!(events(&direct, &comes)[0].0, "ADDED");
    assert!(direct.exited().is_none(), "all that on one stream: {}", direct.stderr());
    env.tmc.until_available();
    env.targets.until_deployments(&stays, 2);
    let absent = env.admin().fail(&["get", "av", &goes]);
    assert!(absent.contains("NotFound"), "{absent}");
    // It lives on, not only caught up.
    env.targets.report(&target(&stays), Report::healthy(3));
    env.targets.until_deployments(&stays, 3);
}

/// Data requests say what is missing, everything around them works.
fn assert_misses_crds(env: &Env) {
    let admin = env.admin();
    let wire = env.wire();
    until_true("data requests get 503", seconds(10), || {
        let answer = block_on(wire.get(VIEWS, &[])).expect("an answer");
        answer.status == 503 && answer.header("retry-after") == "1"
    });
    // kubectl retries a 503 for a while before it shows it.
    until("data requests say what to apply", seconds(30), || match admin.try_run(&["get", "--raw", VIEWS]) {
        Err(error) if error.contains("kubectl apply -f deploy/crds") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let resources = admin.run(&["api-resources", "--api-group=views.workload.kcp.io", "-oname"]);
    assert!(resources.contains("aggregatedviews"), "{resources}");
}

#[test]
fn without_the_crd_it_is_ready_and_says_what_to_apply() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("no-crd");
    let (workspace, admin) = (workspace(), env.admin());
    env.targets.healthy(&object_name(&workspace, "a"), &workspace, 1);
    env.targets.until_deployments(&workspace, 1);
    admin.run(&["delete", "crd", "synctargets.workload.kcp.io"]);
    assert_misses_crds(&env);
    let direct = env.direct(&admin);
    assert_eq!(direct.run(&["get", "--raw", "/readyz"]).trim(), "ok");
    env.tmc.until_available();

    env.tmc.restart();
    until("a fresh one is ready without the CRD", seconds(30), || {
        direct.try_run(&["get", "--raw", "/readyz"])
    });
    env.tmc.until_available();
    assert_misses_crds(&env);

    let mut registration = env.tmc.register(&env.cluster);
    assert!(registration.wait(seconds(90)).success(), "{}", registration.stderr());
    until("the CRD is served", seconds(30), || admin.try_run(&["get", "synctargets"]));
    env.targets.healthy(&object_name(&workspace, "b"), &workspace, 2);
    env.targets.until_deployments(&workspace, 2);
}
