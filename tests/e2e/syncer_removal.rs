//! Whatever of ours goes away, hundreds of workloads stay: a SyncTarget, the CRDs under a syncer that is dead, and
//! the whole installation.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::binaries;
use crate::cluster::{Cluster, Plan};
use crate::env::Env;
use crate::kubectl::Kubectl;
use crate::physical::{self, deployment};
use crate::synced::{CLUSTER, OWNER, Synced, config_map};
use crate::syncer::Sides;
use crate::tmc::tmc;
use crate::wait::{seconds, until};

const OBJECTS: usize = 300;
const RELEASED_BY: &str = "workload.kcp.io/released-by";

/// Uids by name of the ConfigMaps of a namespace that are not Kubernetes' own.
fn uids(kubectl: &Kubectl, namespace: &str) -> BTreeMap<String, String> {
    let list = kubectl.json(&["get", "configmaps", "-n", namespace, "-ojson"]);
    let metadata = items(&list).iter().map(|item| &item["metadata"]);
    let uids = metadata.filter_map(|metadata| Some((metadata["name"].as_str()?, metadata["uid"].as_str()?)));
    uids.filter(|(name, _)| name.starts_with('c'))
        .map(|(name, uid)| (name.to_owned(), uid.to_owned()))
        .collect()
}

fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map_or(&[], Vec::as_slice)
}

/// What was synced, once all of it is there.
fn until_all(synced: &Synced, namespace: &str) -> BTreeMap<String, String> {
    let available = |found: &Value| found["status"]["availableReplicas"] == 2;
    synced.until_below(namespace, "deployment/web", "it is available", available);
    until("everything is below", seconds(90), || {
        let uids = uids(&synced.below, namespace);
        if uids.len() == OBJECTS { Ok(uids) } else { Err(format!("{} of {OBJECTS}", uids.len())) }
    })
    .0
}

/// Nothing above waits for the syncer, and nothing below is its own any more; but everything is there.
fn assert_released(synced: &Synced, namespace: &str, before: &BTreeMap<String, String>) {
    let above = synced.above.json(&["get", "configmaps,deployments", "-n", &synced.namespace, "-ojson"]);
    assert!(items(&above).len() > OBJECTS, "nothing was deleted above");
    let held = items(&above).iter().find(|item| !item["metadata"]["finalizers"].is_null());
    assert!(held.is_none(), "it is held back: {held:?}");
    assert_eq!(&uids(&synced.below, namespace), before, "the same objects as before");
    let below = synced.below.json(&["get", "configmaps,deployments", "-n", namespace, "-ojson"]);
    for item in items(&below).iter().filter(|item| item["metadata"]["name"] != "kube-root-ca.crt") {
        let (labels, annotations) = (&item["metadata"]["labels"], &item["metadata"]["annotations"]);
        assert!(labels[CLUSTER].is_null() && annotations[OWNER].is_null(), "it bears stamps: {item}");
        let released = annotations[RELEASED_BY].as_str().unwrap_or_default();
        assert!(released.starts_with(&synced.syncer.uid), "it says who let it go: {item}");
    }
    let web = synced.below.json(&["get", "deployment", "web", "-n", namespace, "-ojson"]);
    assert_eq!(web["status"]["availableReplicas"], 2, "it runs on: {web}");
    let deleted: Vec<_> =
        synced.syncer.asked_below().into_iter().filter(|asked| asked.verb.starts_with("delete")).collect();
    assert!(deleted.is_empty(), "{deleted:#?}");
}

fn start(name: &str) -> Env {
    let controllers = Some("serviceaccount,namespace");
    Env::on(Cluster::start_as(&Plan { name, controllers, ..Plan::default() }))
}

fn crds() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/crds").display().to_string()
}

fn fill(synced: &Synced) {
    let mut all: Vec<_> = (0..OBJECTS).map(|n| config_map(&format!("c{n}"), "kept")).collect();
    all.push(deployment("", "web", 2));
    synced.apply(&all);
}

#[test]
fn workloads_outlive_their_target_and_the_whole_installation() {
    if !binaries::present() {
        return;
    }
    let Some(physical) = physical::shared() else { return };
    let env = start("removal");
    let sides = Sides::new(&env, &physical.cluster);

    let first = Synced::start(sides, &[]);
    fill(&first);
    let namespace = first.namespace_below();
    let before = until_all(&first, &namespace);
    first.above.run(&["delete", "synctarget", &first.syncer.target, "--timeout=50s"]);
    assert_released(&first, &namespace, &before);

    // The CRDs go while the syncer is dead: what holds them is its finalizer, and it lets everything go first.
    let second = Synced::start(sides, &[]);
    fill(&second);
    let namespace = second.namespace_below();
    let before = until_all(&second, &namespace);
    second.syncer.kill();
    second.above.run(&["delete", "-f", &crds(), "--wait=false"]);
    second.syncer.run();
    let gone = ["wait", "--for=delete", "crd/synctargets.workload.kcp.io", "--timeout=55s"];
    second.above.run(&gone);
    assert_released(&second, &namespace, &before);

    let kubeconfig = format!("--kubeconfig={}", env.admin().kubeconfig().display());
    let removed = tmc(&["unregister", &kubeconfig]);
    assert!(removed.status.success(), "{}", removed.stderr);
    assert_released(&second, &namespace, &before);
}
