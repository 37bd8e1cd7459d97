//! What is reported of which cluster.

use jiff::SignedDuration;

use super::*;

fn facts() -> Facts {
    let (syncer_version, kubernetes_version) = ("v0.1.0".to_owned(), "v1.36.3".to_owned());
    Facts { syncer_version, kubernetes_version, holder: "syncer-1".into(), nodes: 3 }
}

fn now() -> Timestamp {
    "2026-05-01T00:01:00Z".parse().unwrap()
}

fn object(namespace: &str, name: &str) -> Value {
    json!({"metadata": {"namespace": namespace, "name": name, "generation": 1}})
}

/// One with so many replicas available of three.
fn deployment(name: &str, available: u64) -> Value {
    let mut deployment = object("shop", name);
    deployment["spec"] = json!({"replicas": 3});
    let says = if available < 3 { "False" } else { "True" };
    deployment["status"] = json!({
        "observedGeneration": 1, "updatedReplicas": 3, "availableReplicas": available,
        "conditions": [{"type": "Available", "status": says, "reason": "", "message": "",
            "lastTransitionTime": "2026-05-01T00:00:00Z"}],
    });
    deployment
}

fn report(objects: &[(Kind, Vec<Value>)], mode: Mode, previous: &Value, now: Timestamp) -> Value {
    let objects: Vec<_> = objects.iter().map(|(kind, objects)| (*kind, objects.iter().collect())).collect();
    status(&objects, &facts(), mode, Some(2), previous, now)
}

fn some() -> Vec<(Kind, Vec<Value>)> {
    vec![
        (Kind::Deployment, vec![deployment("cart", 3), deployment("pay", 1), deployment("ship", 0)]),
        (Kind::StatefulSet, Vec::new()),
        (Kind::Service, vec![object("shop", "cart"), object("default", "kubernetes")]),
        (
            Kind::ConfigMap,
            vec![object("shop", "kube-root-ca.crt"), object("kube-system", "x"), object("shop", "a")],
        ),
        (Kind::Secret, vec![object("shop", "token")]),
    ]
}

fn says(status: &Value, kind: &str) -> String {
    let conditions = status["conditions"].as_array().unwrap();
    let found = conditions.iter().find(|condition| condition["type"] == kind);
    found.map(|found| found["status"].as_str().unwrap().to_owned()).unwrap_or_default()
}

#[test]
fn what_is_the_clusters_own_is_not_counted_and_the_worst_is_named_first() {
    let status = report(&some(), Mode::Healthy, &Value::Null, now());
    let expected = json!([
        {"group": "", "resource": "configmaps", "total": 1},
        {"group": "", "resource": "secrets", "total": 1},
        {"group": "", "resource": "services", "total": 1},
        {"group": "apps", "resource": "deployments", "total": 3, "ready": 1},
        {"group": "apps", "resource": "statefulsets", "total": 0, "ready": 0},
    ]);
    assert_eq!(status["resources"], expected);
    let problems: Vec<_> =
        status["problems"].as_array().unwrap().iter().map(|problem| &problem["name"]).collect();
    assert_eq!(problems, ["ship", "pay"]);
    assert_eq!(status["problems"][1]["message"], "1 of 3 replicas are available");
    let typed: crate::api::workload::SyncTargetStatus = serde_json::from_value(status).unwrap();
    assert_eq!(typed.node_summary.unwrap().ready, 3);
}

#[test]
fn it_says_what_a_syncer_may_say_and_nothing_of_the_servers() {
    for (mode, reachable, authorized) in [
        (Mode::Healthy, "True", "True"),
        (Mode::Restricted, "True", "False"),
        (Mode::Failing, "False", "True"),
        (Mode::Partitioned, "True", "True"),
    ] {
        let status = report(&some(), mode, &Value::Null, now());
        assert_eq!(says(&status, "DownstreamReachable"), reachable, "{mode}");
        assert_eq!(says(&status, "SyncerAuthorized"), authorized, "{mode}");
        for others in ["Ready", "HeartbeatHealthy", "WorkspaceAssigned"] {
            assert_eq!(says(&status, others), "");
        }
        assert!(status["key"].is_null());
        let secrets = status["resources"].as_array().unwrap().iter().any(|row| row["resource"] == "secrets");
        assert_eq!(secrets, mode != Mode::Restricted);
    }
}

#[test]
fn times_move_only_with_what_they_are_of() {
    let first = report(&some(), Mode::Healthy, &Value::Null, now());
    let later = now() + SignedDuration::from_secs(59);
    assert_eq!(report(&some(), Mode::Healthy, &first, later), first, "nothing is new");
    let much_later = now() + SignedDuration::from_secs(60);
    let heard = report(&some(), Mode::Healthy, &first, much_later);
    assert_eq!(heard["lastSyncerHeartbeatTime"], time(much_later));
    assert_eq!(heard["resourcesObservedTime"], first["resourcesObservedTime"]);
    assert_eq!(heard["conditions"], first["conditions"]);
    let mut fewer = some();
    fewer[0].1.pop();
    let counted = report(&fewer, Mode::Failing, &heard, later);
    assert_eq!(counted["resourcesObservedTime"], time(later));
    let moved: Vec<_> =
        counted["conditions"].as_array().unwrap().iter().map(|c| &c["lastTransitionTime"]).collect();
    assert_eq!(moved.iter().filter(|at| ***at == time(later)).count(), 1);
}

#[test]
fn a_workload_that_just_starts_is_no_problem_yet() {
    let soon = "2026-05-01T00:00:04Z".parse().unwrap();
    assert_eq!(report(&some(), Mode::Healthy, &Value::Null, soon)["problems"], json!([]));
}
