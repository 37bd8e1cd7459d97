//! Managers between an object and its Scale.

use serde_json::{Value, json};

use super::{ReplicasPaths, replicas_path, scale_request, to_object, to_scale};
use crate::apiserver::managed_fields::{on_apply, on_update, testing::request};

fn paths() -> ReplicasPaths {
    ReplicasPaths::from([
        ("apps/v1".to_owned(), Some(replicas_path(".spec.replicas"))),
        ("x.io/v1".to_owned(), Some(replicas_path(".spec.size.count"))),
        ("x.io/v0".to_owned(), None),
    ])
}

/// `manager operation version subresource`, the last may be missing.
fn entry(who: &str, fields: Value) -> Value {
    let mut words = who.split(' ').map(Value::from);
    let mut entry = json!({"fieldsType": "FieldsV1", "fieldsV1": fields});
    for name in ["manager", "operation", "apiVersion", "subresource"] {
        if let Some(word) = words.next() {
            entry[name] = word;
        }
    }
    entry
}

fn both() -> Value {
    json!({"f:spec": {"f:replicas": {}, "f:selector": {}}})
}

fn replicas() -> Value {
    json!({"f:spec": {"f:replicas": {}}})
}

fn selector() -> Value {
    json!({"f:spec": {"f:selector": {}}})
}

#[test]
fn only_managers_of_the_replicas_manage_the_scale() {
    let entries = json!([
        entry("a Apply apps/v1", selector()),
        entry("b Apply apps/v1", both()),
        entry("c Update x.io/v1 scale", json!({"f:spec": {"f:size": {"f:count": {}}}})),
        entry("d Apply x.io/v0", replicas()),
        entry("e Apply apps/v10", replicas()),
    ]);
    let expected = json!([
        entry("b Apply autoscaling/v1", replicas()),
        entry("c Update autoscaling/v1 scale", replicas())
    ]);
    assert_eq!(to_scale(&entries, &paths()), Ok(expected));
    assert_eq!(to_scale(&Value::Null, &paths()), Ok(Value::Null));
}

#[test]
fn who_scales_takes_the_replicas() {
    for (object, scale, expected) in [
        (
            json!([entry("test Apply apps/v1", both())]),
            json!([entry("s Update autoscaling/v1 scale", replicas())]),
            json!([entry("test Apply apps/v1", selector()), entry("s Update apps/v1 scale", replicas())]),
        ),
        (
            json!([entry("test Update apps/v1", both())]),
            json!([entry("test Apply autoscaling/v1 scale", replicas())]),
            json!([entry("test Apply apps/v1 scale", replicas()), entry("test Update apps/v1", selector())]),
        ),
        (
            json!([entry("test Apply apps/v1", both())]),
            json!([
                entry("test Apply autoscaling/v1", replicas()),
                entry("test Apply autoscaling/v1 scale", replicas())
            ]),
            json!([entry("test Apply apps/v1", both()), entry("test Apply apps/v1 scale", replicas())]),
        ),
        (
            json!([entry("test Apply apps/v1", selector())]),
            json!([entry("s Update autoscaling/v1 scale", json!({"f:status": {"f:replicas": {}}}))]),
            json!([entry("test Apply apps/v1", selector())]),
        ),
        (
            json!([entry("test Apply apps/v1", replicas()), entry("old Apply apps/v10", selector())]),
            json!([entry("s Update autoscaling/v1", replicas())]),
            json!([entry("s Update apps/v1", replicas())]),
        ),
    ] {
        assert_eq!(to_object(&object, &scale, "apps/v1", &paths()), Ok(expected), "{object} {scale}");
    }
}

#[test]
fn the_replicas_have_the_name_the_definition_gives() {
    let scale = json!([entry("s Update autoscaling/v1 scale", replicas())]);
    let expected = json!([entry("s Update x.io/v1 scale", json!({"f:spec": {"f:size": {"f:count": {}}}}))]);
    assert_eq!(to_object(&Value::Null, &scale, "x.io/v1", &paths()), Ok(expected));
}

fn scale(replicas: u8, entries: &Value) -> Value {
    let spec = if replicas == 0 { json!({}) } else { json!({ "replicas": replicas }) };
    json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "spec": spec, "status": {"replicas": 1},
        "metadata": {"name": "n", "uid": "1", "managedFields": entries},
    })
}

#[test]
fn a_scale_is_written_like_any_object() {
    let object = json!([entry("test Apply apps/v1", both())]);
    let live = scale(1, &to_scale(&object, &paths()).expect("entries"));
    let after = |scale: &Value| {
        to_object(&object, &scale["metadata"]["managedFields"], "apps/v1", &paths()).expect("entries")
    };
    let mut more = scale(3, &Value::Null);
    on_update(&scale_request(&request("s")), Some(&live), &mut more);
    let expected =
        json!([entry("test Apply apps/v1", selector()), entry("s Update apps/v1 scale", replicas())]);
    assert_eq!(after(&more), expected);
    // Nothing is written of no replicas, so nobody manages them.
    let mut none = scale(0, &Value::Null);
    on_update(&scale_request(&request("s")), Some(&live), &mut none);
    assert_eq!(after(&none), json!([entry("test Apply apps/v1", selector())]));
    let config = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "n"}, "spec": {"replicas": 5}});
    assert!(on_apply(&scale_request(&request("s")), Some(&live), &config, false).is_err());
    let forced = on_apply(&scale_request(&request("s")), Some(&live), &config, true).expect("forced");
    assert_eq!(forced["spec"]["replicas"], 5);
    let expected =
        json!([entry("s Apply apps/v1 scale", replicas()), entry("test Apply apps/v1", selector())]);
    assert_eq!(after(&forced), expected);
}
