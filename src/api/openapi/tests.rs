//! What kubectl and kube-aggregator need of the documents.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::api::schema::described;

fn schemas(dialect: Dialect) -> Value {
    let document = document(dialect);
    match dialect {
        Dialect::V2 => document["definitions"].clone(),
        Dialect::V3 => document["components"]["schemas"].clone(),
    }
}

/// Calls back with every object in the document.
fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Object(fields) => fields.values().for_each(|value| walk(value, visit)),
        Value::Array(items) => items.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(value, &mut |value| {
        found.extend(value.get("$ref").and_then(Value::as_str).map(str::to_owned));
    });
    found
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_referred_to() {
    for (dialect, prefix) in [(Dialect::V2, "#/definitions/"), (Dialect::V3, "#/components/schemas/")] {
        let schemas = schemas(dialect);
        let names: BTreeSet<_> = schemas.as_object().expect("a map").keys().cloned().collect();
        let strip = |reference: String| reference.strip_prefix(prefix).expect("in this document").to_owned();
        let referred: BTreeSet<_> = references(&document(dialect)).into_iter().map(strip).collect();
        assert_eq!(referred, names);
    }
}

#[test]
fn nothing_is_in_the_way_of_explain() {
    for (dialect, forbidden) in [
        (Dialect::V2, ["oneOf", "anyOf", "allOf", "nullable", "const"].as_slice()),
        (Dialect::V3, ["oneOf", "anyOf", "nullable", "const"].as_slice()),
    ] {
        walk(&document(dialect), &mut |value| {
            for keyword in forbidden {
                assert!(value.get(keyword).is_none(), "{keyword} in {value}");
            }
            assert!(!value["type"].is_array(), "{value}");
            if dialect == Dialect::V3 && value.get("$ref").is_some() {
                assert_eq!(value.as_object().map(|keywords| keywords.len()), Some(1), "ignored beside $ref");
            }
        });
    }
}

#[test]
fn schemas_of_served_kinds_list_their_kind() {
    for dialect in [Dialect::V2, Dialect::V3] {
        let schemas = schemas(dialect);
        let mut with_kind = BTreeSet::new();
        for (name, schema) in schemas.as_object().expect("a map") {
            let Some(kinds) = schema.get("x-kubernetes-group-version-kind") else { continue };
            let kind = name.rsplit('.').next().expect("a name");
            assert_eq!(kinds, &json!([{"group": GROUP, "version": VERSION, "kind": kind}]));
            with_kind.insert(kind.to_owned());
        }
        let served = ["AggregatedTree", "AggregatedTreeList", "AggregatedView", "AggregatedViewList"];
        assert_eq!(with_kind, served.map(str::to_owned).into());
    }
}

#[test]
fn operations_name_their_kind_and_action_and_have_an_id_of_their_own() {
    for dialect in [Dialect::V2, Dialect::V3] {
        let paths = document(dialect)["paths"].clone();
        let mut ids = BTreeSet::new();
        for (path, item) in paths.as_object().expect("a map") {
            assert!(path.starts_with("/apis/views.workload.kcp.io/v1alpha1/"), "{path}");
            let get = &item["get"];
            let action = if path.ends_with("{name}") { "get" } else { "list" };
            assert_eq!(get["x-kubernetes-action"], action);
            let kind = if path.contains("views/") || path.ends_with("views") { "View" } else { "Tree" };
            let expected = json!({"group": GROUP, "version": VERSION, "kind": format!("Aggregated{kind}")});
            assert_eq!(get["x-kubernetes-group-version-kind"], expected, "{path}");
            assert!(ids.insert(get["operationId"].as_str().expect("an id").to_owned()), "{path}");
        }
        assert_eq!(ids.len(), 4);
    }
}

#[test]
fn list_parameters_are_given_in_place() {
    let expected = [
        "allowWatchBookmarks",
        "continue",
        "fieldSelector",
        "labelSelector",
        "limit",
        "resourceVersion",
        "resourceVersionMatch",
        "sendInitialEvents",
        "timeoutSeconds",
        "watch",
    ];
    for dialect in [Dialect::V2, Dialect::V3] {
        let item = document(dialect)["paths"][format!("/apis/{API_VERSION}/aggregatedviews")].clone();
        let parameters = item["get"]["parameters"].as_array().expect("a list").clone();
        let names: Vec<_> = parameters.iter().map(|parameter| parameter["name"].clone()).collect();
        assert_eq!(names, expected);
        assert_eq!(item["parameters"][0]["name"], "pretty");
        for parameter in parameters {
            let kind = if dialect == Dialect::V2 { &parameter["type"] } else { &parameter["schema"]["type"] };
            assert!(kind.is_string(), "{parameter}");
        }
    }
}

#[test]
fn every_field_is_described() {
    for (name, schema) in schemas(Dialect::V2).as_object().expect("a map") {
        if name.starts_with("io.kcp.") {
            described(schema, name);
        }
    }
}

#[test]
fn served_documents_are_compiled_in_by_group_and_version() -> anyhow::Result<()> {
    let v2: Value = serde_json::from_slice(v2())?;
    assert_eq!(v2["swagger"], "2.0");
    let documents = v3();
    assert_eq!(documents.keys().collect::<Vec<_>>(), ["apis/views.workload.kcp.io/v1alpha1"]);
    let v3: Value = serde_json::from_slice(documents["apis/views.workload.kcp.io/v1alpha1"])?;
    assert_eq!(v3["openapi"], "3.0.0");
    Ok(())
}
