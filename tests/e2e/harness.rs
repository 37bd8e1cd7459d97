//! The harness proves itself: a control plane starts, takes requests of several users, survives a kill of
//! kube-apiserver, and nothing of a test process that is killed stays behind.

use std::process::Command;

use crate::cluster::Cluster;
use crate::fixture::{NAMESPACE, Targets};
use crate::process::Process;
use crate::wait::{seconds, until_true};
use crate::{binaries, kubectl};

#[test]
fn a_control_plane_starts_and_its_apiserver_comes_back() {
    if !binaries::present() {
        return;
    }
    let cluster = Cluster::start_with_controllers("harness", "namespace,serviceaccount");
    let admin = cluster.admin();
    admin.run(&["create", "namespace", "one"]);
    admin.run(&["wait", "--for=create", "serviceaccount/default", "-n", "one", "--timeout=30s"]);
    let token = admin.run(&["create", "token", "default", "-n", "one"]);
    assert_eq!(token.trim().split('.').count(), 3, "a JWT: {token}");
    let denied = cluster.user("jane", &["developers"]).fail(&["get", "namespaces"]);
    assert!(denied.contains(r#"User "jane" cannot list resource "namespaces""#), "{denied}");
    let identity =
        admin.json(&["get", "cm", "-n", "kube-system", "extension-apiserver-authentication", "-ojson"]);
    assert_eq!(identity["data"]["requestheader-allowed-names"], r#"["front-proxy-client"]"#);

    cluster.kill_apiserver();
    let refused = admin.fail(&["get", "namespaces"]);
    assert!(refused.contains("refused"), "{refused}");
    cluster.start_apiserver();
    assert!(admin.run(&["get", "namespaces"]).contains("one"));
    admin.run(&["delete", "namespace", "one", "--timeout=60s"]);
    let folder = cluster.folder.clone();
    drop(cluster);
    until_true("the cluster's folder is removed", seconds(20), || !folder.exists());
}

/// Whether any process has `marker` among its arguments.
fn runs(marker: &str) -> bool {
    let commands = std::fs::read_dir("/proc").expect("/proc is there").flatten();
    commands
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .any(|command| command.split(|byte| *byte == 0).any(|argument| argument == marker.as_bytes()))
}

/// Runs itself as the process to be killed, with the argument of its child in a variable.
#[test]
fn children_die_with_the_test_process() {
    const MARKER: &str = "TMC_E2E_SLEEP";
    let folder = tempfile::tempdir().expect("create a folder");
    if let Ok(marker) = std::env::var(MARKER) {
        let mut command = Command::new("sleep");
        Process::start("child", command.arg(marker), folder.path()).expect("start sleep").wait(seconds(600));
        return;
    }
    let marker = format!("{}.25", 86_400 + std::process::id());
    let own = std::env::current_exe().expect("the path of this test");
    let mut command = Command::new(own);
    command.args(["--exact", "harness::children_die_with_the_test_process"]).env(MARKER, &marker);
    let mut parent = Process::start("parent", &command, folder.path()).expect("start a test process");
    until_true("the child runs", seconds(20), || runs(&marker));
    parent.kill();
    until_true("the child is gone", seconds(20), || !runs(&marker));
}

#[test]
fn a_command_that_fails_says_why() {
    if !binaries::present() {
        return;
    }
    let folder = tempfile::tempdir().expect("create a folder");
    let nowhere = kubectl::Kubectl::new(folder.path().join("absent"), folder.path());
    assert!(!nowhere.fail(&["get", "pods"]).is_empty());
}

#[test]
fn fixtures_pass_the_shipped_crds() {
    if !binaries::present() {
        return;
    }
    let cluster = Cluster::start("fixtures");
    let admin = cluster.admin();
    let crds = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/crds");
    admin.run(&["apply", "--server-side", "-f", crds]);
    admin.run(&["create", "namespace", NAMESPACE]);
    admin.run(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
    let targets = Targets::new(admin.kubeconfig());
    targets.healthy("east", "root:production", 3);
    let columns = admin.run(&["get", "synctarget", "east", "--no-headers"]);
    let columns: Vec<_> = columns.split_whitespace().collect();
    assert_eq!(columns[..2], ["east", "root:production"], "{columns:?}");
    let lease = admin.run(&["get", "lease", "-n", NAMESPACE, "-oname"]);
    assert_eq!(lease.lines().count(), 1, "{lease}");
    let status = admin.json(&["get", "synctarget", "east", "-ojson"]);
    assert_eq!(status["status"]["conditions"].as_array().map(Vec::len), Some(2), "{status}");
    assert_eq!(
        status["status"]["resources"].as_array().map(Vec::len),
        Some(4),
        "nothing was pruned: {status}"
    );
    let refused = targets.create_with("bad", &serde_json::json!({"kcpCluster": "Root production"}));
    assert!(refused.is_err(), "the CRD refuses what is no workspace");
}
