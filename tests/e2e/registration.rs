//! Registering on a real Kubernetes: again and again, from printed manifests, and over somebody else.

use std::process::Command;

use crate::binaries;
use crate::cluster::Cluster;
use crate::env::{Env, shared};
use crate::fixture::VIEWS;
use crate::process::run;
use crate::tmc::{APISERVICE, Tmc, tmc};
use crate::wait::{seconds, until};

fn path(kubectl: &crate::kubectl::Kubectl) -> String {
    kubectl.kubeconfig().to_str().expect("temp paths are UTF-8").to_owned()
}

/// What registration owns, with the versions that change when it is written.
fn versions(env: &Env) -> String {
    let kinds = "crd,clusterrole,clusterrolebinding,apiservice";
    let columns =
        "-ocustom-columns=K:.kind,N:.metadata.name,G:.metadata.generation,R:.metadata.resourceVersion";
    let all = env.admin().run(&["get", kinds, columns, "--no-headers"]);
    all.lines()
        .filter(|line| line.contains("tmc") || line.contains("workload.kcp.io"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn registering_again_changes_nothing() {
    let Some(env) = shared() else { return };
    let before = versions(env);
    let mut again = env.tmc.register(&env.cluster);
    assert!(again.wait(seconds(60)).success(), "{}", again.stderr());
    assert_eq!(versions(env), before);
    let said = again.stdout();
    assert!(said.lines().last().is_some_and(|line| line.contains("kubectl get aggregatedviews")), "{said}");
}

#[test]
fn another_service_is_not_taken_over_unasked() {
    let Some(env) = shared() else { return };
    let other =
        ["register", "--kubeconfig", &path(&env.admin()), "--service=other/server:443", "--timeout=5s"];
    let refused = tmc(&other);
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    assert!(refused.stderr.contains("tmc-system/tmc"), "{}", refused.stderr);
    env.admin().run(&["get", "av"]);
}

#[test]
fn printed_manifests_do_the_same() {
    if !binaries::present() {
        return;
    }
    let cluster = Cluster::start("manifests");
    let server = Tmc::new(&cluster, &[]);
    let service = format!("--service=tmc-system/tmc:{}", server.port);
    let printed = tmc(&["manifests", &service, "--external-name=localhost"]);
    assert!(printed.status.success(), "{}", printed.stderr);
    let file = cluster.folder.join("manifests.yaml");
    std::fs::write(&file, &printed.stdout).expect("write the manifests");
    // The kinds that a manifest brings along are known a moment later.
    let apply: Command =
        cluster.admin().command(&["apply", "--server-side", "-f", file.to_str().expect("UTF-8")]);
    until("the manifests are applied", seconds(30), || {
        let output = run("apply", &apply, seconds(30));
        if output.status.success() { Ok(()) } else { Err(output.stderr) }
    });
    server.serve();
    server.until_available();
    until("kubectl gets through", seconds(30), || cluster.admin().try_run(&["get", "--raw", VIEWS]));
    let removed = tmc(&["unregister", "--kubeconfig", &path(&cluster.admin())]);
    assert!(removed.status.success(), "{}", removed.stderr);
    assert!(cluster.admin().fail(&["get", "apiservice", APISERVICE]).contains("NotFound"));
}
