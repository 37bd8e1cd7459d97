//! Entries of managedFields, read and written.

use serde_json::{Value, json};

use super::{Managed, clear, is_reset, keep_times};

fn entry(manager: &str, operation: &str, api_version: &str, time: &str) -> Value {
    json!({
        "manager": manager, "operation": operation, "apiVersion": api_version, "time": time,
        "fieldsType": "FieldsV1", "fieldsV1": {"f:a": {}},
    })
}

#[test]
fn entries_are_sorted_by_operation_time_manager_and_version() {
    let early = "2001-01-01T00:00:00Z";
    let late = "2002-01-01T00:00:00Z";
    let mut status = entry("d", "Update", "v1", late);
    status["subresource"] = json!("status");
    let sorted = [
        entry("b", "Apply", "v1", early),
        entry("a", "Apply", "v1", late),
        entry("c", "Update", "v1", early),
        entry("b", "Update", "v1", late),
        entry("d", "Update", "v1", late),
        status,
        entry("d", "Update", "v2", late),
    ];
    let shuffled: Value = sorted.iter().rev().cloned().collect();
    let managed = Managed::of_entries(&shuffled).expect("these are entries");
    assert_eq!(managed.entries(), sorted.iter().cloned().collect::<Value>());
}

#[test]
fn an_applier_is_one_manager_in_all_versions() {
    let time = "2001-01-01T00:00:00Z";
    let entries = json!([entry("a", "Apply", "v1", time), entry("a", "Apply", "v2", time)]);
    let managed = Managed::of_entries(&entries).expect("these are entries");
    assert_eq!(managed.entries(), json!([entry("a", "Apply", "v2", time)]));
}

#[test]
fn what_is_no_entry_is_refused() {
    let good = entry("a", "Update", "v1", "2001-01-01T00:00:00Z");
    for (field, value, text) in [
        ("operation", json!("Nope"), "operation must be `Apply` or `Update`"),
        ("operation", Value::Null, "operation must be `Apply` or `Update`"),
        ("apiVersion", json!(""), "apiVersion must not be empty"),
        ("fieldsType", Value::Null, "missing fieldsType in managed fields entry 0"),
        ("fieldsType", json!("FieldsV2"), "invalid fieldsType \"FieldsV2\" in managed fields entry 0"),
        ("fieldsV1", json!({"a": {}}), "error decoding set: key must be 2 characters long:"),
        ("fieldsV1", json!([]), "error decoding set: a set of fields must be a map"),
    ] {
        let mut entry = good.clone();
        entry[field] = value;
        let error = Managed::of_entries(&json!([entry])).expect_err("one field is wrong");
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn resets_are_told_from_silence() {
    for (entries, reset) in [
        (json!([]), true),
        (json!([{}]), true),
        (json!([{"manager": ""}]), true),
        (json!([{}, {}]), false),
        (json!([{"manager": "a"}]), false),
        (Value::Null, false),
    ] {
        assert_eq!(is_reset(&json!({"metadata": {"managedFields": entries}})), reset, "{entries}");
    }
    assert!(!is_reset(&json!({"metadata": {}})));
}

#[test]
fn times_alone_are_no_change() {
    let object = |time: &str, data: &str| json!({"metadata": {"name": "a", "managedFields": [entry("m", "Apply", "v1", time)]}, "data": data});
    let old = object("2001-01-01T00:00:00Z", "x");
    for (mut new, same) in [
        (object("2002-01-01T00:00:00Z", "x"), true),
        (object("2002-01-01T00:00:00Z", "y"), false),
        (json!({"metadata": {"name": "a"}, "data": "x"}), false),
    ] {
        keep_times(&mut new, &old);
        assert_eq!(new == old, same, "{new}");
    }
    let mut renamed = object("2002-01-01T00:00:00Z", "x");
    renamed["metadata"]["labels"] = json!({});
    let before = renamed.clone();
    keep_times(&mut renamed, &old);
    assert_eq!(renamed, before);
}

#[test]
fn without_managers_there_is_no_field() {
    let mut object = json!({"metadata": {"managedFields": [], "name": "a"}});
    clear(&mut object);
    assert_eq!(object, json!({"metadata": {"name": "a"}}));
    Managed::default().write(&mut object);
    assert_eq!(object, json!({"metadata": {"name": "a"}}));
}
