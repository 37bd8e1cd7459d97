//! SyncTargets that the shipped CRD would not let in: a looser CRD of the same name does. The others stay
//! right; the bad ones are counted as Unknown and named where an operator looks.

use serde_json::{Value, json};

use crate::binaries;
use crate::env::Env;
use crate::fixture::{NAMESPACE, object_name, workspace};
use crate::kubectl::Kubectl;
use crate::wait::{seconds, until, until_true};

/// Replaces the CRD by one that takes anything, keeping its objects.
fn loosen(admin: &Kubectl) {
    let mut crd = admin.json(&["get", "crd", "synctargets.workload.kcp.io", "-ojson"]);
    let version = &mut crd["spec"]["versions"][0];
    version["schema"]["openAPIV3Schema"] =
        json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
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
    let env = Env::start("malformed");
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
        let spec =
            json!({"kcpCluster": mixed, "supportedAPIExports": 7, "taints": "none", "unknown": {"a": [1]}});
        targets.create_with(&wrong_status, &spec).map_err(|error| format!("{error:#}"))
    });
    targets.patch_status(&wrong_status, &json!({"resources": "many", "conditions": {"Ready": true}}));
    // A workspace that is not a string: it stays where it was known to be.
    targets.create_with(&decays, &json!({"kcpCluster": 12})).expect("the looser CRD takes it");
    // Nobody ever knew where this one belongs.
    targets.create_with("belongs-nowhere", &json!({"kcpCluster": ["x"]})).expect("the looser CRD takes it");
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
    let metrics = env.direct(&admin).run(&["get", "--raw", "/metrics"]);
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
