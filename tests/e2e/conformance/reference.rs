//! Custom resources with the names, columns and content of views, in a group of their own. kube-apiserver
//! serves them itself.

use serde_json::{Value, json};

use crate::env::Env;
use crate::fixture::VIEWS;
use crate::tmc::SERVER_NAME;
use crate::wait::{seconds, until, until_true};

pub(super) const GROUP: &str = "reference.workload.kcp.io";
/// The place of the age among the cells.
pub(super) const AGE: usize = 8;

/// Defines them and makes one of each view.
pub(super) fn start(env: &Env, workspaces: &[&str]) {
    let admin = env.admin();
    let (table, _) = until("every view is there", seconds(30), || {
        let server = super::server(env, env.tmc.port, SERVER_NAME, &env.tmc.authority(), "admin");
        let accept = [("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
        let path = format!("{VIEWS}?includeObject=Object");
        let answer = crate::fixture::block_on(server.get(&path, &accept)).expect("a table");
        let table: Value = serde_json::from_str(&answer.body).expect("a table is JSON");
        let rows = table["rows"].as_array().map_or(0, Vec::len);
        if rows == workspaces.len() { Ok(table) } else { Err(answer.body) }
    });
    admin.apply(&definition(&table["columnDefinitions"]));
    admin.run(&["wait", "--for=condition=Established", &format!("crd/aggregatedviews.{GROUP}")]);
    for row in table["rows"].as_array().expect("rows") {
        let object = object(&table["columnDefinitions"], row);
        until("the custom resource is taken", seconds(30), || {
            admin.with_manifest(&["create"], &object).map_err(|error| {
                assert!(!error.contains("Invalid"), "{error}");
                error
            })
        });
    }
}

/// Takes one away from both.
pub(super) fn delete(env: &Env, workspace: &str) {
    env.targets.delete(&format!("{workspace}-target"));
    env.admin().run(&["delete", &format!("aggregatedviews.{GROUP}"), workspace]);
    until_true("the view is gone", seconds(30), || env.targets.view(workspace).is_err());
}

fn definition(columns: &Value) -> Value {
    let columns: Vec<_> = columns.as_array().expect("columns")[1..]
        .iter()
        .map(|column| {
            json!({"name": column["name"], "type": column["type"], "priority": column["priority"],
                "description": column["description"],
                "jsonPath": format!(".status.cells.{}", column["name"].as_str().expect("a name"))})
        })
        .collect();
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("aggregatedviews.{GROUP}")},
        "spec": {"group": GROUP, "scope": "Cluster",
            "names": {"plural": "aggregatedviews", "singular": "aggregatedview", "kind": "AggregatedView",
                "listKind": "AggregatedViewList", "shortNames": ["av"], "categories": ["tmc"]},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true,
                "additionalPrinterColumns": columns,
                "schema": {"openAPIV3Schema": {"type": "object",
                    "x-kubernetes-preserve-unknown-fields": true}}}]}})
}

/// The view of a row, with its cells where the columns look for them.
fn object(columns: &Value, row: &Value) -> Value {
    let mut object = row["object"].clone();
    object["apiVersion"] = format!("{GROUP}/v1alpha1").into();
    let labels = object["metadata"]["labels"].clone();
    object["metadata"] = json!({"name": object["metadata"]["name"], "labels": labels});
    let names = columns.as_array().expect("columns").iter().map(|column| column["name"].as_str());
    let cells = names.zip(row["cells"].as_array().expect("cells")).filter(|(_, cell)| !cell.is_null());
    object["status"]["cells"] =
        cells.map(|(name, cell)| (name.expect("a name").to_owned(), cell.clone())).collect();
    object
}
