//! Whatever a cluster writes into a status, what is passed on is small, of its kind and taken by Kubernetes.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::api::share::shape::{SHAPES, shape};

fn cleaned(resource: &str, status: Value) -> (Value, Vec<&'static str>) {
    let shape = SHAPES.iter().find(|shape| shape.resource == resource);
    let Clean { status, malformed } = clean(shape, &status).unwrap();
    (Value::Object(status), malformed)
}

#[test]
fn a_status_of_its_kind_passes_as_it_is() {
    let deployment = json!({
        "observedGeneration": 4, "replicas": 3, "readyReplicas": 2, "availableReplicas": 2, "updatedReplicas": 3,
        "unavailableReplicas": 1, "collisionCount": 1,
        "conditions": [{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": "m",
            "lastTransitionTime": "2026-01-01T00:00:00Z", "lastUpdateTime": "2026-01-01T00:00:00Z"}],
    });
    assert_eq!(cleaned("deployments", deployment.clone()), (deployment, vec![]));
    let service = json!({"loadBalancer": {"ingress": [
        {"ip": "10.0.0.1", "ipMode": "VIP", "ports": [{"port": 80, "protocol": "TCP"}]}, {"hostname": "a.example"},
    ]}});
    assert_eq!(cleaned("services", service.clone()), (service, vec![]));
    let custom = json!({"anything": [{"at": {"all": null}}], "replicas": "many"});
    assert_eq!(cleaned("widgets", custom.clone()), (custom, vec![]));
}

#[test]
fn what_is_not_of_the_kind_is_left_out() {
    let hostile = json!({
        "replicas": -1, "readyReplicas": "3", "availableReplicas": 1e300, "observedGeneration": {"a": 1},
        "loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}, "phase": "Bound", "secret": "x",
        "conditions": [
            7, {"type": "Available"}, {"type": "Available", "status": "Sure"}, {"type": "", "status": "True"},
            {"type": "Available", "status": "True", "extra": 1, "observedGeneration": 9, "lastTransitionTime": "soon"},
            {"type": "Available", "status": "False"},
        ],
    });
    let (status, malformed) = cleaned("deployments", hostile);
    assert_eq!(status, json!({"conditions": [{"type": "Available", "status": "True"}]}));
    assert_eq!(malformed, ["observedGeneration", "replicas", "readyReplicas", "availableReplicas"]);
    let addresses = json!({"loadBalancer": {"ingress": [
        {"ip": "not an address"}, {"hostname": "UPPER"}, {"hostname": "10.0.0.1"}, {"hostname": "a..b"},
        {"ip": "::1", "ipMode": "Magic", "ports": "all"}, 3,
    ]}});
    let expected = json!({"loadBalancer": {"ingress": [{"ip": "::1"}]}});
    assert_eq!(cleaned("services", addresses), (expected, vec![]));
    assert_eq!(cleaned("persistentvolumeclaims", json!({"phase": "Mine"})), (json!({}), vec!["phase"]));
}

#[test]
fn counts_that_contradict_each_other_are_lowered() {
    let (status, _) =
        cleaned("deployments", json!({"replicas": 2, "readyReplicas": 9, "availableReplicas": 5}));
    assert_eq!(status, json!({"replicas": 2, "readyReplicas": 2, "availableReplicas": 2}));
    let (status, _) = cleaned("deployments", json!({"replicas": i64::MAX, "readyReplicas": 1}));
    assert_eq!(status, json!({"replicas": MOST, "readyReplicas": 1}));
}

#[test]
fn what_is_too_large_is_refused_and_says_so() {
    let refused = |resource, status: Value| clean(shape("apps", resource), &status).unwrap_err();
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!({ "a": deep });
    }
    assert_eq!(clean(None, &deep), Err(Refused::TooDeep));
    assert_eq!(clean(None, &json!("text")), Err(Refused::NotAnObject));
    assert!(matches!(clean(None, &json!({"a": "x".repeat(1 << 20)})), Err(Refused::TooLarge(_))));
    let conditions: Vec<_> = (0..200)
        .map(|index| json!({"type": format!("T{index}"), "status": "True", "message": "x".repeat(5000)}))
        .collect();
    assert!(matches!(refused("deployments", json!({"conditions": conditions})), Refused::TooLarge(_)));
    // A text in a member that is none of the kind's costs nothing.
    let (status, _) = cleaned("deployments", json!({"a": "x".repeat(1 << 20), "replicas": 1}));
    assert_eq!(status, json!({"replicas": 1}));
}

#[test]
fn times_are_written_as_kubernetes_writes_them() {
    let (status, _) = cleaned("cronjobs", json!({"lastScheduleTime": "2026-01-01T01:00:00.5+01:00"}));
    assert_eq!(status, json!({"lastScheduleTime": "2026-01-01T00:00:00Z"}));
    assert_eq!(cleaned("cronjobs", json!({"lastScheduleTime": "-000001-01-01T00:00:00Z"})).0, json!({}));
}

/// JSON that may have the names of statuses and anything in them.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3_i64..9).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("True")),
        Just(json!("2026-01-01T00:00:00Z")),
        Just(json!("Bound")),
        Just(json!("10.0.0.1")),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        let name = prop::sample::select(vec![
            "replicas",
            "readyReplicas",
            "availableReplicas",
            "conditions",
            "type",
            "status",
            "reason",
            "message",
            "loadBalancer",
            "ingress",
            "ip",
            "hostname",
            "ports",
            "active",
            "ready",
            "succeeded",
            "phase",
            "capacity",
            "startTime",
            "observedGeneration",
            "name",
            "other",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..8).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_comes_what_passes_is_clean(status in anything(), kind in 0..=SHAPES.len()) {
        let shape = SHAPES.get(kind);
        if let Ok(once) = clean(shape, &status) {
            let value = Value::Object(once.status.clone());
            prop_assert!(value.to_string().len() <= STATUS_BYTES && depth(&value) <= STATUS_DEPTH);
            let twice = clean(shape, &value).unwrap();
            prop_assert_eq!(&twice.status, &once.status);
            prop_assert!(twice.malformed.is_empty());
            if let Some(shape) = shape {
                prop_assert!(once.status.keys().all(|name| shape.members.iter().any(|(known, _)| known == name)));
                for (less, more) in shape.bounded {
                    let count = |name: &str| once.status.get(name).and_then(Value::as_i64).unwrap_or(0);
                    prop_assert!(count(less) <= count(more));
                }
            }
        }
    }
}
