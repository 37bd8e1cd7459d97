//! `make kube`: a real Kubernetes on this machine with `tmc serve` registered and sample SyncTargets, until
//! Ctrl-C. The harness of the end-to-end tests does the work; this says what to try and stops cleanly.

#![allow(dead_code, reason = "the harness offers tests more than this needs")]
#![allow(clippy::panic, reason = "the harness fails as tests do")]

#[path = "../tests/e2e/binaries.rs"]
mod binaries;
#[path = "../tests/e2e/cluster.rs"]
mod cluster;
#[path = "../tests/e2e/fixture.rs"]
mod fixture;
#[path = "../tests/e2e/kubeconfig.rs"]
mod kubeconfig;
#[path = "../tests/e2e/kubectl.rs"]
mod kubectl;
#[path = "../tests/e2e/pki.rs"]
mod pki;
#[path = "../tests/e2e/process.rs"]
mod process;
#[path = "../tests/e2e/tmc.rs"]
mod tmc;
#[path = "../tests/e2e/wait.rs"]
mod wait;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use cluster::Cluster;
use fixture::{Report, Targets, block_on};
use tmc::Tmc;

/// How often a syncer renews its lease.
const HEARTBEAT: Duration = Duration::from_secs(10);

fn main() -> Result<()> {
    ensure!(binaries::present(), "run `make kube-binaries` first");
    println!("Starting etcd, kube-apiserver, kube-controller-manager and tmc serve ...");
    let cluster = Cluster::start_with_controllers("kube", "namespace,serviceaccount,garbagecollector");
    let tmc = Tmc::start_with(&cluster, &[]);
    let targets = Targets::new(cluster.admin().kubeconfig());
    let alive = samples(&targets);
    let kubeconfig = publish(&cluster)?;
    println!("{}", what_to_try(&kubeconfig, &cluster.logs));
    until_told_to_stop(|| alive.iter().for_each(|uid| targets.beat(uid)))?;
    println!("\nStopping ...");
    let status = tmc.terminate();
    drop(tmc);
    drop(cluster);
    std::fs::remove_file(&kubeconfig).context("remove the kubeconfig")?;
    ensure!(status.success(), "tmc serve ended with {status}");
    Ok(())
}

/// Targets of every health; returns the uids of those whose syncer lives.
fn samples(targets: &Targets) -> Vec<String> {
    let mut alive = vec![
        targets.healthy("production-east", "root:production", 18),
        targets.healthy("staging", "root:staging", 6),
        targets.healthy("staging-eu", "root:staging:eu", 4),
    ];
    let west = targets.create("production-west", "root:production");
    let mut status = Report { ready: true, deployments: (16, 18) }.status();
    status["conditions"].as_array_mut().expect("a report has conditions").push(json!({
        "type": "ResourcesSynced", "status": "False", "reason": "SyncErrors",
        "message": "2 of 18 Deployments are not Available", "lastTransitionTime": "2026-01-01T00:00:00Z"}));
    status["problems"] = json!([{"kind": "Deployment", "namespace": "shop", "name": "checkout",
        "reason": "ProgressDeadlineExceeded", "message": "image shop/checkout:v2 cannot be pulled"}]);
    targets.apply_status("production-west", &status);
    let edge = targets.create("edge-1", "root:edge");
    targets.report("edge-1", Report { ready: false, deployments: (0, 3) });
    alive.extend([west, edge]);
    // Its syncer was never seen.
    targets.create("edge-2", "root:edge");
    alive.iter().for_each(|uid| targets.beat(uid));
    alive
}

/// The administrator's kubeconfig where a user finds it.
fn publish(cluster: &Cluster) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/kube-dev");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("kubeconfig");
    std::fs::copy(cluster.admin().kubeconfig(), &file).context("write the kubeconfig")?;
    Ok(file)
}

fn what_to_try(kubeconfig: &Path, logs: &Path) -> String {
    let kubectl = binaries::kubernetes("kubectl");
    format!(
        r#"
A Kubernetes with aggregated views is running. In another terminal:

  export KUBECONFIG={kubeconfig}
  alias kubectl={kubectl}

  kubectl get aggregatedviews                       # one row per workspace
  kubectl get av -o wide -w                         # live; leave it open and run the patch below
  kubectl patch synctarget staging --subresource=status --type=json \
    -p '[{{"op": "replace", "path": "/status/resources/3/ready", "value": 5}}]'
  kubectl get aggregatedtrees                       # a workspace and all below it
  kubectl describe av root:production
  kubectl explain aggregatedviews.status --recursive
  kubectl wait --for=condition=Ready av/root:staging

Logs: {logs}
Ctrl-C stops everything."#,
        kubeconfig = kubeconfig.display(),
        kubectl = kubectl.display(),
        logs = logs.display(),
    )
}

/// Calls `beat` every ten seconds until Ctrl-C or SIGTERM.
fn until_told_to_stop(beat: impl Fn()) -> Result<()> {
    let (mut interrupt, mut terminate) =
        block_on(async { anyhow::Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)) })?;
    let mut told = || {
        block_on(async {
            let either = async {
                tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
            };
            tokio::time::timeout(HEARTBEAT, either).await.is_ok()
        })
    };
    while !told() {
        beat();
    }
    Ok(())
}
