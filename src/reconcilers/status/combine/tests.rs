//! The table of each kind.

use serde_json::json;

use super::*;

mod properties;

/// An object of generation 7 that `shares` sync; who tells nothing has none.
fn object(there: Value, shares: &[(&str, Option<Value>)]) -> Value {
    let finalizers: Vec<_> = shares.iter().map(|(key, _)| format!("{}{key}", share::FINALIZER)).collect();
    let annotations: Map<_, _> = shares
        .iter()
        .filter_map(|(key, status)| {
            Some((format!("{}{key}", share::COPY), json!({"status": status.as_ref()?}).to_string().into()))
        })
        .collect();
    json!({"metadata": {"uid": "u1", "generation": 7, "finalizers": finalizers, "annotations": annotations},
        "spec": {"type": "LoadBalancer"}, "status": there})
}

fn targets() -> BTreeMap<String, Target> {
    ["a", "b", "c"]
        .map(|key| (key.to_owned(), Target { name: format!("cluster-{key}"), silent: false }))
        .into_iter()
        .collect()
}

fn combined(resource: (&str, &str), object: &Value) -> Option<Value> {
    combine(resource.0, resource.1, object, &targets(), Timestamp::UNIX_EPOCH).map(Value::Object)
}

/// What is made of the shares of a, b and so on, from nothing.
fn made(resource: (&str, &str), shares: &[Value]) -> Value {
    let shares: Vec<_> = ["a", "b", "c"].into_iter().zip(shares.iter().cloned().map(Some)).collect();
    combined(resource, &object(json!({}), &shares)).unwrap_or_default()
}

/// Statuses of conditions by type.
fn says(status: &Value) -> BTreeMap<&str, &str> {
    let conditions = status["conditions"].as_array().into_iter().flatten();
    conditions.map(|said| (said["type"].as_str().unwrap(), said["status"].as_str().unwrap())).collect()
}

fn condition<'a>(status: &'a Value, kind: &str) -> &'a Value {
    let mut conditions = status["conditions"].as_array().unwrap().iter();
    conditions.find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
}

fn said(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": format!("{kind} {status}"),
        "lastTransitionTime": "2026-01-01T00:00:00Z"})
}

const DEPLOYMENTS: (&str, &str) = ("apps", "deployments");
const JOBS: (&str, &str) = ("batch", "jobs");

#[test]
fn counters_add_up() {
    let share = |ready: u64| json!({"observedGeneration": 7, "replicas": 3, "readyReplicas": ready, "collisionCount": 4});
    let status = made(DEPLOYMENTS, &[share(3), share(1)]);
    assert_eq!((&status["replicas"], &status["readyReplicas"]), (&json!(6), &json!(4)));
    assert_eq!((&status["observedGeneration"], status.get("collisionCount")), (&json!(7), None));
    assert_eq!(status.get("availableReplicas"), None, "nobody tells of it");
    let share = |revision: &str| json!({"replicas": 1, "currentRevision": "r1", "updateRevision": revision});
    let status = made(("apps", "statefulsets"), &[share("r1"), share("r2")]);
    assert_eq!((&status["currentRevision"], status.get("updateRevision")), (&json!("r1"), None));
    let share = json!({"desiredNumberScheduled": 4, "numberReady": 3, "numberUnavailable": 1});
    let status = made(("apps", "daemonsets"), &[share.clone(), share]);
    assert_eq!((&status["desiredNumberScheduled"], &status["numberUnavailable"]), (&json!(8), &json!(2)));
}

#[test]
fn conditions_of_a_deployment() {
    let share = |conditions: &[Value]| json!({"replicas": 1, "conditions": conditions});
    let available = |status: &str| said("Available", status, "R");
    for (one, other, expected) in [
        ("True", "True", "True"),
        ("True", "False", "False"),
        ("Unknown", "True", "Unknown"),
        ("Unknown", "False", "False"),
    ] {
        let status = made(DEPLOYMENTS, &[share(&[available(one)]), share(&[available(other)])]);
        assert_eq!(says(&status)["Available"], expected, "{one} {other}");
    }
    let status = made(DEPLOYMENTS, &[share(&[available("True")]), share(&[])]);
    assert_eq!(says(&status)["Available"], "Unknown", "one has not said so");
    let failing = said("ReplicaFailure", "True", "FailedCreate");
    let status = made(DEPLOYMENTS, &[share(&[]), share(&[failing])]);
    assert_eq!(condition(&status, "ReplicaFailure")["message"], "ReplicaFailure True");
    let done = said("Progressing", "True", "NewReplicaSetAvailable");
    let late = said("Progressing", "False", "ProgressDeadlineExceeded");
    let going = said("Progressing", "True", "ReplicaSetUpdated");
    let reason = |shares: &[Value]| condition(&made(DEPLOYMENTS, shares), "Progressing")["reason"].clone();
    assert_eq!(reason(&[share(std::slice::from_ref(&done)), share(&[late])]), "ProgressDeadlineExceeded");
    assert_eq!(reason(&[share(std::slice::from_ref(&done)), share(&[going])]), "ReplicaSetUpdated");
    assert_eq!(reason(&[share(std::slice::from_ref(&done)), share(&[])]), "NewReplicaSetAvailable");
    // Words that differ are told with who says them.
    let mut other = done.clone();
    other["message"] = json!("another");
    let status = made(DEPLOYMENTS, &[share(&[done]), share(&[other])]);
    assert_eq!(condition(&status, "Progressing")["message"], "cluster-a: Progressing True");
}

#[test]
fn the_generation_is_that_of_all_or_the_one_before() {
    let there = json!({"observedGeneration": 5});
    let share = |observed: i64| Some(json!({"observedGeneration": observed, "replicas": 1}));
    for (one, other, expected) in [(7, 7, 7), (7, 6, 5), (9, 7, 5), (6, 6, 5)] {
        let object = object(there.clone(), &[("a", share(one)), ("b", share(other))]);
        assert_eq!(combined(DEPLOYMENTS, &object).unwrap()["observedGeneration"], expected, "{one} {other}");
    }
    let missing = object(there, &[("a", share(7)), ("b", None)]);
    assert_eq!(combined(DEPLOYMENTS, &missing).unwrap()["observedGeneration"], 5);
    let ahead = object(json!({"observedGeneration": 8}), &[("a", share(6)), ("b", None)]);
    assert_eq!(combined(DEPLOYMENTS, &ahead).unwrap().get("observedGeneration"), None);
}

#[test]
fn who_is_missing_is_named_and_what_is_known_stays() {
    let share = |replicas: u64| Some(json!({"replicas": replicas}));
    let status = combined(DEPLOYMENTS, &object(json!({}), &[("a", share(2)), ("b", None)])).unwrap();
    assert_eq!(status["replicas"], 2);
    let complete = condition(&status, share::COMPLETE);
    assert_eq!((&complete["status"], &complete["reason"]), (&json!("False"), &json!("TargetsMissing")));
    assert_eq!(complete["message"], "no share of the status from cluster-b");
    // A finalizer of a target that does not exist, with a share that somebody made up.
    let forged = object(json!({}), &[("a", share(2)), ("forged", share(100))]);
    let status = combined(DEPLOYMENTS, &forged).unwrap();
    assert_eq!((&status["replicas"], says(&status)[share::COMPLETE]), (&json!(2), "False"));
    // Nobody has told anything: what is there stays.
    let object = object(json!({"replicas": 9}), &[("a", None), ("b", None)]);
    let status = combined(DEPLOYMENTS, &object).unwrap();
    assert_eq!((&status["replicas"], says(&status)[share::COMPLETE]), (&json!(9), "False"));
    // A silent one still counts.
    let object = self::object(json!({}), &[("a", share(2)), ("b", share(1))]);
    let mut silent = targets();
    silent.get_mut("b").unwrap().silent = true;
    let status = combine("apps", "deployments", &object, &silent, Timestamp::UNIX_EPOCH).unwrap();
    let status = Value::Object(status);
    assert_eq!(
        (&status["replicas"], &condition(&status, share::COMPLETE)["reason"]),
        (&json!(3), &json!("TargetsSilent"))
    );
}

#[test]
fn a_target_that_left_counts_no_more() {
    let share = |replicas: u64| Some(json!({"replicas": replicas}));
    let mut object = object(json!({}), &[("a", share(1)), ("b", share(2)), ("c", share(4))]);
    assert_eq!(combined(DEPLOYMENTS, &object).unwrap()["replicas"], 7);
    object["metadata"]["finalizers"].as_array_mut().unwrap().pop();
    assert_eq!(combined(DEPLOYMENTS, &object).unwrap()["replicas"], 3, "though its annotation is there");
    object["metadata"]["finalizers"].as_array_mut().unwrap().pop();
    assert_eq!(combined(DEPLOYMENTS, &object), None, "the one who is left writes it himself");
}

#[test]
fn jobs_end_when_all_have_ended() {
    let share = |active: u64, conditions: &[&str]| {
        let conditions: Vec<_> = conditions.iter().map(|kind| said(kind, "True", "R")).collect();
        json!({"active": active, "succeeded": 1, "failed": 1, "startTime": format!("2026-01-0{}T00:00:00Z", active + 1),
            "completionTime": format!("2026-02-0{}T00:00:00Z", active + 1), "conditions": conditions})
    };
    let complete = &["SuccessCriteriaMet", "Complete"][..];
    let failed = &["FailureTarget", "Failed"][..];
    for (shares, ends) in [
        (vec![share(0, complete), share(0, complete)], complete),
        (vec![share(0, complete), share(1, &[])], &[]),
        (vec![share(0, complete), share(0, failed)], failed),
        (vec![share(2, &[]), share(0, failed)], &["FailureTarget"]),
        (vec![share(0, &["FailureTarget"]), share(0, complete)], &["FailureTarget"]),
    ] {
        let status = made(JOBS, &shares);
        let said: Vec<_> = says(&status).into_keys().filter(|kind| *kind != share::COMPLETE).collect();
        let mut ends = ends.to_vec();
        ends.sort_unstable();
        assert_eq!(said, ends);
        assert_eq!((&status["succeeded"], &status["failed"]), (&json!(2), &json!(2)));
        assert_eq!(status["startTime"], "2026-01-01T00:00:00Z");
        assert_eq!(status.get("completionTime").is_some(), ends.contains(&"Complete"));
    }
    let missing = object(json!({}), &[("a", Some(share(0, complete))), ("b", None)]);
    assert!(!says(&combined(JOBS, &missing).unwrap()).contains_key("Complete"));
    let there = json!({"conditions": [said("Complete", "True", "R")]});
    let again = object(there, &[("a", Some(share(3, &[]))), ("b", Some(share(0, failed)))]);
    assert_eq!(combined(JOBS, &again), None, "it is final");
    // What was counted stays counted, though the target is not there any more.
    let fewer = object(json!({"succeeded": 5}), &[("a", Some(share(1, &[]))), ("b", Some(share(1, &[])))]);
    assert_eq!(combined(JOBS, &fewer).unwrap()["succeeded"], 5);
}

#[test]
fn addresses_jobs_and_claims() {
    let share = |addresses: &[&str]| {
        let addresses: Vec<_> = addresses.iter().map(|ip| json!({"ip": ip})).collect();
        json!({"loadBalancer": {"ingress": addresses}})
    };
    let shares = [share(&["10.0.0.2", "10.0.0.1"]), share(&["10.0.0.2", "not an address"])];
    let union = json!([{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]);
    for resource in [("", "services"), ("networking.k8s.io", "ingresses")] {
        let status = made(resource, &shares);
        assert_eq!((&status["loadBalancer"]["ingress"], status.get("phase")), (&union, None));
        assert_eq!(status.get("conditions").is_some(), resource.1 == "services", "an Ingress has none");
    }
    let share = |name: &str, hour: u32| json!({"active": [{"name": name}], "lastScheduleTime": format!("2026-01-01T0{hour}:00:00Z")});
    let status = made(("batch", "cronjobs"), &[share("x", 2), share("x", 1), share("w", 0)]);
    assert_eq!(
        status,
        json!({"active": [{"name": "w"}, {"name": "x"}], "lastScheduleTime": "2026-01-01T02:00:00Z"})
    );

    let share = |phase: &str, size: &str| json!({"phase": phase, "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce", size]});
    let claims = ("", "persistentvolumeclaims");
    let status = made(claims, &[share("Bound", "2Gi"), share("Bound", "1500Mi")]);
    assert_eq!((&status["phase"], &status["capacity"]["storage"]), (&json!("Bound"), &json!("1500Mi")));
    assert_eq!(status["accessModes"], json!(["ReadWriteOnce"]));
    assert_eq!(made(claims, &[share("Bound", "1Gi"), share("Pending", "1Gi")])["phase"], "Pending");
    assert_eq!(made(claims, &[share("Bound", "1Gi"), share("Lost", "1Gi")])["phase"], "Lost");
    let missing = object(json!({}), &[("a", Some(share("Bound", "1Gi"))), ("b", None)]);
    assert_eq!(combined(claims, &missing).unwrap()["phase"], "Pending");
}

#[test]
fn of_other_kinds_the_worst_condition_and_nothing_else() {
    let share = |ready: &str, degraded: &str| json!({"observedGeneration": 7, "size": 3, "conditions": [said("Ready", ready, "R"), said("Degraded", degraded, "bad reason")]});
    let there = json!({"size": 1, "conditions": []});
    let object = object(there, &[("a", Some(share("True", "False"))), ("b", Some(share("Unknown", "True")))]);
    let status = combined(("example.com", "widgets"), &object).unwrap();
    let expected = BTreeMap::from([("Ready", "Unknown"), ("Degraded", "True"), (share::COMPLETE, "True")]);
    assert_eq!(
        (says(&status), &status["size"], &status["observedGeneration"]),
        (expected, &json!(1), &json!(7))
    );
    assert_eq!(condition(&status, "Degraded")["reason"], "Reported", "as a schema of conditions wants it");
    // One without conditions is left alone.
    let plain =
        self::object(json!({"size": 1}), &[("a", Some(json!({"size": 1}))), ("b", Some(json!({"size": 2})))]);
    assert_eq!(combined(("example.com", "widgets"), &plain), None);
}

#[test]
fn a_share_without_room_is_missing_where_its_lists_are_needed() {
    let mut object = object(json!({}), &[("a", Some(json!({"replicas": 1}))), ("b", None)]);
    let name = format!("{}b", share::COPY);
    object["metadata"]["annotations"][&name] =
        json!({"counters": {"replicas": 2}, "partial": true}).to_string().into();
    assert_eq!(combined(DEPLOYMENTS, &object).unwrap()["replicas"], 3);
    assert_eq!(says(&combined(("", "services"), &object).unwrap())[share::COMPLETE], "False");
    object["metadata"]["annotations"][&name] = json!({"digest": "ab"}).to_string().into();
    assert_eq!(combined(DEPLOYMENTS, &object).unwrap()["replicas"], 1);
}
