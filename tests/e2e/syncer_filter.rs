//! The whole way of workloads in mode filter: applied above they run below, and what becomes of them there is said
//! above. On a Kubernetes and on `tmc dev`, and no secret is told on the way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::dev::Dev;
use crate::env;
use crate::fixture::Targets;
use crate::physical::{self, Physical, deployment};
use crate::synced::{Synced, config_map};
use crate::syncer::{Above, Sides};

#[test]
fn workloads_of_a_kubernetes_run_on_a_physical_cluster() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    walk(Sides::new(env, &physical.cluster), physical);
}

#[test]
fn workloads_of_tmc_dev_run_on_a_physical_cluster() {
    let Some(physical) = physical::shared() else { return };
    let dev = Dev::start();
    let targets = Targets::new(dev.admin().kubeconfig());
    walk(Sides { targets: &targets, above: Above::Dev(&dev), below: &physical.cluster }, physical);
}

/// A Deployment that is nothing without the others.
fn application(canary: &str) -> [Value; 4] {
    let mut web = deployment("", "web", 3);
    let container = &mut web["spec"]["template"]["spec"]["containers"][0];
    container["envFrom"] = json!([{"configMapRef": {"name": "web"}}, {"secretRef": {"name": "web"}}]);
    let metadata = json!({"name": "web"});
    let spec =
        json!({"selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}]});
    [
        config_map("web", "one"),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": canary}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}),
        web,
    ]
}

fn walk(sides: Sides, physical: &Physical) {
    let canary = format!("canary-{:016x}", rand::random::<u64>());
    let synced = Synced::start(sides, &["--log-level=9"]);
    synced.apply(&application(&canary));
    let namespace = synced.namespace_below();
    arrives(&synced, &namespace, &canary);
    says_so_above(&synced);
    follows_changes(&synced, &namespace);
    is_counted(&synced);
    goes_when_deleted(&synced, &namespace);
    tells_no_secret(&synced, physical, &canary);
}

fn arrives(synced: &Synced, namespace: &str, canary: &str) {
    let available = |found: &Value| found["status"]["availableReplicas"] == 3;
    let web = synced.until_below(namespace, "deployment/web", "it is available", available);
    assert_eq!(web["metadata"]["labels"]["internal.workload.kcp.io/cluster"], synced.key.as_str(), "{web}");
    let config = synced.until_below(namespace, "configmap/web", "it is there", |_| true);
    assert_eq!(config["data"], json!({"key": "one"}));
    let secret = synced.until_below(namespace, "secret/web", "it is there", |_| true);
    assert_eq!(secret["data"], json!({"password": STANDARD.encode(canary)}));
    let service = synced.until_below(namespace, "service/web", "it is there", |_| true);
    assert_eq!(service["spec"]["ports"][0]["targetPort"], 8080, "{service}");
}

fn says_so_above(synced: &Synced) {
    synced.run_above(&["rollout", "status", "deployment/web", "--timeout=50s"]);
    synced.run_above(&["wait", "--for=condition=Available", "deployment/web", "--timeout=50s"]);
    let web = synced.get_above("deployment/web").expect("it is there");
    assert_eq!(web["status"]["readyReplicas"], 3, "{web}");
}

fn follows_changes(synced: &Synced, namespace: &str) {
    synced.run_above(&["scale", "deployment/web", "--replicas=4"]);
    synced.run_above(&["rollout", "status", "deployment/web", "--timeout=50s"]);
    let scaled = synced.get_above("deployment/web").expect("it is there");
    assert_eq!(scaled["status"]["readyReplicas"], 4, "{scaled}");
    synced.run_above(&["set", "image", "deployment/web", "web=registry.example/web:2"]);
    synced.run_above(&["rollout", "status", "deployment/web", "--timeout=50s"]);
    let image = |found: &Value| found["spec"]["template"]["spec"]["containers"][0]["image"].clone();
    let below = synced.until_below(namespace, "deployment/web", "it is there", |_| true);
    assert_eq!((image(&below), &below["spec"]["replicas"]), (json!("registry.example/web:2"), &json!(4)));
    synced.apply(&[config_map("web", "two")]);
    synced.until_below(namespace, "configmap/web", "it has changed", |found| found["data"]["key"] == "two");
}

fn is_counted(synced: &Synced) {
    let workloads = |view: &Value| {
        let count = &view["status"]["resourceCount"];
        ["deployments", "services", "secrets"].iter().all(|kind| count[kind] == 1)
            && view["status"]["healthStatus"]["healthy"] == 1
    };
    synced.syncer.targets().until_view(&synced.syncer.workspace, "the workloads are counted", workloads);
    let labels = |operation: &str| {
        [r#"resource_type="deployments.apps""#, operation, r#"result="success""#].map(String::from)
    };
    for operation in ["create", "update", "finalizer", "status_update"] {
        let parts = labels(&format!(r#"operation="{operation}""#));
        let parts =
            [&["syncer_operations_total{"] as &[&str], &parts.each_ref().map(String::as_str)].concat();
        let count = synced.syncer.metric(&parts).unwrap_or_default();
        assert!(count >= 1.0, "{operation}: {}", synced.syncer.metrics());
    }
}

fn goes_when_deleted(synced: &Synced, namespace: &str) {
    let all = ["deployment/web", "service/web", "secret/web", "configmap/web"];
    synced.run_above(&[&["delete", "--timeout=50s"] as &[&str], &all].concat());
    for object in all {
        synced.until_gone(&synced.below, namespace, object);
    }
}

fn tells_no_secret(synced: &Synced, physical: &Physical, canary: &str) {
    let events = synced.run_above(&["get", "events", "-oyaml"]);
    let target = synced.above.run(&["get", "synctarget", &synced.syncer.target, "-oyaml"]);
    let log = synced.syncer.log();
    assert!(log.contains("secrets"), "it logs what it does at this level: {log}");
    for text in [log, synced.syncer.metrics(), events, target] {
        for secret in [canary.to_owned(), STANDARD.encode(canary)] {
            assert!(!text.contains(&secret), "a secret in: {text}");
        }
    }
    let audit = std::fs::read_to_string(physical.cluster.audit_log()).expect("the cluster is audited");
    assert!(!audit.contains(canary), "a secret is in a path");
}
