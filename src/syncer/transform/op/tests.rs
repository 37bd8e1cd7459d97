//! Each change does what it says, and each mistake in it is told.

use proptest::prelude::*;

use super::*;
use crate::syncer::transform::Finding;

fn compiled(op: Value) -> Result<Op, Vec<Finding>> {
    let mut findings = Vec::new();
    let op: OverrideOp = serde_json::from_value(op).unwrap();
    let found = Op::compile(&op, 0, &mut Faults { at: 0, rule: "r", findings: &mut findings });
    if findings.is_empty() { Ok(found.unwrap()) } else { Err(findings) }
}

fn applied(op: Value, mut object: Value) -> Result<Value, String> {
    let text = str::to_owned;
    let kind = Kind {
        group: text("apps"),
        version: text("v1"),
        resource: text("deployments"),
        kind: text("Deployment"),
        namespaced: true,
    };
    compiled(op).unwrap().apply(&mut object, &kind).map(|()| object)
}

fn web() -> Value {
    json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"replicas": 2, "template": {"spec": {
        "containers": [{"name": "web", "image": "web:1", "envFrom": [{"secretRef": {"name": "keys"}}]}],
        "priorityClassName": "high",
    }}}})
}

#[test]
fn each_change_does_what_it_says() {
    for (op, pointer, expected) in [
        (
            json!({"jsonPatch": [{"op": "replace", "path": "/spec/replicas", "value": 5}]}),
            "/spec/replicas",
            json!(5),
        ),
        (json!({"mergePatch": {"spec": {"replicas": null, "paused": true}}}), "/spec/paused", json!(true)),
        (
            json!({"mergePatch": {"metadata": {"labels": {"a": null, "c": "3"}}}}),
            "/metadata/labels",
            json!({"b": "2", "c": "3"}),
        ),
        (
            json!({"set": {"path": "/spec/strategy/type", "value": "Recreate"}}),
            "/spec/strategy",
            json!({"type": "Recreate"}),
        ),
        (
            json!({"remove": "/spec/template/spec/priorityClassName"}),
            "/spec/template/spec/priorityClassName",
            Value::Null,
        ),
        (json!({"remove": "/spec/nothing"}), "/spec/replicas", json!(2)),
        (
            json!({"image": {"registry": "r.io"}}),
            "/spec/template/spec/containers/0/image",
            json!("r.io/web:1"),
        ),
        (
            json!({"renameMap": {"high": "gold", "keys": "locks"}}),
            "/spec/template/spec/priorityClassName",
            json!("gold"),
        ),
        (
            json!({"renameMap": {"keys": "high", "high": "keys"}}),
            "/spec/template/spec/priorityClassName",
            json!("keys"),
        ),
        (
            json!({"labels": {"add": {"c": "3"}, "remove": ["a", "x"]}}),
            "/metadata/labels",
            json!({"b": "2", "c": "3"}),
        ),
        (
            json!({"annotations": {"add": {"n": "any text"}}}),
            "/metadata/annotations",
            json!({"n": "any text"}),
        ),
        (
            json!({"cel": {"path": "/spec/replicas", "expression": "self.spec.replicas * 2"}}),
            "/spec/replicas",
            json!(4),
        ),
        (json!({"cel": {"path": "/spec/replicas", "expression": "null"}}), "/spec/replicas", Value::Null),
    ] {
        let object = applied(op.clone(), web()).unwrap_or_else(|error| panic!("{op}: {error}"));
        assert_eq!(object.pointer(pointer).cloned().unwrap_or_default(), expected, "{op}");
    }
}

#[test]
fn a_change_that_does_not_fit_is_an_error() {
    for (op, problem) in [
        (
            json!({"jsonPatch": [{"op": "test", "path": "/spec/replicas", "value": 9}]}),
            "[0]: value did not match",
        ),
        (json!({"jsonPatch": [{"op": "remove", "path": "/spec/x"}]}), "[0]: path is invalid"),
        (json!({"set": {"path": "/spec/replicas/x", "value": 1}}), "neither a map nor a list"),
        (
            json!({"renameMap": {"low": "high"}}),
            "priorityclasses \"high\" is named, which is what \"low\" becomes",
        ),
        (json!({"cel": {"path": "/spec/a", "expression": "self.spec.missing"}}), "fails for this object"),
        (json!({"cel": {"path": "/metadata/labels/a", "expression": "1"}}), "must be a text"),
    ] {
        let error = applied(op.clone(), web()).unwrap_err();
        assert!(error.contains(problem), "{op}: {error}");
    }
}

#[test]
fn each_mistake_is_told_with_its_place() {
    for (op, field, problem) in [
        (json!({}), "ops[0]", "exactly one change must be given, not 0"),
        (json!({"remove": "/spec/a", "labels": {"remove": ["a"]}}), "ops[0]", "not 2"),
        (json!({"jsonPatch": []}), "ops[0].jsonPatch", "no operation"),
        (json!({"jsonPatch": [{"op": "add", "path": "/spec/a"}]}), "ops[0].jsonPatch[0]", "value is missing"),
        (json!({"jsonPatch": [{"op": "copy", "path": "/spec/a"}]}), "ops[0].jsonPatch[0]", "from is missing"),
        (
            json!({"jsonPatch": [{"op": "move", "path": "/spec/a", "from": "/metadata/name"}]}),
            "ops[0].jsonPatch[0]",
            "only labels",
        ),
        (
            json!({"jsonPatch": [{"op": "replace", "path": "/metadata/labels", "value": {"kcp.io/x": "a"}}]}),
            "ops[0].jsonPatch[0]",
            "syncer's own",
        ),
        (
            json!({"jsonPatch": [{"op": "remove", "path": "/kind"}]}),
            "ops[0].jsonPatch[0]",
            "what the object is",
        ),
        (json!({"mergePatch": []}), "ops[0].mergePatch", "must be a map"),
        (json!({"mergePatch": {"metadata": null}}), "ops[0].mergePatch", "only labels"),
        (json!({"mergePatch": {"metadata": {"finalizers": null}}}), "ops[0].mergePatch", "only labels"),
        (json!({"mergePatch": {"metadata": {"labels": null}}}), "ops[0].mergePatch", "must be a map"),
        (json!({"mergePatch": {"metadata": {"labels": {"a": 1}}}}), "ops[0].mergePatch", "must be a text"),
        (
            json!({"mergePatch": {"metadata": {"annotations": {"workload.kcp.io/owner": null}}}}),
            "ops[0].mergePatch",
            "syncer's own",
        ),
        (json!({"mergePatch": {"status": {}}}), "ops[0].mergePatch", "reported by"),
        (json!({"set": {"path": "/kind", "value": 1}}), "ops[0].set.path", "what the object is"),
        (json!({"set": {"path": "/metadata/labels/a", "value": 1}}), "ops[0].set.value", "must be a text"),
        (json!({"remove": ""}), "ops[0].remove", "the whole object"),
        (json!({"image": {}}), "ops[0].image", "none of registry"),
        (json!({"renameMap": {}}), "ops[0].renameMap", "no name"),
        (json!({"renameMap": {"a": "c", "b": "c"}}), "ops[0].renameMap", "two names become \"c\""),
        (json!({"renameMap": {"a": ""}}), "ops[0].renameMap", "empty"),
        (json!({"labels": {}}), "ops[0].labels", "neither add nor remove"),
        (json!({"labels": {"add": {"a": "not a label"}}}), "ops[0].labels.add[a]", "valid label"),
        (json!({"labels": {"add": {"a b": "c"}}}), "ops[0].labels.add[a b]", "name part"),
        (
            json!({"labels": {"remove": ["app.kubernetes.io/managed-by"]}}),
            "ops[0].labels.remove[app.kubernetes.io/managed-by]",
            "syncer's own",
        ),
        (
            json!({"cel": {"path": "/spec", "expression": "self."}}),
            "ops[0].cel.expression",
            "compilation failed",
        ),
        (json!({"cel": {"path": "/kind", "expression": "1"}}), "ops[0].cel.path", "what the object is"),
    ] {
        let findings = compiled(op.clone()).unwrap_err();
        let is_it = |finding: &Finding| finding.field == field && finding.problem.contains(problem);
        assert!(findings.iter().any(is_it), "{op}: {findings:#?}");
        assert_eq!(findings.len(), 1, "{op}: {findings:#?}");
    }
}

proptest! {
    #[test]
    fn names_are_mapped_one_to_one(names in prop::collection::btree_map("[a-d]", "[a-d]", 1..4), used in "[a-d]", other in "[a-d]") {
        let Ok(op) = compiled(json!({"renameMap": names})) else { return Ok(()) };
        let text = str::to_owned;
        let kind = Kind { group: text(""), version: text("v1"), resource: text("pods"), kind: text("Pod"), namespaced: true };
        let renamed = |name: &str| {
            let mut object = json!({"spec": {"serviceAccountName": name}});
            op.apply(&mut object, &kind).map(|()| object["spec"]["serviceAccountName"].clone())
        };
        if let (Ok(first), Ok(second)) = (renamed(&used), renamed(&other)) {
            prop_assert_eq!(first == second, used == other);
        }
    }
}
