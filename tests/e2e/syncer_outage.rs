//! The workspace goes away under a syncer, and then its cluster, while both are being changed: nothing is deleted for
//! it, what it says of itself is true meanwhile, and afterwards both sides are as they should be.

use std::collections::BTreeSet;
use std::thread;

use serde_json::{Value, json};

use crate::audit;
use crate::binaries;
use crate::cluster::{Cluster, Plan, free_port};
use crate::env::Env;
use crate::kubectl::Kubectl;
use crate::synced::{Synced, config_map, get};
use crate::syncer::Sides;
use crate::wait::{seconds, until};

/// Whether a check of `/readyz` fails.
fn until_failing(synced: &Synced, checks: &[&str]) {
    until(&format!("/readyz says that {checks:?} fail"), seconds(60), || {
        let (ready, text) = synced.syncer.readiness();
        let fails = |check: &&str| text.contains(&format!("[-]{check} "));
        if !ready && checks.iter().all(fails) { Ok(()) } else { Err(text) }
    });
}

fn uid(kubectl: &Kubectl, namespace: &str, name: &str) -> Value {
    let found = get(kubectl, namespace, &format!("configmap/{name}")).expect("it is there");
    found["metadata"]["uid"].clone()
}

fn change(kubectl: &Kubectl, namespace: &str, name: &str, value: &str) {
    let patch = json!({"data": {"key": value}}).to_string();
    kubectl.run(&["patch", "configmap", name, "-n", namespace, "--type=merge", "-p", &patch]);
}

#[test]
fn both_sides_may_go_away_and_nothing_is_deleted_for_it() {
    if !binaries::present() {
        return;
    }
    let controllers = Some("serviceaccount,namespace");
    let audit = audit::policy();
    let plan = Plan { name: "outage-below", controllers, audit: Some(&audit), beside: None };
    let (env, below) = thread::scope(|scope| {
        let below = scope.spawn(|| Cluster::start_as(&plan));
        let above = Plan { name: "outage-above", controllers, ..Plan::default() };
        (Env::on(Cluster::start_as(&above)), below.join().expect("a cluster"))
    });
    let flags = ["--report-period=1s", "--probe-period=1s"];
    let synced = Synced::start(Sides::new(&env, &below), &flags);
    synced.apply(&(0..8).map(|n| config_map(&format!("c{n}"), "one")).collect::<Vec<_>>());
    let namespace = synced.namespace_below();
    let is = |value: &'static str| move |found: &Value| found["data"]["key"] == value;
    for n in 0..8 {
        synced.until_below(&namespace, &format!("configmap/c{n}"), "it is there", is("one"));
    }
    let kept = [4, 5, 6, 7].map(|n| format!("c{n}"));
    let before = kept.each_ref().map(|name| uid(&synced.below, &namespace, name));

    without_a_workspace(&env, &synced, &namespace);
    let after = kept.each_ref().map(|name| uid(&synced.below, &namespace, name));
    assert_eq!(before, after, "nothing was deleted and made again");

    without_a_cluster(&below, &synced, &namespace);
    let after = kept.each_ref().map(|name| uid(&synced.below, &namespace, name));
    assert_eq!(before, after, "nothing was deleted and made again");
    let deleted: Vec<_> =
        synced.syncer.asked_below().into_iter().filter(|asked| asked.verb == "delete").collect();
    let names: BTreeSet<_> = deleted.iter().map(|asked| &*asked.name).collect();
    assert_eq!(names, ["c2", "c3"].into(), "{deleted:#?}");
}

/// Others change objects on both sides while the syncer does not see the workspace.
fn without_a_workspace(env: &Env, synced: &Synced, namespace: &str) {
    env.cluster.kill_apiserver();
    synced.below.run(&["delete", "configmap/c0", "-n", namespace]);
    change(&synced.below, namespace, "c1", "theirs");
    // The workspace is changed where the syncer does not look.
    let port = free_port();
    env.cluster.start_apiserver_at(port);
    let elsewhere = env.cluster.admin_at(port);
    change(&elsewhere, &synced.namespace, "c2", "two");
    elsewhere.run(&["delete", "configmap/c3", "-n", &synced.namespace, "--wait=false"]);
    let mut new = config_map("new", "one");
    new["metadata"]["namespace"] = json!(synced.namespace);
    elsewhere.apply(&new);
    until_failing(synced, &["lease"]);
    let live = get(&synced.below, namespace, "configmap/c3").expect("nothing is deleted meanwhile");
    assert_eq!(live["metadata"]["deletionTimestamp"], Value::Null);
    env.cluster.kill_apiserver();
    env.cluster.start_apiserver();

    synced.syncer.until_ready();
    let is = |value: &'static str| move |found: &Value| found["data"]["key"] == value;
    for (name, value) in [("c0", "one"), ("c1", "one"), ("c2", "two"), ("new", "one")] {
        synced.until_below(namespace, &format!("configmap/{name}"), "it is right", is(value));
    }
    synced.until_gone(&synced.below, namespace, "configmap/c3");
    synced.until_gone(&synced.above, &synced.namespace, "configmap/c3");
}

/// The workspace is changed while the cluster is not there; the report says that it is not.
fn without_a_cluster(below: &Cluster, synced: &Synced, namespace: &str) {
    below.kill_apiserver();
    change(&synced.above, &synced.namespace, "c4", "three");
    synced.run_above(&["delete", "configmap/c2", "--wait=false"]);
    let says = |reason: &str| {
        until(&format!("the report says {reason}"), seconds(60), || {
            let target = synced.above.json(&["get", "synctarget", &synced.syncer.target, "-ojson"]);
            let mut conditions = target["status"]["conditions"].as_array().into_iter().flatten();
            let reachable = conditions.find(|condition| condition["type"] == "DownstreamReachable");
            if reachable.is_some_and(|found| found["reason"] == reason) {
                Ok(())
            } else {
                Err(target.to_string())
            }
        });
    };
    says("Unreachable");
    until_failing(synced, &["downstream"]);
    let held = synced.get_above("configmap/c2").expect("its finalizer keeps it");
    assert_ne!(held["metadata"]["finalizers"], Value::Null, "{held}");
    below.start_apiserver();

    says("Reachable");
    synced.syncer.until_ready();
    synced.until_below(namespace, "configmap/c4", "it has changed", |found| found["data"]["key"] == "three");
    synced.until_gone(&synced.below, namespace, "configmap/c2");
    synced.until_gone(&synced.above, &synced.namespace, "configmap/c2");
}
