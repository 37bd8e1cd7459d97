//! The layout is that of Kubernetes' OpenAPI documents.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

const DOCUMENTS: [&str; 2] = [
    include_str!("../../../../openapi/kubernetes/api/v1.json"),
    include_str!("../../../../openapi/kubernetes/apis/apps/v1.json"),
];

/// Every field of a type, with its schema and the names that lead to it.
fn fields(document: &Value, reference: &str, names: &mut Vec<String>, found: &mut Vec<(Vec<String>, Value)>) {
    let schema = &document["components"]["schemas"][reference.rsplit('/').next().unwrap()];
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if name == "status" {
            continue;
        }
        names.push(name.clone());
        found.push((names.clone(), field.clone()));
        let values = [field, &field["items"], &field["additionalProperties"]];
        for (at, value) in values.into_iter().enumerate() {
            if at == 2 && !value.is_null() {
                names.push("key".to_owned());
                found.push((names.clone(), value.clone()));
            }
            for reference in references(value) {
                fields(document, &reference, names, found);
            }
            if at == 2 && !value.is_null() {
                names.pop();
            }
        }
        names.pop();
    }
}

fn references(schema: &Value) -> BTreeSet<String> {
    let all = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
    all.filter_map(|part| part["$ref"].as_str()).map(str::to_owned).collect()
}

fn kind(group: &str, resource: &str) -> Kind {
    let text = str::to_owned;
    Kind {
        group: text(group),
        version: text("v1"),
        resource: text(resource),
        kind: text(""),
        namespaced: true,
    }
}

#[test]
fn lists_and_forms_are_those_of_kubernetes() {
    let mut seen = 0;
    for (document, group, resource, name) in [
        (0, "", "configmaps", "io.k8s.api.core.v1.ConfigMap"),
        (0, "", "secrets", "io.k8s.api.core.v1.Secret"),
        (0, "", "services", "io.k8s.api.core.v1.Service"),
        (0, "", "serviceaccounts", "io.k8s.api.core.v1.ServiceAccount"),
        (1, "apps", "deployments", "io.k8s.api.apps.v1.Deployment"),
        (1, "apps", "statefulsets", "io.k8s.api.apps.v1.StatefulSet"),
        (1, "", "persistentvolumeclaims", "io.k8s.api.core.v1.PersistentVolumeClaim"),
    ] {
        let document: Value = serde_json::from_str(DOCUMENTS[document]).unwrap();
        let (kind, mut found) = (kind(group, resource), Vec::new());
        fields(&document, name, &mut Vec::new(), &mut found);
        assert!(!found.is_empty(), "{name}");
        for (names, schema) in &found {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            agrees(Layout::of(&kind), &names, schema);
        }
        seen += found.len();
    }
    assert!(seen > 1000, "{seen}");
}

fn agrees(layout: Layout<'_>, names: &[&str], schema: &Value) {
    let place = format!("{} {names:?}", layout.kind.resource);
    // Managers are never rendered; templates of claims bear metadata, of which nothing is merged; what is below a
    // list that is one value is part of it.
    if ["managedFields", "restartPolicyRules"].iter().any(|name| names.contains(name))
        || names.iter().rposition(|name| *name == "metadata") > Some(0)
    {
        return;
    }
    if schema["type"] == "array" {
        let keys = schema["x-kubernetes-list-map-keys"].as_array();
        match (layout.list(names), schema["x-kubernetes-list-type"].as_str()) {
            (ListKind::Map(ours), Some("map")) => {
                let keys: Vec<_> = keys.unwrap().iter().map(|key| key.as_str().unwrap()).collect();
                assert_eq!(ours, keys, "{place}");
            }
            (ListKind::Set, Some("set")) | (ListKind::Atomic, Some("atomic") | None) => {}
            (ours, theirs) => panic!("{place}: {ours:?}, not {theirs:?}"),
        }
    }
    let refers_to = |name: &str| references(schema).iter().any(|reference| reference.ends_with(name));
    let form = match () {
        () if refers_to(".resource.Quantity") => Form::Quantity,
        () if refers_to(".intstr.IntOrString") => Form::IntOrString,
        () if schema["format"] == "byte" => Form::Base64,
        () => return,
    };
    assert_eq!(layout.form(names), form, "{place}");
}

#[test]
fn a_custom_kind_is_taken_by_the_letter() {
    let widgets = kind("example.com", "widgets");
    let layout = Layout::of(&widgets);
    assert_eq!(layout.list(&["spec", "containers"]), ListKind::Atomic);
    assert_eq!(layout.form(&["spec", "limits", "cpu"]), Form::Plain);
    assert_eq!(layout.form(&["spec", "renewBefore"]), Form::Duration);
    assert!(!layout.is_left_out(&["spec", "readOnly"], &Value::Bool(false)));
    assert!(!layout.is_exact(&["spec", "selector", "matchLabels"]));
}

/// Fields of Go's types whose zero is left out, as the embedded control plane has recorded them.
#[test]
fn zeros_that_go_leaves_out_are_known() {
    let shapes = include_str!("../../../controlplane/kinds/shapes.txt");
    let mut seen = 0;
    for line in shapes.lines().filter_map(|line| line.strip_prefix("  ")) {
        let [name, "bool" | "int32" | "int64", "omitempty"] = line.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        // What a cluster reports is never written.
        let is_reported = ["eplicas", "observedGeneration", "generation", "count", "authenticated", "denied"];
        if !is_reported.iter().any(|end| name.ends_with(end)) && name != "timeoutSeconds" {
            assert!(LEFT_OUT.contains(&name), "{name}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn empty_values_that_mean_something_are_missed() {
    let (pods, services) = (kind("", "pods"), kind("", "services"));
    let left_out = |names: &[&str], value: Value| Layout::of(&pods).is_left_out(names, &value);
    for (names, value, expected) in [
        (&["spec", "hostNetwork"][..], json!(false), true),
        (&["spec", "automountServiceAccountToken"], json!(false), false),
        (&["spec", "containers", "securityContext", "allowPrivilegeEscalation"], json!(false), false),
        (&["spec", "nodeName"], json!(""), true),
        (&["spec", "runtimeClassName"], json!(""), false),
        (&["spec", "storageClassName"], json!(""), false),
        (&["spec", "volumes", "emptyDir"], json!({}), false),
        (&["spec", "containers", "resources"], json!({"limits": {}}), true),
        (&["spec", "containers", "resources"], json!({"limits": {"cpu": "0"}}), false),
        (&["spec", "containers", "env"], json!([]), true),
        (&["metadata", "labels"], json!({}), true),
        (&["metadata", "labels", "a"], json!(""), false),
        (&["data", "readOnly"], json!(""), false),
        (&["spec", "replicas"], json!(0), false),
        (&["spec", "x"], json!(null), true),
    ] {
        assert_eq!(left_out(names, value.clone()), expected, "{names:?} {value}");
    }
    assert!(!Layout::of(&services).is_left_out(&["spec", "selector", "app"], &json!("")));
}
