//! Names, verbs and columns of the built-in resources as discovery and tables of kube-apiserver 1.36 show them.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use serde_json::Value;

use super::values;
use crate::apiserver::resource::{Column, ResourceInfo, Subresource};

const VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// A collection of namespaces cannot be deleted.
const NAMESPACE_VERBS: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];

pub const STATUS: Subresource =
    Subresource { name: "status", kind: None, verbs: &["get", "patch", "update"] };
pub const SCALE: Subresource = Subresource {
    name: "scale",
    kind: Some(("autoscaling", "v1", "Scale")),
    verbs: &["get", "patch", "update"],
};
pub const FINALIZE: Subresource = Subresource { name: "finalize", kind: None, verbs: &["update"] };

pub const TOKEN: Subresource = Subresource {
    name: "token",
    kind: Some(("authentication.k8s.io", "v1", "TokenRequest")),
    verbs: &["create"],
};

/// Group, plural and kind; the rest follows.
pub fn namespaced(group: &'static str, resource: &'static str, kind: &'static str) -> ResourceInfo {
    ResourceInfo { namespaced: true, ..cluster_wide(group, resource, kind) }
}

pub fn cluster_wide(group: &'static str, resource: &'static str, kind: &'static str) -> ResourceInfo {
    ResourceInfo {
        group: group.into(),
        version: "v1".into(),
        resource: resource.into(),
        singular: kind.to_lowercase().into(),
        kind: kind.into(),
        list_kind: format!("{kind}List").into(),
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: false,
        verbs: Cow::Borrowed(if resource == "namespaces" { NAMESPACE_VERBS } else { VERBS }),
        subresources: Vec::new(),
        reader_role: "view",
        columns: COLUMNS.get(resource).cloned().unwrap_or_default().into(),
        warning: None,
    }
}

/// What kube-apiserver answers for each resource.
static COLUMNS: LazyLock<HashMap<String, Vec<Column>>> = LazyLock::new(|| {
    let all: Value =
        serde_json::from_str(include_str!("columns.json")).expect("a file of the repository is JSON");
    let columns = |columns: &Value| values::items(columns, "").iter().map(column).collect();
    values::members(&all, "").map(|(resource, of)| (resource.clone(), columns(of))).collect()
});

fn column(column: &Value) -> Column {
    let text = |pointer| Cow::Owned(values::text(column, pointer).to_owned());
    Column {
        name: text("/name"),
        kind: text("/type"),
        format: text("/format"),
        description: text("/description"),
        priority: i32::try_from(values::integer(column, "/priority")).unwrap_or_default(),
    }
}
