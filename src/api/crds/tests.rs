//! What the CRDs promise to a kube-apiserver and to kubectl.

use serde_json::{Value, json};

use super::*;
use crate::api::schema::described;

fn definition(plural: &str) -> Value {
    let named = |crd: &Value| crd["spec"]["names"]["plural"] == plural;
    definitions().into_iter().find(named).expect("both are made")
}

fn field(crd: &Value, path: &str) -> Value {
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let step = |schema: Value, name: &str| match name {
        "[]" => schema["items"].clone(),
        name => schema["properties"][name].clone(),
    };
    path.split('.').fold(schema.clone(), step)
}

#[test]
fn names_scope_and_status_are_those_documented() {
    for (plural, group, kind, short) in [
        ("synctargets", "workload.kcp.io", "SyncTarget", json!(["st"])),
        ("placements", "placement.kcp.io", "Placement", Value::Null),
    ] {
        let crd = definition(plural);
        assert_eq!(crd["metadata"]["name"], format!("{plural}.{group}"));
        assert_eq!(crd["spec"]["names"]["kind"], kind);
        assert_eq!(crd["spec"]["names"].get("shortNames").cloned().unwrap_or_default(), short);
        assert_eq!(crd["spec"]["names"]["categories"], json!(["tmc"]));
        assert_eq!(crd["spec"]["scope"], "Cluster");
        assert_eq!(crd["spec"]["versions"][0]["subresources"], json!({"status": {}}));
    }
}

#[test]
fn columns_are_those_documented() {
    for (plural, expected) in [
        ("synctargets", ["Workspace", "Ready", "Reason", "Last-Seen", "Version", "Age"].as_slice()),
        ("placements", ["Strategy", "Phase", "Targets", "Workloads", "Age"].as_slice()),
    ] {
        let crd = definition(plural);
        let columns = crd["spec"]["versions"][0]["additionalPrinterColumns"].as_array().expect("columns");
        let names: Vec<_> = columns.iter().map(|column| column["name"].as_str().expect("a name")).collect();
        assert_eq!(names, expected);
    }
}

#[test]
fn limits_are_in_the_schema() {
    for (plural, path, keyword, expected) in [
        ("synctargets", "spec.kcpCluster", "pattern", json!(schema::WORKSPACE)),
        ("synctargets", "spec.kcpCluster", "maxLength", json!(1024)),
        ("synctargets", "spec.supportedAPIExports", "x-kubernetes-list-type", json!("set")),
        ("synctargets", "spec.supportedAPIExports", "maxItems", json!(256)),
        ("synctargets", "spec.taints", "x-kubernetes-list-map-keys", json!(["key", "effect"])),
        ("synctargets", "status.conditions", "x-kubernetes-list-type", json!("map")),
        ("synctargets", "status.conditions", "x-kubernetes-list-map-keys", json!(["type"])),
        ("synctargets", "status.conditions.[].status", "enum", json!(["True", "False", "Unknown"])),
        ("synctargets", "status.problems", "maxItems", json!(20)),
        ("synctargets", "status.problems.[].message", "maxLength", json!(256)),
        ("synctargets", "status.resources", "maxItems", json!(1024)),
        ("synctargets", "status.resources.[].total", "minimum", json!(0)),
        ("synctargets", "status.resources.[].ready", "minimum", json!(0)),
        ("placements", "status.rejected", "maxItems", json!(50)),
        ("placements", "status.conditions", "x-kubernetes-list-type", json!("map")),
        ("placements", "spec.placementPolicy.strategy", "default", json!("Spread")),
        ("placements", "spec.placementPolicy.numberOfClusters", "minimum", json!(1)),
        ("placements", "spec.placementPolicy.prioritizers.[].weight", "maximum", json!(10)),
        ("placements", "spec.overrides.[].ops.[]", "maxProperties", json!(1)),
    ] {
        assert_eq!(field(&definition(plural), path)[keyword], expected, "{plural} {path} {keyword}");
    }
}

#[test]
fn rules_are_in_the_schema() {
    for (plural, path, count) in
        [("synctargets", "spec", 1), ("placements", "spec", 1), ("placements", "spec.placementPolicy", 2)]
    {
        let rules = field(&definition(plural), path)["x-kubernetes-validations"].clone();
        assert_eq!(rules.as_array().map(Vec::len), Some(count), "{plural} {path}");
    }
}

#[test]
fn health_thresholds_are_not_configurable() {
    assert_eq!(field(&definition("synctargets"), "spec.healthThresholds"), Value::Null);
}

#[test]
fn schemas_are_structural_and_described() {
    for (file, yaml) in crds() {
        for word in ["anyOf:", "oneOf:", "allOf:", "nullable:", "uint", "$ref", "title:", "const:"] {
            assert!(!yaml.contains(word), "{word} in {file}");
        }
    }
    for crd in definitions() {
        let root = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        described(&root["properties"]["spec"], "spec");
        described(&root["properties"]["status"], "status");
    }
}
