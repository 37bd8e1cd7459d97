//! Paths as definitions write them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::JsonPath;

#[test]
fn paths_find_what_they_name() {
    let object = json!({
        "metadata": {"labels": {"a.b/c": "x", "d": "y"}},
        "spec": {"replicas": 3, "list": [{"n": 1, "s": "a"}, {"n": 2, "s": "b"}], "null": null},
        "status": {"conditions": [
            {"type": "Ready", "status": "True"}, {"type": "Synced", "status": "False", "reason": "no [yet]"},
        ]},
    });
    for (path, expected) in [
        (".spec.replicas", Some(json!(3))),
        ("spec.replicas", Some(json!(3))),
        (".spec.absent.deeper", None),
        (".spec.null", Some(Value::Null)),
        (".metadata.labels.a\\.b/c", Some(json!("x"))),
        (".metadata.labels['a.b/c']", Some(json!("x"))),
        (".metadata.labels[\"d\"]", Some(json!("y"))),
        (".spec.list[0].n", Some(json!(1))),
        (".spec.list[-1].n", Some(json!(2))),
        (".spec.list[1:].n", Some(json!(2))),
        (".spec.list[9].n", None),
        (".spec.list[*].s", Some(json!("a"))),
        (".spec.list[?(@.n>1)].s", Some(json!("b"))),
        (".spec.list[?(@.s != \"a\")].n", Some(json!(2))),
        (".status.conditions[?(@.type==\"Ready\")].status", Some(json!("True"))),
        (".status.conditions[?(@.type=='Synced')].status", Some(json!("False"))),
        (".status.conditions[?(@.type=='Gone')].status", None),
        (".status.conditions[?(@.reason=='no [yet]')].type", Some(json!("Synced"))),
        (".status.conditions[?(@.reason)].type", Some(json!("Synced"))),
        ("..n", Some(json!(1))),
    ] {
        let parsed = JsonPath::parse(path).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(parsed.first(&object).cloned(), expected, "{path}");
    }
    for wrong in ["..", ".a[", ".a[x]", ".a[?(@.b==)]", ".a]b", ".a..", ".a\\"] {
        let found = JsonPath::parse(wrong);
        assert!(found.is_none() || wrong == ".a]b", "{wrong} {found:?}");
    }
}

proptest! {
    #[test]
    fn never_panics(path in "[.\\[\\]a'\"?()@=*:0-2\\\\-]{0,12}") {
        if let Some(path) = JsonPath::parse(&path) {
            path.first(&json!({"a": [{"a": 1}, {"a": [0, 1]}]}));
        }
    }
}
