//! The CustomResourceDefinitions, made from the wire types.
//!
//! `make generate` writes them to `deploy/crds/`; a test compares. It must not know who installs them.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::Value;

use super::{placement::Placement, schema, workload::SyncTarget};

#[cfg(test)]
mod tests;

const NOTE: &str = "# Made by `make generate` from src/api. Do not edit.\n";

/// File names and contents, as they are checked in.
pub fn crds() -> Vec<(&'static str, String)> {
    [("synctargets.yaml", SyncTarget::crd()), ("placements.yaml", Placement::crd())]
        .map(|(file, crd)| (file, yaml(&tidy(crd))))
        .into()
}

/// The definitions as JSON, for a caller that applies them.
pub fn definitions() -> Vec<Value> {
    [SyncTarget::crd(), Placement::crd()].map(tidy).into()
}

fn tidy(crd: CustomResourceDefinition) -> Value {
    let mut crd = serde_json::to_value(crd).expect("a definition is plain data");
    if let Some(versions) = crd.pointer_mut("/spec/versions").and_then(Value::as_array_mut) {
        for root in versions.iter_mut().filter_map(|version| version.pointer_mut("/schema/openAPIV3Schema")) {
            schema::simplify(root);
        }
    }
    crd
}

fn yaml(value: &Value) -> String {
    let body = serde_saphyr::to_string(value).expect("JSON is YAML");
    format!("{NOTE}{body}")
}
