//! `tmc serve` with rights missing: what it cannot do without ends it with one sentence that names verb,
//! resource and role; what only helps does not.

use std::process::Command;

use serde_json::json;

use crate::cluster::free_port;
use crate::env::{Env, shared};
use crate::process::{Output, Process, run};
use crate::wait::{seconds, until_true};
use crate::{binaries, kubectl::Kubectl};

fn serve(user: &Kubectl, port: u16) -> Command {
    let mut command = Command::new(binaries::tmc());
    command.arg("serve").arg("--kubeconfig").arg(user.kubeconfig());
    command.args(["--bind-address=127.0.0.1", "--shutdown-delay-duration=0s"]);
    command.arg(format!("--secure-port={port}"));
    command
}

/// A user that is bound to what the server's ServiceAccount is bound to, but for the roles left out.
fn user_without(env: &Env, name: &str, left_out: &[&str]) -> Kubectl {
    let all = [
        ("clusterrole", "tmc-server", ""),
        ("clusterrole", "tmc-server-apiservice", ""),
        ("clusterrole", "tmc-server-status", ""),
        ("clusterrole", "system:auth-delegator", ""),
        ("role", "tmc-server-leases", "tmc-system"),
        ("role", "tmc-server-serving-ca", "tmc-system"),
        ("role", "extension-apiserver-authentication-reader", "kube-system"),
    ];
    for (kind, role, namespace) in all.iter().filter(|(_, role, _)| !left_out.contains(role)) {
        let (binding, flag) = (format!("{name}-{}", role.replace(':', "-")), format!("--{kind}={role}"));
        let user = format!("--user={name}");
        let mut arguments = vec!["create", "clusterrolebinding", &binding, &flag, &user];
        if *kind == "role" {
            arguments[1] = "rolebinding";
            arguments.extend(["-n", namespace]);
        }
        env.admin().run(&arguments);
    }
    env.cluster.user(name, &[])
}

#[track_caller]
fn refused(user: &Kubectl) -> Output {
    let output = run("tmc-serve", &serve(user, 0), seconds(60));
    assert_eq!(output.status.code(), Some(1), "{}{}", output.stdout, output.stderr);
    assert!(!output.stdout.contains("listening"), "it never says that it listens: {}", output.stdout);
    let complaints: Vec<_> = output.stderr.lines().filter(|line| line.starts_with("tmc: ")).collect();
    assert_eq!(complaints.len(), 1, "one sentence: {}", output.stderr);
    output
}

#[test]
fn who_may_nothing_is_told_all_that_is_missing() {
    let Some(env) = shared() else { return };
    let said = refused(&env.cluster.user("powerless", &[])).stderr;
    for words in [
        r#"user "powerless" may not list, watch synctargets.workload.kcp.io (granted by ClusterRole tmc-server)"#,
        "list, watch leases.coordination.k8s.io in namespace tmc-system (granted by Role tmc-server-leases)",
        "create tokenreviews.authentication.k8s.io (granted by ClusterRole system:auth-delegator)",
        "create subjectaccessreviews.authorization.k8s.io (granted by ClusterRole system:auth-delegator)",
        r#"get configmaps "extension-apiserver-authentication" in namespace kube-system"#,
        "`tmc register`",
        "kubectl apply -f apiservice/",
    ] {
        assert!(said.contains(words), "{words:?} is missing: {said}");
    }
}

#[test]
fn a_token_without_rights_is_told_the_same() {
    let Some(env) = shared() else { return };
    let admin = env.admin();
    admin.run(&["create", "serviceaccount", "powerless", "-n", "default"]);
    let token = admin.run(&["create", "token", "powerless", "-n", "default"]);
    let text = crate::kubeconfig::with_token(&env.cluster.url(), &env.cluster.authority.pem, token.trim());
    let file = env.cluster.folder.join("powerless-token.kubeconfig");
    std::fs::write(&file, text).expect("write a kubeconfig");
    let said = refused(&Kubectl::new(file, &env.cluster.folder)).stderr;
    assert!(said.contains(r#"user "system:serviceaccount:default:powerless" may not list, watch"#), "{said}");
    assert!(!said.contains(token.trim()), "{said}");
}

#[test]
fn one_role_that_is_missing_is_the_one_that_is_named() {
    let Some(env) = shared() else { return };
    let said = refused(&user_without(env, "no-delegator", &["system:auth-delegator"])).stderr;
    assert!(said.contains("create tokenreviews.authentication.k8s.io"), "{said}");
    for granted in ["synctargets", "leases", "configmaps"] {
        let complaint = said.lines().find(|line| line.starts_with("tmc: ")).unwrap_or_default();
        assert!(!complaint.contains(granted), "{complaint}");
    }
}

/// Starts it and waits until it is ready; returns what it logged.
fn becomes_ready(env: &Env, user: &Kubectl, name: &str) -> String {
    let port = free_port();
    let process = Process::start(name, &serve(user, port), &env.cluster.logs).expect("start tmc serve");
    let insecure =
        [format!("--server=https://127.0.0.1:{port}"), "--insecure-skip-tls-verify=true".to_owned()];
    let direct = env.admin().with(&insecure.each_ref().map(String::as_str));
    until_true("it is ready", seconds(30), || direct.try_run(&["get", "--raw", "/readyz"]).is_ok());
    process.stderr()
}

#[test]
fn what_only_helps_may_be_missing() {
    let Some(env) = shared() else { return };
    let left_out = ["tmc-server", "tmc-server-apiservice", "tmc-server-serving-ca", "tmc-server-status"];
    let user = user_without(env, "no-hints", &left_out);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "no-hints-targets"},
        "rules": [{"apiGroups": ["workload.kcp.io"], "resources": ["synctargets"], "verbs": ["list", "watch"]}]});
    env.admin().apply(&role);
    let bind = ["create", "clusterrolebinding", "no-hints-targets", "--clusterrole=no-hints-targets"];
    env.admin().run(&[&bind[..], &["--user=no-hints"]].concat());
    let log = becomes_ready(env, &user, "tmc-no-hints");
    assert!(
        log.contains("list, watch clusterroles") && log.contains("it goes on without"),
        "it says what it goes on without: {log}"
    );
}

#[test]
fn an_administrator_needs_no_role_of_ours() {
    let Some(env) = shared() else { return };
    becomes_ready(env, &env.admin(), "tmc-unregistered");
}
