//! Patches that a server would not take are errors, not floods.

use serde_json::json;

use super::*;

fn patched(mut object: Value, operations: Value) -> Result<Value, String> {
    let operations: Vec<PatchOperation> = serde_json::from_value(operations).unwrap();
    apply(&mut object, &operations).map(|()| object).map_err(|error| error.to_string())
}

#[test]
fn operations_are_applied_in_order() {
    let operations = json!([
        {"op": "test", "path": "/a", "value": 1},
        {"op": "add", "path": "/b", "value": [1]},
        {"op": "add", "path": "/b/-", "value": 2},
        {"op": "move", "from": "/a", "path": "/c"},
    ]);
    assert_eq!(patched(json!({"a": 1}), operations), Ok(json!({"b": [1, 2], "c": 1})));
}

#[test]
fn an_error_names_the_operation_and_no_value() {
    let operations =
        json!([{"op": "remove", "path": "/a"}, {"op": "test", "path": "/b", "value": "hunter2"}]);
    assert_eq!(
        patched(json!({"a": "hunter1", "b": "x"}), operations),
        Err("[1]: value did not match (/b)".to_owned())
    );
}

#[test]
fn copies_do_not_flood() {
    let flood = "the object would become too large or too deep";
    let copy = |from: &str, path: &str| json!({"op": "copy", "from": from, "path": path});
    for (object, operations) in [
        (json!({}), vec![copy("", "/a"); 200]),
        (json!({"a": "some text"}), ["/b", "/c"].repeat(32).into_iter().map(|path| copy("", path)).collect()),
        (json!({"a": ["x".repeat(1 << 20)]}), vec![copy("/a", "/a/-"); 64]),
    ] {
        let error = patched(object, operations.into()).unwrap_err();
        assert!(error.ends_with(flood), "{error}");
    }
}
