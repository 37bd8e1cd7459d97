//! The harness proves itself: a control plane starts, takes requests of several users, survives a kill of
//! kube-apiserver, and nothing of a test process that is killed stays behind.

use std::process::Command;

use crate::cluster::Cluster;
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

#[test]
fn children_die_with_the_test_process() {
    let marker = format!("{}.25", 86_400 + std::process::id());
    let own = std::env::current_exe().expect("the path of this test");
    let mut command = Command::new(own);
    command.args(["--ignored", "--exact", "harness::keeps_a_child"]).env("TMC_E2E_SLEEP", &marker);
    let folder = tempfile::tempdir().expect("create a folder");
    let mut parent = Process::start("parent", &command, folder.path()).expect("start a test process");
    until_true("the child runs", seconds(20), || runs(&marker));
    parent.kill();
    until_true("the child is gone", seconds(20), || !runs(&marker));
}

/// The process that the test above kills.
#[test]
#[ignore = "only a part of children_die_with_the_test_process"]
fn keeps_a_child() {
    let time = std::env::var("TMC_E2E_SLEEP").expect("called by the other test");
    let mut command = Command::new("sleep");
    command.arg(time);
    let folder = tempfile::tempdir().expect("create a folder");
    let mut child = Process::start("child", &command, folder.path()).expect("start sleep");
    child.wait(seconds(600));
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
