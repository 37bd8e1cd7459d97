//! Unmodified kubectl that writes: what it says and what it leaves, on a real kube-apiserver and on `tmc dev`.
//! Each check has a namespace of its own.

mod apply;
mod change;
mod remove;
mod show;

use serde_json::{Value, json};

use crate::binaries;
use crate::cluster::Cluster;
use crate::dev::Dev;
use crate::kubectl::Kubectl;

type Check = (&'static str, fn(&Kubectl));

const CHECKS: [&[Check]; 4] = [apply::CHECKS, change::CHECKS, remove::CHECKS, show::CHECKS];

#[test]
fn kubectl_writes_to_kubernetes() {
    if !binaries::present() {
        return;
    }
    let cluster = Cluster::start_with_controllers("kubectl-write", "namespace,garbagecollector");
    check(&cluster.admin());
}

#[test]
fn kubectl_writes_to_tmc_dev() {
    if !binaries::present() {
        return;
    }
    let dev = Dev::start();
    check(&dev.admin());
}

/// Checks at a time. Each runs one kubectl after the other, whose patience with a server is some seconds.
const TOGETHER: usize = 6;

/// Runs all checks, some together, and says which of them failed.
fn check(admin: &Kubectl) {
    let all: Vec<&Check> = CHECKS.iter().flat_map(|checks| checks.iter()).collect();
    let failed: Vec<_> = all.chunks(TOGETHER).flat_map(|some| failing(admin, some)).collect();
    assert!(failed.is_empty(), "failed, with the reasons above: {failed:?}");
}

fn failing(admin: &Kubectl, some: &[&Check]) -> Vec<&'static str> {
    std::thread::scope(|scope| {
        let running: Vec<_> = some
            .iter()
            .map(|(name, check)| {
                let own = admin.with(&["--namespace", name]);
                let thread = scope.spawn(move || {
                    let made = own.run(&["create", "namespace", name]);
                    assert_eq!(made, format!("namespace/{name} created\n"));
                    check(&own);
                });
                (*name, thread)
            })
            .collect();
        running.into_iter().filter_map(|(name, thread)| thread.join().is_err().then_some(name)).collect()
    })
}

fn configmap(name: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

fn deployment(name: &str, replicas: u32) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "example.com/main:1"}]}}}})
}

/// What a command said that succeeded, on one line.
#[track_caller]
fn said(result: Result<String, String>) -> String {
    result.unwrap_or_else(|error| panic!("{error}")).trim().to_owned()
}
