//! Old updaters become one.

use serde_json::json;

use super::cap_updaters;
use crate::apiserver::managed_fields::managers::Managed;

/// Updaters `u00`, `u01` and so on, each a second later and with a field of its name.
fn updaters(count: usize, version: impl Fn(usize) -> &'static str) -> Managed {
    let entries = (0..count).map(|index| {
        let name = format!("u{index:02}");
        json!({
            "manager": name, "operation": "Update", "apiVersion": version(index),
            "time": format!("2001-01-01T00:00:{index:02}Z"),
            "fieldsType": "FieldsV1", "fieldsV1": {format!("f:{name}"): {}},
        })
    });
    Managed::of_entries(&entries.collect()).expect("these are entries")
}

fn names(managed: &Managed) -> Vec<String> {
    let entries = managed.entries();
    let name = |entry: &serde_json::Value| {
        format!(
            "{}@{}",
            entry["manager"].as_str().expect("named"),
            entry["apiVersion"].as_str().expect("versioned")
        )
    };
    entries.as_array().expect("a list").iter().map(name).collect()
}

#[test]
fn ten_updaters_may_stay() {
    let mut managed = updaters(10, |_| "v1");
    let before = managed.clone();
    cap_updaters(&mut managed);
    assert_eq!(managed, before);
}

#[test]
fn the_oldest_are_merged_and_keep_the_time_of_the_last() {
    let mut managed = updaters(12, |_| "v1");
    cap_updaters(&mut managed);
    let mut expected = vec!["ancient-changes@v1".to_owned()];
    expected.extend((3..12).map(|index| format!("u{index:02}@v1")));
    assert_eq!(names(&managed), expected);
    let entries = managed.entries();
    assert_eq!(entries[0]["time"], "2001-01-01T00:00:02Z");
    assert_eq!(entries[0]["fieldsV1"], json!({"f:u00": {}, "f:u01": {}, "f:u02": {}}));
}

#[test]
fn versions_are_merged_apart() {
    let mut managed = updaters(12, |index| if index % 2 == 0 { "v1" } else { "v2" });
    cap_updaters(&mut managed);
    assert_eq!(names(&managed).len(), 10);
    assert_eq!(names(&managed)[..2], ["ancient-changes@v1", "ancient-changes@v2"]);
}

#[test]
fn what_was_merged_before_takes_in_the_next() {
    let mut managed = updaters(11, |_| "v1");
    cap_updaters(&mut managed);
    let mut more = managed.entries();
    more.as_array_mut().expect("a list").push(json!({
        "manager": "new", "operation": "Update", "apiVersion": "v1", "time": "2001-01-01T00:01:00Z",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:new": {}},
    }));
    let mut managed = Managed::of_entries(&more).expect("these are entries");
    cap_updaters(&mut managed);
    assert_eq!(names(&managed).len(), 10);
    assert_eq!(managed.entries()[0]["fieldsV1"], json!({"f:u00": {}, "f:u01": {}, "f:u02": {}}));
}
