//! `apply` in both ways, `diff`, and definitions of kinds.

use serde_json::{Value, json};

use super::{Check, configmap, deployment, said};
use crate::kubectl::Kubectl;

pub(super) const CHECKS: &[Check] = &[
    ("apply-client", client_side),
    ("apply-server", server_side),
    ("apply-list", list),
    ("apply-moves", from_client_to_server_side),
    ("apply-kinds", kinds),
    ("diff", diff),
];

fn client_side(kubectl: &Kubectl) {
    let apply = |object: &Value| said(kubectl.with_manifest(&["apply"], object));
    assert_eq!(apply(&configmap("a", &json!({"k": "1", "l": "1"}))), "configmap/a created");
    assert_eq!(apply(&configmap("a", &json!({"k": "1", "l": "1"}))), "configmap/a unchanged");
    kubectl.run(&["patch", "configmap", "a", "-p", r#"{"data":{"other":"hand"}}"#]);
    assert_eq!(apply(&configmap("a", &json!({"k": "2"}))), "configmap/a configured");
    let object = kubectl.json(&["get", "configmap", "a", "-ojson"]);
    assert_eq!(object["data"], json!({"k": "2", "other": "hand"}), "what was applied before is gone");
    assert!(
        object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"].is_string()
    );

    let mut two = deployment("d", 1);
    assert_eq!(apply(&two), "deployment.apps/d created");
    assert_eq!(apply(&two), "deployment.apps/d unchanged");
    kubectl.run(&["set", "env", "deployment/d", "HAND=1"]);
    two["spec"]["template"]["spec"]["containers"][0]["image"] = "example.com/main:2".into();
    assert_eq!(apply(&two), "deployment.apps/d configured");
    let object = kubectl.json(&["get", "deployment", "d", "-ojson"]);
    let container = &object["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], "example.com/main:2");
    assert_eq!(container["env"], json!([{"name": "HAND", "value": "1"}]), "merged by the container's name");
}

fn server_side(kubectl: &Kubectl) {
    let apply = |flags: &[&str], object: &Value| {
        kubectl.with_manifest(&[&["apply", "--server-side"], flags].concat(), object)
    };
    let one = configmap("a", &json!({"k": "1", "l": "1"}));
    assert_eq!(said(apply(&[], &one)), "configmap/a serverside-applied");
    assert_eq!(said(apply(&[], &one)), "configmap/a serverside-applied");
    let two = configmap("a", &json!({"k": "2"}));
    let conflict = apply(&["--field-manager=other"], &two).expect_err("k has an owner");
    assert!(conflict.contains(r#"conflict with "kubectl": .data.k"#), "{conflict}");
    assert!(conflict.contains("Please review the fields above"), "{conflict}");
    said(apply(&["--field-manager=other", "--force-conflicts"], &two));
    let object = kubectl.json(&["get", "configmap", "a", "-ojson"]);
    assert_eq!(object["data"], json!({"k": "2", "l": "1"}));
    said(apply(&[], &configmap("a", &json!({}))));
    let object = kubectl.json(&["get", "configmap", "a", "-ojson", "--show-managed-fields"]);
    assert_eq!(object["data"], json!({"k": "2"}), "what only this manager had is gone");
    let managers = object["metadata"]["managedFields"].as_array().expect("managed fields");
    assert!(managers.iter().all(|entry| entry["operation"] == "Apply"), "{managers:?}");
    let dry = apply(&["--dry-run=server"], &configmap("dry", &json!({"k": "1"})));
    assert_eq!(said(dry), "configmap/dry serverside-applied (server dry run)");
    assert!(kubectl.fail(&["get", "configmap", "dry"]).contains("NotFound"));
    let unknown =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "u"}, "spec": {"x": 1}});
    let refused = apply(&[], &unknown).expect_err("no such field");
    assert!(refused.contains("field not declared in schema"), "{refused}");
}

/// kubectl checks what is in a list by OpenAPI v2.
fn list(kubectl: &Kubectl) {
    let list = |items: &[Value]| json!({"apiVersion": "v1", "kind": "List", "items": items});
    let good = list(&[configmap("a", &json!({"k": "1"})), deployment("d", 0)]);
    let made = said(kubectl.with_manifest(&["apply"], &good));
    assert_eq!(made, "configmap/a created\ndeployment.apps/d created");
    let mut typo = deployment("e", 0);
    typo["spec"]["replica"] = 1.into();
    let bad = list(&[configmap("b", &json!({"k": "1"})), typo]);
    let refused = kubectl.with_manifest(&["apply"], &bad).expect_err("no such field");
    assert!(refused.contains(r#"unknown field "replica""#), "{refused}");
    assert!(kubectl.fail(&["get", "configmap", "b"]).contains("NotFound"), "nothing of it is applied");
}

fn from_client_to_server_side(kubectl: &Kubectl) {
    let object = configmap("a", &json!({"k": "1", "l": "1"}));
    said(kubectl.with_manifest(&["apply"], &object));
    let fewer = configmap("a", &json!({"k": "2"}));
    said(kubectl.with_manifest(&["apply", "--server-side"], &fewer));
    let object = kubectl.json(&["get", "configmap", "a", "-ojson", "--show-managed-fields"]);
    assert_eq!(object["data"], json!({"k": "2"}), "the client's fields became the server's");
    let managers: Vec<_> =
        object["metadata"]["managedFields"].as_array().expect("managed fields").iter().collect();
    assert!(managers.iter().all(|entry| entry["manager"] != "kubectl-client-side-apply"), "{managers:?}");
}

fn kinds(kubectl: &Kubectl) {
    let name = "widgets.apply-kinds.example.com";
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"group": "apply-kinds.example.com", "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                "schema": {"openAPIV3Schema": {"type": "object", "description": "A widget.",
                    "properties": {"spec": {"type": "object", "properties": {
                        "size": {"type": "integer", "minimum": 1, "description": "How big it is."}}}}}}}]}});
    let made = said(kubectl.with_manifest(&["apply"], &definition));
    assert_eq!(made, format!("customresourcedefinition.apiextensions.k8s.io/{name} created"));
    kubectl.run(&["wait", "--for=condition=Established", &format!("crd/{name}"), "--timeout=30s"]);
    let widget = |size: i32| {
        json!({"apiVersion": "apply-kinds.example.com/v1", "kind": "Widget", "metadata": {"name": "a"},
            "spec": {"size": size}})
    };
    crate::wait::until("the kind is served", crate::wait::seconds(30), || {
        kubectl.with_manifest(&["apply"], &widget(1))
    });
    assert_eq!(
        said(kubectl.with_manifest(&["apply"], &widget(2))),
        "widget.apply-kinds.example.com/a configured"
    );
    assert_eq!(
        said(kubectl.with_manifest(&["apply", "--server-side", "--force-conflicts"], &widget(3))),
        "widget.apply-kinds.example.com/a serverside-applied"
    );
    let refused = kubectl.with_manifest(&["apply"], &widget(0)).expect_err("too small");
    assert!(refused.contains("should be greater than or equal to 1"), "{refused}");
    let table = kubectl.run(&["get", "wd"]);
    let cells: Vec<_> = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(cells[0][..2], ["NAME", "SIZE"], "{table}");
    assert_eq!(cells[1][..2], ["a", "3"], "{table}");
    crate::wait::until("the kind is explained", crate::wait::seconds(30), || {
        let text = kubectl.try_run(&["explain", "widget.spec.size"])?;
        if text.contains("How big it is.") { Ok(()) } else { Err(text) }
    });
    kubectl.run(&["delete", "crd", name, "--timeout=30s"]);
}

fn diff(kubectl: &Kubectl) {
    said(kubectl.with_manifest(&["apply"], &configmap("a", &json!({"k": "1"}))));
    assert_eq!(said(kubectl.with_manifest(&["diff"], &configmap("a", &json!({"k": "1"})))), "");
    for flags in [&["diff"] as &[&str], &["diff", "--server-side", "--force-conflicts"]] {
        let file = tempfile::NamedTempFile::new().expect("create a manifest");
        std::fs::write(file.path(), configmap("a", &json!({"k": "2"})).to_string()).expect("write it");
        let path = file.path().to_str().expect("temp paths are UTF-8");
        let output = kubectl.output(&[flags, &["-f", path]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", output.stderr);
        let lines: Vec<_> = output.stdout.lines().filter(|line| line.contains("k: ")).collect();
        assert_eq!(lines, [r#"-  k: "1""#, r#"+  k: "2""#], "{}", output.stdout);
        assert!(!output.stdout.contains("resourceVersion"), "nothing else differs: {}", output.stdout);
    }
    let data = kubectl.run(&["get", "configmap", "a", "-o", "jsonpath={.data.k}"]);
    assert_eq!(data, "1", "a diff changes nothing");
}
