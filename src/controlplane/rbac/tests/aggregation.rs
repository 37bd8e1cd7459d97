//! ClusterRoles made of others.

use super::{
    super::aggregation::{due, rules},
    *,
};

fn labelled(name: &str, labels: Value, rules: &[Rule]) -> (Kind, Value) {
    (Kind::ClusterRole, json!({"metadata": {"name": name, "labels": labels}, "rules": rules}))
}

fn gathering(name: &str, labels: Value, selectors: Value) -> (Kind, Value) {
    let role = json!({
        "metadata": {"name": name, "labels": labels},
        "aggregationRule": {"clusterRoleSelectors": selectors},
    });
    (Kind::ClusterRole, role)
}

#[test]
fn what_each_selector_selects() {
    let rule = |name: &str| Rule::on(&["get"], &[""], &[name]);
    let others = [
        labelled("c", json!({"a": "1", "b": "x"}), &[rule("c")]),
        labelled("a", json!({"a": "1"}), &[rule("a"), rule("shared")]),
        labelled("b", json!({"a": "2"}), &[rule("b"), rule("shared")]),
        labelled("d", json!({}), &[rule("d")]),
    ];
    let expression = |operator: &str, values: Value| json!([{"matchExpressions": [{"key": "a", "operator": operator, "values": values}]}]);
    for (selectors, expected) in [
        (json!([{"matchLabels": {"a": "1"}}]), &["a", "shared", "c"][..]),
        (json!([{"matchLabels": {"a": "2"}}, {"matchLabels": {"a": "1"}}]), &["b", "shared", "a", "c"]),
        (json!([{"matchLabels": {"a": "1", "b": "x"}}]), &["c"]),
        (json!([{}]), &["a", "shared", "b", "c", "d"]),
        (json!([]), &[]),
        (expression("In", json!(["2", "3"])), &["b", "shared"]),
        (expression("NotIn", json!(["1"])), &["b", "shared", "d"]),
        (expression("Exists", Value::Null), &["a", "shared", "b", "c"]),
        (expression("DoesNotExist", Value::Null), &["d"]),
        (expression("Like", json!(["1"])), &[]),
    ] {
        let all =
            policy(&[others.to_vec(), vec![gathering("z", json!({"a": "1"}), selectors.clone())]].concat());
        let role = all.cluster_roles().find(|role| role.name() == "z").unwrap();
        let expected: Vec<Rule> = expected.iter().map(|name| rule(name)).collect();
        assert_eq!(rules(role, all.cluster_roles()), Some(expected), "{selectors}");
    }
}

#[test]
fn only_what_differs_is_due() {
    let rule = Rule::on(&["get"], &[""], &["pods"]);
    let mut objects = vec![
        labelled("source", json!({"to": "view"}), std::slice::from_ref(&rule)),
        gathering("view", json!({"to": "edit"}), json!([{"matchLabels": {"to": "view"}}])),
        gathering("edit", json!({}), json!([{"matchLabels": {"to": "edit"}}])),
    ];
    let mut rounds = 0;
    loop {
        let due = due(&policy(&objects));
        if due.is_empty() {
            break;
        }
        for (name, rules) in due {
            let role =
                objects.iter_mut().find(|(_, role)| role["metadata"]["name"] == name.as_str()).unwrap();
            role.1["rules"] = json!(rules);
        }
        rounds += 1;
    }
    assert_eq!(rounds, 2, "edit takes in view, which had nothing at first");
    assert_eq!(objects[2].1["rules"], json!([rule]));
}
