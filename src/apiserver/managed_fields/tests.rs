//! Sequences of writes, and who manages what after them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    ApplyError, Request, Set, keep_times, on_apply, on_update,
    testing::{configmap, request, schema},
};
use crate::apiserver::status::ApiError;

/// Who has what: manager, operation and fields of each entry.
fn managers(object: &Value) -> Vec<(String, String, Value)> {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries
        .iter()
        .map(|entry| (text(&entry["manager"]), text(&entry["operation"]), entry["fieldsV1"].clone()))
        .collect()
}

fn row(manager: &str, operation: &str, fields: Value) -> (String, String, Value) {
    (manager.to_owned(), operation.to_owned(), fields)
}

/// Created by `creator`, as stored.
fn created(creator: &str, data: &Value) -> Value {
    let mut object = configmap(data);
    on_update(&request(creator), None, &mut object);
    object["metadata"]["uid"] = json!("1");
    object
}

fn applied(manager: &str, live: Option<&Value>, data: &Value) -> Value {
    let mut object =
        on_apply(&request(manager), live, &configmap(data), false).expect("there is no conflict");
    object["metadata"]["uid"] = json!("1");
    object
}

#[test]
fn a_creator_has_all_fields_but_those_nobody_has() {
    let object = created("kubectl-create", &json!({"a": "1"}));
    assert_eq!(
        object["metadata"]["managedFields"],
        json!([{
            "manager": "kubectl-create", "operation": "Update", "apiVersion": "v1",
            "time": "1970-01-01T00:00:00Z", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {".": {}, "f:a": {}}},
        }]),
    );
}

#[test]
fn who_changes_a_field_takes_it() {
    let live = created("one", &json!({"a": "1", "b": "1", "c": "1"}));
    let mut new = live.clone();
    new["data"] = json!({"a": "2", "b": "1"});
    on_update(&request("two"), Some(&live), &mut new);
    let expected = [
        row("one", "Update", json!({"f:data": {".": {}, "f:b": {}}})),
        row("two", "Update", json!({"f:data": {"f:a": {}}})),
    ];
    assert_eq!(managers(&new), expected);
}

#[test]
fn a_write_without_a_change_leaves_managers_and_times() {
    let live = created("one", &json!({"a": "1"}));
    let mut new = live.clone();
    let later = Request { time: jiff::Timestamp::from_second(99).expect("a time"), ..request("two") };
    on_update(&later, Some(&live), &mut new);
    assert_eq!(new, live);
    let mut again = on_apply(&later, Some(&live), &configmap(&json!({"a": "1"})), false).expect("shared");
    assert_eq!(managers(&again)[0], row("two", "Apply", json!({"f:data": {"f:a": {}}})));
    let shared = again.clone();
    again = on_apply(&later, Some(&shared), &configmap(&json!({"a": "1"})), false).expect("still shared");
    keep_times(&mut again, &shared);
    assert_eq!(again, shared);
}

#[test]
fn what_a_client_says_of_managers() {
    let live = created("one", &json!({"a": "1"}));
    let other = json!([{
        "manager": "other", "operation": "Update", "apiVersion": "v1",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:a": {}}},
    }]);
    for (sent, subresource, left) in [
        (Value::Null, "", vec!["one"]),
        (json!([]), "", vec![]),
        (json!([{}]), "", vec![]),
        (json!([{"manager": "x"}]), "", vec!["one"]),
        (other.clone(), "", vec!["other"]),
        (other, "status", vec!["one"]),
        (json!([]), "status", vec!["one"]),
    ] {
        let mut new = live.clone();
        new["metadata"]["managedFields"] = sent.clone();
        on_update(&Request { subresource, ..request("one") }, Some(&live), &mut new);
        let names: Vec<_> = managers(&new).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, left, "{sent} {subresource}");
    }
}

#[test]
fn an_object_nobody_tracks_stays_so_until_it_is_applied() {
    let mut live = created("one", &json!({"a": "1", "b": "1"}));
    super::managers::clear(&mut live);
    let mut new = live.clone();
    new["data"]["a"] = json!("2");
    on_update(&request("two"), Some(&live), &mut new);
    assert_eq!(managers(&new), []);
    let first = applied("applier", Some(&live), &json!({"b": "1"}));
    let expected = [
        row("applier", "Apply", json!({"f:data": {"f:b": {}}})),
        row("before-first-apply", "Update", json!({"f:data": {".": {}, "f:a": {}, "f:b": {}}})),
    ];
    assert_eq!(managers(&first), expected);
}

#[test]
fn a_conflict_names_manager_and_field() {
    let live = created("one", &json!({"a": "1", "b": "1"}));
    let live = applied("applier", Some(&live), &json!({"a": "1"}));
    let conflict = |data: &Value| match on_apply(&request("two"), Some(&live), &configmap(data), false) {
        Err(ApplyError::Conflicts(conflicts)) => conflicts,
        other => panic!("{other:?}"),
    };
    let one = conflict(&json!({"b": "2"}));
    assert_eq!(one.to_string(), "Apply failed with 1 conflict: conflict with \"one\" using v1: .data.b");
    assert_eq!((one.0[0].message(), one.0[0].field()), {
        ("conflict with \"one\" using v1".to_owned(), ".data.b".to_owned())
    });
    let status: Value =
        serde_json::from_slice(&ApiError::from(ApplyError::Conflicts(one)).to_json()).expect("JSON");
    assert_eq!(status, {
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 409,
            "reason": "Conflict",
            "message": "Apply failed with 1 conflict: conflict with \"one\" using v1: .data.b",
            "details": {"causes": [{
                "reason": "FieldManagerConflict", "message": "conflict with \"one\" using v1", "field": ".data.b",
            }]},
        })
    });
    let three = conflict(&json!({"a": "2", "b": "2"}));
    let text = "Apply failed with 3 conflicts: conflicts with \"applier\":\n- .data.a\n\
                conflicts with \"one\" using v1:\n- .data.a\n- .data.b";
    assert_eq!(three.to_string(), text);
    let forced = on_apply(&request("two"), Some(&live), &configmap(&json!({"a": "2", "b": "2"})), true)
        .expect("it was forced");
    // Of `.` alone nothing but the field itself is written.
    let expected = [
        row("two", "Apply", json!({"f:data": {"f:a": {}, "f:b": {}}})),
        row("one", "Update", json!({"f:data": {}})),
    ];
    assert_eq!(managers(&forced), expected);
}

#[test]
fn what_an_applier_leaves_out_goes_unless_somebody_else_has_it() {
    let live = applied("one", None, &json!({"mine": "1", "shared": "1"}));
    let live = applied("two", Some(&live), &json!({"shared": "1", "theirs": "1"}));
    let live = applied("one", Some(&live), &json!({}));
    assert_eq!(live["data"], json!({"shared": "1", "theirs": "1"}));
    let live = applied("two", Some(&live), &json!({}));
    assert_eq!(live["data"], Value::Null);
}

#[test]
fn an_apply_that_does_not_fit_says_where() {
    let unknown =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "x": 1});
    let wrong = configmap(&json!({"a": 1}));
    let mut twice = configmap(&json!({}));
    twice["metadata"]["finalizers"] = json!(["f", "f"]);
    let mut managed = configmap(&json!({}));
    managed["metadata"]["managedFields"] = json!([]);
    let mut other = configmap(&json!({}));
    other["kind"] = json!("Other");
    for (config, text) in [
        (
            unknown,
            "failed to create typed patch object (n/c; /v1, Kind=ConfigMap): .x: field not declared in schema",
        ),
        (
            wrong,
            "failed to create typed patch object (/c; /v1, Kind=ConfigMap): .data.a: expected string, got &value.valueUnstructured{Value:1}",
        ),
        (
            twice,
            "failed to create typed patch object (/c; /v1, Kind=ConfigMap): .metadata.finalizers: duplicate entries for key [=\"f\"]",
        ),
        (managed, "metadata.managedFields must be nil"),
        (other, "invalid object type: /v1, Kind=Other"),
    ] {
        let error = on_apply(&request("m"), None, &config, true).expect_err("it does not fit");
        assert_eq!(error.to_string(), text);
        let unnamed = matches!(error, ApplyError::Internal(_));
        let status: Value = serde_json::from_slice(&ApiError::from(error).to_json()).expect("JSON");
        let (code, reason) = if unnamed { (500, Value::Null) } else { (400, json!("BadRequest")) };
        assert_eq!((&status["code"], &status["reason"]), (&json!(code), &reason));
    }
}

#[test]
fn what_a_subresource_cannot_change_is_not_managed_through_it() {
    let schema = schema(&json!({"type": "object", "properties": {
        "spec": {"type": "object", "properties": {"a": {"type": "integer"}}},
        "status": {"type": "object", "properties": {"b": {"type": "integer"}}},
    }}));
    let (main, status) = (Set::of_fields(&[&["status"]]), Set::of_fields(&[&["spec"], &["metadata"]]));
    let empty = json!({});
    let base = Request { api_version: "g/v1", kind: "K", schema: &schema, empty: &empty, ..request("m") };
    let object = json!({"apiVersion": "g/v1", "kind": "K", "metadata": {"name": "n"}, "spec": {"a": 1}, "status": {"b": 1}});
    let mut created = object.clone();
    on_update(&Request { reset: &main, ..base }, None, &mut created);
    assert_eq!(managers(&created), [row("m", "Update", json!({"f:spec": {".": {}, "f:a": {}}}))]);
    let of_status = Request { reset: &status, subresource: "status", ..base };
    let done = on_apply(&of_status, Some(&created), &object, true).expect("forced");
    assert_eq!(managers(&done)[0], row("m", "Apply", json!({"f:status": {"f:b": {}}})));
    assert_eq!(done["metadata"]["managedFields"][0]["subresource"], "status");
}

fn data() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-f]", "[0-2]", 0..5).prop_map(|data| json!(data))
}

proptest! {
    #[test]
    fn applying_twice_is_applying_once(live in data(), config in data()) {
        let live = created("one", &live);
        let once = on_apply(&request("m"), Some(&live), &configmap(&config), true).expect("forced");
        let mut twice = on_apply(&request("m"), Some(&once), &configmap(&config), true).expect("forced");
        keep_times(&mut twice, &once);
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn appliers_of_other_fields_do_not_mind_each_other(left in data(), right in data()) {
        let right: Value = right.as_object().expect("a map").iter()
            .map(|(name, value)| (format!("x{name}"), value.clone())).collect::<serde_json::Map<_, _>>().into();
        let one_way = applied("r", Some(&applied("l", None, &left)), &right);
        let other_way = applied("l", Some(&applied("r", None, &right)), &left);
        // Who only joins in what is there already has no time.
        prop_assert_eq!(managers(&one_way), managers(&other_way));
        prop_assert_eq!(&one_way["data"], &other_way["data"]);
    }
}
