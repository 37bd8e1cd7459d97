//! The syncer in mode observe: a cluster that runs already is seen in the aggregated views, and nothing is ever
//! written there.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::env;
use crate::kubectl::Kubectl;
use crate::physical::{self, deployment, impossible};
use crate::syncer::{Sides, Syncer};
use crate::wait::{seconds, until, until_true};

/// What the cluster had before anybody thought of us: 2 Deployments of which one rolls out, a Service, a Secret,
/// and a ConfigMap beside the one that is Kubernetes' own.
fn populate(admin: &Kubectl, namespace: &str) {
    admin.apply(&deployment(namespace, "web", 3));
    admin.apply(&impossible(namespace, "stuck"));
    let metadata = json!({"name": "web", "namespace": namespace});
    admin.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}));
    admin.apply(
        &json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"a": "b"}}),
    );
    let ports = json!([{"port": 80}]);
    let spec = json!({"selector": {"app": "web"}, "ports": ports});
    admin.apply(&json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}));
}

fn counts(view: &Value) -> Vec<u64> {
    let count = &view["status"]["resourceCount"];
    let kinds = ["deployments", "services", "configMaps", "secrets"];
    kinds.iter().filter_map(|kind| count[kind].as_u64()).collect()
}

fn row<'a>(view: &'a Value, resource: &str) -> &'a Value {
    let rows = view["status"]["resources"].as_array().map_or(&[][..], Vec::as_slice);
    rows.iter().find(|row| row["resource"] == resource).unwrap_or(&Value::Null)
}

#[test]
fn a_cluster_that_runs_already_is_seen_in_the_views_and_never_written_to() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let namespace = physical.namespace();
    let below = physical.admin();
    populate(&below, &namespace);
    below.run(&["rollout", "status", "deployment/web", "-n", &namespace, "--timeout=60s"]);
    let only = format!("--namespaces={namespace}");
    let syncer = Syncer::start(Sides::new(env, &physical.cluster), "observe", &[&only]);
    let workspace = &syncer.workspace;

    let settled = |view: &Value| {
        counts(view) == [2, 1, 1, 1]
            && row(view, "deployments")["ready"] == 1
            && view["status"]["healthStatus"]["healthy"] == 1
            && view["status"]["data"] == "Complete"
    };
    let (view, _) = env.targets.until_view(workspace, "all of it is there and counted", settled);
    let problem = &view["status"]["problems"][0];
    let place = [&problem["kind"], &problem["namespace"], &problem["name"], &problem["syncTarget"]];
    assert_eq!(place, ["Deployment", &*namespace, "stuck", &*syncer.target], "{view}");
    let table = env.admin().run(&["get", "aggregatedviews", workspace, "-owide"]);
    assert!(table.contains("1/2") && table.contains("stuck"), "{table}");
    let target = env.admin().json(&["get", "synctarget", &syncer.target, "-ojson"]);
    assert_eq!(target["status"]["capacity"]["cpu"], "32", "{target}");
    assert_eq!(target["status"]["nodeSummary"], json!({"total": 1, "ready": 1}), "{target}");
    assert_eq!(target["status"]["kubernetesVersion"], "v1.36.3", "{target}");

    // What changes below is seen above: one more that rolls out, and one problem less.
    below.apply(&deployment(&namespace, "api", 1));
    below.run(&["delete", "deployment", "stuck", "-n", &namespace]);
    let followed = |view: &Value| {
        let problems = view["status"]["problems"].as_array().map_or(0, Vec::len);
        counts(view) == [2, 1, 1, 1] && row(view, "deployments")["ready"] == 2 && problems == 0
    };
    env.targets.until_view(workspace, "what changed is counted", followed);
    let labels = ["syncer_resources_total{", r#"resource_type="deployments.apps""#, r#"status="observed""#];
    assert_eq!(syncer.metric(&labels), Some(2.0), "{}", syncer.metrics());
    assert_eq!(syncer.metric(&["syncer_target_health{", &syncer.target]), Some(1.0), "{}", syncer.metrics());

    assert!(syncer.terminate().success(), "{}", syncer.log());
    let holder = ["get", "lease", &format!("synctarget-{}", syncer.uid), "-n", "tmc-system"];
    let holder = [&holder as &[&str], &["-ojsonpath={.spec.holderIdentity}"]].concat();
    until("the lease is given back", seconds(30), || match env.admin().try_run(&holder)? {
        holder if holder.is_empty() => Ok(()),
        holder => Err(holder),
    });
    let asked = syncer.asked_below();
    assert!(asked.iter().any(|request| request.verb == "watch"), "{asked:?}");
    let written: Vec<_> = asked.iter().filter(|request| request.writes()).collect();
    assert!(written.is_empty(), "{written:#?}");
    // Everything is listed once and followed from there; a count that is checked again asks for one object.
    let lists = |resource: &str| {
        let is = |request: &&_| {
            let request: &crate::audit::Request = request;
            request.verb == "list" && request.resource == resource && !request.uri.contains("limit=1&")
        };
        asked.iter().filter(is).map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(lists("deployments").len(), 1, "{:#?}", lists("deployments"));
}

/// Longer than between two reports of a burst (10 s): then the next change is told at once.
const QUIET: Duration = seconds(11);

#[test]
fn an_open_watch_hears_at_once_after_quiet_and_soon_in_a_burst() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let namespace = physical.namespace();
    let below = physical.admin();
    let make = |name: &str| {
        let metadata = json!({"name": name, "namespace": namespace});
        below.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}));
    };
    make("first");
    let only = format!("--namespaces={namespace}");
    let syncer = Syncer::start(Sides::new(env, &physical.cluster), "observe", &[&only]);
    let count = r#"-ojsonpath={.status.resourceCount.configMaps}{"\n"}"#;
    let watch = env.admin().start("watch", &["get", "aggregatedviews", &syncer.workspace, "-w", count]);
    let last = || watch.stdout().lines().last().unwrap_or_default().to_owned();
    let heard = |what: &str, count: &str| {
        until(what, seconds(60), || if last() == count { Ok(()) } else { Err(last()) });
    };
    heard("the watch has begun", "1");
    let mut told = (watch.stdout().len(), Instant::now());
    until_true("it is quiet", seconds(120), || {
        if watch.stdout().len() != told.0 {
            told = (watch.stdout().len(), Instant::now());
        }
        told.1.elapsed() > QUIET
    });
    make("second");
    heard("a change after quiet is heard (due in 2 s)", "2");
    (0..5).for_each(|number| make(&format!("more-{number}")));
    heard("the end of a burst is heard (due in 12 s)", "7");
}
