//! Rules hold where they say, in their order, and all that is wrong with a list of them is told.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn rules(value: Value) -> Vec<Override> {
    serde_json::from_value(value).unwrap()
}

fn target() -> BTreeMap<String, String> {
    [("region".to_owned(), "eu".to_owned())].into()
}

fn compiled(value: Value) -> Transforms {
    Transforms::compile(&rules(value), &target()).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn deployments() -> Kind {
    let text = str::to_owned;
    Kind {
        group: text("apps"),
        version: text("v1"),
        resource: text("deployments"),
        kind: text("D"),
        namespaced: true,
    }
}

fn web() -> Value {
    json!({"metadata": {"name": "web", "namespace": "shop", "labels": {"tier": "web"}}, "spec": {"replicas": 2}})
}

fn set(path: &str, value: Value) -> Value {
    json!([{"set": {"path": path, "value": value}}])
}

#[test]
fn a_rule_changes_what_it_matches() {
    for (rule, changes) in [
        (json!({}), true),
        (json!({"match": {}}), true),
        (json!({"match": {"resources": [{"group": "apps", "resource": "deployments"}]}}), true),
        (json!({"match": {"resources": [{"resource": "deployments"}]}}), false),
        (json!({"match": {"namespaces": ["shop", "bank"]}}), true),
        (json!({"match": {"namespaces": ["bank"]}}), false),
        (json!({"match": {"labelSelector": {"matchLabels": {"tier": "web"}}}}), true),
        (json!({"match": {"labelSelector": {"matchLabels": {"tier": "db"}}}}), false),
        (json!({"match": {"cel": "self.spec.replicas > 1"}}), true),
        (json!({"match": {"cel": "has(self.spec.paused)"}}), false),
        (json!({"match": {"namespaces": ["shop"], "cel": "false"}}), false),
        (json!({"targets": {"selector": {"matchLabels": {"region": "eu"}}}}), true),
        (json!({"targets": {"selector": {"matchLabels": {"region": "us"}}}}), false),
    ] {
        let mut whole = json!({"name": "r", "ops": set("/spec/x", json!(1))});
        json_patch::merge(&mut whole, &rule);
        let mut object = web();
        compiled(json!([whole])).apply(&mut object, &deployments()).unwrap();
        assert_eq!(object != web(), changes, "{rule}");
    }
}

#[test]
fn rules_follow_each_other() {
    let list = json!([
        {"name": "b", "ops": set("/spec/x", json!("b"))},
        {"name": "a", "match": {"cel": "self.spec.?x.orValue('') == 'b'"}, "ops": set("/spec/x", json!("a"))},
    ]);
    let mut object = web();
    compiled(list.clone()).apply(&mut object, &deployments()).unwrap();
    assert_eq!(object["spec"]["x"], "a", "in the order of the file");
    let by_name = Transforms::compile_by_name(&rules(list), &target()).unwrap();
    let mut object = web();
    by_name.apply(&mut object, &deployments()).unwrap();
    assert_eq!(object["spec"]["x"], "b", "by name");
}

#[test]
fn a_rule_that_cannot_tell_or_change_is_an_error() {
    for (rule, field) in [
        (json!({"match": {"cel": "self.spec.missing"}, "ops": set("/spec/x", json!(1))}), "match.cel"),
        (json!({"match": {"cel": "1"}, "ops": set("/spec/x", json!(1))}), "match.cel"),
        (
            json!({"ops": [{"remove": "/spec/x"}, {"jsonPatch": [{"op": "remove", "path": "/spec/x"}]}]}),
            "ops[1].jsonPatch",
        ),
        (
            json!({"ops": [{"cel": {"path": "/spec/x", "expression": "self"}}, {"set": {"path": "/spec/y", "value": "z".repeat(4 << 20)}}]}),
            "ops[1].set",
        ),
    ] {
        let mut whole = json!({"name": "r"});
        json_patch::merge(&mut whole, &rule);
        let error = compiled(json!([whole])).apply(&mut web(), &deployments()).unwrap_err();
        assert_eq!((error.rule.as_str(), error.field.as_str()), ("r", field), "{error}");
    }
}

#[test]
fn all_that_is_wrong_is_told() {
    let list = rules(json!([
        {"name": "", "ops": []},
        {"name": "twice", "ops": set("/kind", json!("x"))},
        {"name": "twice", "match": {"cel": "nonsense", "labelSelector": {"matchLabels": {"a": "b c"}}},
            "targets": {"selector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}}, "ops": set("/spec", json!({}))},
    ]));
    let findings = Transforms::compile(&list, &target()).unwrap_err();
    let told: Vec<_> = findings
        .iter()
        .map(|finding| format!("[{}] ({}).{}", finding.at, finding.rule, finding.field))
        .collect();
    assert_eq!(
        told,
        [
            "[0] ().name",
            "[0] ().ops",
            "[1] (twice).ops[0].set.path",
            "[2] (twice).name",
            "[2] (twice).targets.selector",
            "[2] (twice).match.labelSelector",
            "[2] (twice).match.cel",
        ]
    );
    assert!(
        findings[2].to_string().starts_with("[1] (twice).ops[0].set.path: /kind says"),
        "{}",
        findings[2]
    );
}

fn any_rule() -> impl Strategy<Value = Value> {
    let path = "/(spec|metadata/labels|metadata|kind|data)(/(a|name|0|x.kcp.io~1y))?";
    let value = prop_oneof![
        Just(json!({"a": "b"})),
        Just(json!("x")),
        Just(json!([{"name": "a"}])),
        Just(Value::Null)
    ];
    let op = (path, path, value, 0..6).prop_map(|(path, from, value, which)| match which {
        0 => json!({"set": {"path": path, "value": value}}),
        1 => json!({"remove": path}),
        2 => json!({"jsonPatch": [{"op": "add", "path": path, "value": value}]}),
        3 => json!({"jsonPatch": [{"op": "move", "path": path, "from": from}]}),
        4 => json!({"jsonPatch": [{"op": "copy", "path": path, "from": from}]}),
        _ => json!({"cel": {"path": path, "expression": "self.metadata.name"}}),
    });
    prop::collection::vec(op, 1..4).prop_map(|ops| json!({"name": "r", "ops": ops}))
}

proptest! {
    #[test]
    fn no_rule_touches_who_an_object_is(rule in any_rule()) {
        let Ok(transforms) = Transforms::compile(&rules(json!([rule])), &target()) else { return Ok(()) };
        let mut object = web();
        let before = object.clone();
        if transforms.apply(&mut object, &deployments()).is_ok() {
            for field in ["/metadata/name", "/metadata/namespace", "/kind", "/apiVersion"] {
                prop_assert_eq!(object.pointer(field), before.pointer(field));
            }
            let mut again = before.clone();
            transforms.apply(&mut again, &deployments()).unwrap();
            prop_assert_eq!(again, object, "the same answer every time");
        }
    }
}
