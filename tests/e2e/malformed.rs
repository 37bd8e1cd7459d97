//! SyncTargets that the shipped CRD would not let in: a looser CRD of the same name does. The others stay
//! right; the bad ones are counted as Unknown and named where an operator looks.

use serde_json::{Value, json};

use crate::binaries;
use crate::cluster::Cluster;
use crate::env::Env;
use crate::fixture::{NAMESPACE, Targets, VIEWS, object_name, workspace};
use crate::kubectl::Kubectl;
use crate::tmc::Tmc;
use crate::wait::{seconds, until, until_true};

/// Stands in each place of a malformed object that is wrong.
const CANARY: &str = "canary-of-bad-content";

/// Replaces the CRD by one that takes almost anything, keeping its objects.
fn loosen(admin: &Kubectl) {
    let mut crd = admin.json(&["get", "crd", "synctargets.workload.kcp.io", "-ojson"]);
    // Still a map by type, or nobody could own a condition of it.
    let conditions = json!({"type": "array", "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"], "items": {"type": "object", "required": ["type"],
            "x-kubernetes-preserve-unknown-fields": true, "properties": {"type": {"type": "string"}}}});
    let version = &mut crd["spec"]["versions"][0];
    version["schema"]["openAPIV3Schema"] = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
                "conditions": conditions}}}});
    crd["metadata"] = json!({"name": "synctargets.workload.kcp.io"});
    crd.as_object_mut().expect("a CRD is an object").remove("status");
    let loose = json!({"apiVersion": crd["apiVersion"], "kind": crd["kind"], "metadata": crd["metadata"],
        "spec": {"versions": crd["spec"]["versions"], "group": crd["spec"]["group"],
            "names": crd["spec"]["names"], "scope": crd["spec"]["scope"]}});
    admin.with_manifest(&["replace"], &loose).expect("replace the CRD");
}

fn condition<'a>(view: &'a Value, kind: &str) -> &'a Value {
    let conditions = view["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    conditions.iter().find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
}

#[test]
fn a_malformed_target_is_named_and_harms_no_other() {
    if !binaries::present() {
        return;
    }
    // It logs all it can.
    let cluster = Cluster::start("malformed");
    let tmc = Tmc::start_with(&cluster, &["-v=6"]);
    let targets = Targets::new(cluster.admin().kubeconfig());
    let env = Env { cluster, tmc, targets };
    let (admin, targets) = (env.admin(), &env.targets);
    let [good, mixed, odd] = [workspace(), workspace(), workspace()];
    targets.healthy(&object_name(&good, "a"), &good, 3);
    targets.healthy(&object_name(&mixed, "a"), &mixed, 4);
    let decays = object_name(&mixed, "decays");
    targets.healthy(&decays, &mixed, 5);
    targets.until_deployments(&good, 3);
    targets.until_deployments(&mixed, 9);

    loosen(&admin);
    let wrong_status = object_name(&mixed, "wrong-status");
    until("the looser CRD is in force", seconds(30), || {
        let spec = json!({"kcpCluster": mixed, "supportedAPIExports": CANARY, "taints": {CANARY: 1}, "unknown": {"a": [CANARY]}});
        targets.create_with(&wrong_status, &spec).map_err(|error| format!("{error:#}"))
    });
    targets.patch_status(
        &wrong_status,
        &json!({"resources": CANARY, "conditions": [{"type": CANARY, "status": true}]}),
    );
    // A workspace that is not a string: it stays where it was known to be.
    targets.create_with(&decays, &json!({"kcpCluster": {"token": CANARY}})).expect("the looser CRD takes it");
    // Nobody ever knew where this one belongs.
    targets
        .create_with("belongs-nowhere", &json!({"kcpCluster": [CANARY]}))
        .expect("the looser CRD takes it");
    // Unknown fields and much of everything, but nothing wrong.
    let large = "x".repeat(600_000);
    let spec = json!({"kcpCluster": odd, "future": {"field": large}, "cells": {"a": "b"}});
    let uid = targets.create_with(&object_name(&odd, "large"), &spec).expect("the looser CRD takes it");
    targets.beat(&uid);
    targets.report(&object_name(&odd, "large"), crate::fixture::Report::healthy(1));

    let (view, _) = targets.until_view(&mixed, "the bad ones are Unknown", |view| {
        view["status"]["targetCount"] == 3 && view["status"]["healthStatus"]["unknown"] == 2
    });
    assert_eq!(view["status"]["healthStatus"]["healthy"], 1, "{view}");
    assert_eq!(view["status"]["resourceCount"]["deployments"].as_u64().map(|count| count >= 4), Some(true));
    assert_eq!(view["status"]["data"], "Partial");
    let complete = condition(&view, "DataComplete");
    assert_eq!(complete["status"], "False", "{view}");
    let message = complete["message"].as_str().unwrap_or_default();
    assert!(message.contains(&wrong_status) && message.contains(&decays), "{message}");
    targets.until_deployments(&good, 3);
    let (odd, _) = targets.until_view(&odd, "the large one is right", |view| {
        view["status"]["healthStatus"]["healthy"] == 1 && view["status"]["resourceCount"]["deployments"] == 1
    });
    assert_eq!(odd["status"]["data"], "Complete");

    for name in [&wrong_status, &decays, "belongs-nowhere"] {
        until_true(&format!("the log names {name}"), seconds(10), || env.tmc.log().contains(name));
    }
    let direct = env.direct(&admin);
    let metrics = direct.run(&["get", "--raw", "/metrics"]);
    // What is wrong in them is nowhere to be seen, and neither is it in an answer about them.
    let list = direct.run(&["get", "--raw", VIEWS]);
    let wide = direct.run(&["get", "av", "-owide"]);
    let doctor = crate::tmc::tmc(&["doctor", "--kubeconfig", admin.kubeconfig().to_str().expect("UTF-8")]);
    let log = env.tmc.log();
    for (what, text) in [
        ("the log", &log),
        ("the metrics", &metrics),
        ("the list", &list),
        ("the table", &wide),
        ("what the doctor says", &(doctor.stdout + &doctor.stderr)),
    ] {
        assert!(!text.contains(CANARY), "{what} shows what a malformed target holds");
    }
    let metric = r#"tmc_views_undecodable_objects_total{resource="synctargets"} "#;
    let counted = metrics.lines().find_map(|line| line.strip_prefix(metric)?.parse::<u64>().ok());
    assert!(counted >= Some(3), "the metric counts them: {counted:?}");

    // A lease that is no lease harms its target alone.
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "synctarget-of-nobody", "namespace": NAMESPACE}, "spec": {}});
    admin.apply(&lease);
    targets.until_deployments(&good, 3);

    // Mended, it counts again.
    targets.delete(&wrong_status);
    targets.delete(&decays);
    targets.until_view(&mixed, "only the good one is left", |view| {
        view["status"]["data"] == "Complete" && view["status"]["targetCount"] == 1
    });
}
