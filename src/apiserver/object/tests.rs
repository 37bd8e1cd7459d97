//! The bytes of an object and of its later versions.

use serde_json::{Value, json};

use super::*;

fn object(resource_version: u64, rest: &str) -> Object {
    Object::new(Parts {
        api_version: "g/v1",
        kind: "Thing",
        key: Key { namespace: "".into(), name: "a".into() },
        resource_version,
        labels: BTreeMap::new(),
        cells: Vec::new(),
        metadata: br#""name":"a","uid":"u""#,
        rest: rest.as_bytes(),
    })
}

#[test]
fn is_one_line_of_json_with_its_version() {
    for rest in ["", r#""status":{"n":1}"#] {
        let object = object(7, rest);
        let value: Value = serde_json::from_slice(&object.json()).unwrap();
        assert_eq!(value["metadata"], json!({"resourceVersion": "7", "name": "a", "uid": "u"}));
        assert_eq!(value["status"], if rest.is_empty() { Value::Null } else { json!({"n": 1}) });
        assert_eq!(value["kind"], "Thing");
        assert!(!object.json().contains(&b'\n'));
        let metadata: Value = serde_json::from_slice(&object.metadata()).unwrap();
        assert_eq!(metadata, value["metadata"]);
    }
}

#[test]
fn another_version_changes_nothing_else() {
    for (from, to) in [(7, 8), (9, 10), (1000, 9), (7, u64::MAX)] {
        let before = object(from, r#""status":{"resourceVersion":"7"}"#);
        let after = before.at(to);
        assert_eq!(after.resource_version, to);
        let mut expected: Value = serde_json::from_slice(&before.json()).unwrap();
        expected["metadata"]["resourceVersion"] = json!(to.to_string());
        assert_eq!(serde_json::from_slice::<Value>(&after.json()).unwrap(), expected);
        assert_eq!(serde_json::from_slice::<Value>(&after.metadata()).unwrap(), expected["metadata"]);
        assert_eq!(after.at(from).json(), before.json());
    }
}
