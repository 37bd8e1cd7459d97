//! Selectors of the API select as those of a query do.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;

fn compiled(selector: serde_json::Value) -> Result<LabelSelector, String> {
    compile(&serde_json::from_value(selector).unwrap())
}

#[test]
fn all_requirements_must_hold() {
    let selector = compiled(json!({
        "matchLabels": {"app.kubernetes.io/name": "web", "empty": ""},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "zone", "operator": "NotIn", "values": ["c"]},
            {"key": "team", "operator": "Exists"},
            {"key": "off", "operator": "DoesNotExist", "values": []},
        ],
    }))
    .unwrap();
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let good = [("app.kubernetes.io/name", "web"), ("empty", ""), ("tier", "b"), ("team", "x")];
    assert!(selector.matches(&labels(&good)));
    for change in [("tier", "c"), ("zone", "c"), ("off", ""), ("empty", "x")] {
        let mut labels = labels(&good);
        labels.insert(change.0.to_owned(), change.1.to_owned());
        assert!(!selector.matches(&labels), "{change:?}");
    }
    assert!(compiled(json!({})).unwrap().is_empty());
}

#[test]
fn what_is_no_selector_is_told() {
    for (selector, problem) in [
        (json!({"matchLabels": {"a": "b,c"}}), "matchLabels: \"b,c\""),
        (json!({"matchLabels": {"a=b": ""}}), "matchLabels: \"a=b\""),
        (
            json!({"matchExpressions": [{"key": "a", "operator": "In"}]}),
            "matchExpressions[0]: operator In needs",
        ),
        (
            json!({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}),
            "takes no values",
        ),
        (json!({"matchExpressions": [{"key": "a", "operator": "Like"}]}), "\"Like\" is none of"),
        (json!({"matchExpressions": [{"key": "a", "operator": "In", "values": [")"]}]}), "\")\""),
        (json!({"matchExpressions": [{"key": "", "operator": "Exists"}]}), "non-empty"),
    ] {
        let error = compiled(selector.clone()).unwrap_err();
        assert!(error.contains(problem), "{selector}: {error}");
    }
}
