//! Random writes, and what Kubernetes' own code made of them: `tests/kube/golden` recorded it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ApplyError, Request, Set, on_apply, on_update, testing::schema};

const CASES: &str = include_str!("../../../tests/golden/managed_fields.jsonl");

/// Whether an entry has a time is all that can be the same; without times entries are in no order.
fn comparable(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(entries) = object["metadata"]["managedFields"].as_array_mut() {
        entries.iter_mut().for_each(|entry| entry["time"] = json!(entry.get("time").is_some()));
        entries.sort_by_key(Value::to_string);
    }
    object
}

fn outcome(case: &Value) -> Result<Value, (u16, String)> {
    let text = |name: &str| case[name].as_str().expect("every case has it");
    let paths: Vec<Vec<&str>> = case["reset"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|path| path.as_array().expect("a path").iter().filter_map(Value::as_str).collect())
        .collect();
    let request = Request {
        manager: text("manager"),
        subresource: text("subresource"),
        api_version: "x.io/v1",
        kind: "Thing",
        time: Timestamp::UNIX_EPOCH,
        schema: &schema(&case["schema"]),
        reset: &Set::of_fields(&paths.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        empty: &json!({}),
    };
    let live = case.get("live");
    if case["apply"] == false {
        let mut object = case["object"].clone();
        on_update(&request, live, &mut object);
        return Ok(comparable(&object));
    }
    match on_apply(&request, live, &case["object"], case["force"] == true) {
        Ok(object) => Ok(comparable(&object)),
        Err(error) => {
            let code = match error {
                ApplyError::BadRequest(_) => 400,
                ApplyError::Conflicts(_) => 409,
                ApplyError::Internal(_) => 500,
            };
            Err((code, error.to_string()))
        }
    }
}

#[test]
fn every_write_has_the_outcome_it_has_upstream() {
    for (line, case) in CASES.lines().enumerate() {
        let case: Value = serde_json::from_str(case).expect("a case is JSON");
        let expected = match case["error"].as_str() {
            None => Ok(comparable(&case["result"])),
            Some(error) => Err((case["code"].as_u64().expect("a code") as u16, error.to_owned())),
        };
        assert_eq!(outcome(&case), expected, "line {}", line + 1);
    }
}
