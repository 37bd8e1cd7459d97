//! The two resources that are served, as discovery and tables show them.

use crate::{
    api::views::{GROUP, VERSION},
    apiserver::resource::{Column, ResourceInfo},
};

pub const READER_ROLE: &str = "tmc-views-reader";

pub static AGGREGATED_VIEWS: ResourceInfo = ResourceInfo {
    group: GROUP,
    version: VERSION,
    resource: "aggregatedviews",
    singular: "aggregatedview",
    kind: "AggregatedView",
    list_kind: "AggregatedViewList",
    short_names: &["av"],
    categories: &["tmc"],
    namespaced: false,
    verbs: &["get", "list", "watch"],
    reader_role: READER_ROLE,
    columns: COLUMNS,
};

pub static AGGREGATED_TREES: ResourceInfo = ResourceInfo {
    group: GROUP,
    version: VERSION,
    resource: "aggregatedtrees",
    singular: "aggregatedtree",
    kind: "AggregatedTree",
    list_kind: "AggregatedTreeList",
    short_names: &["at"],
    categories: &["tmc"],
    namespaced: false,
    verbs: &["get", "list", "watch"],
    reader_role: READER_ROLE,
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    Column { format: "name", ..text("Name", "Path of the workspace.") },
    number("Targets", "All targets."),
    number("Healthy", "Targets that are ready and unimpaired."),
    number("Degraded", "Targets that are ready, with an impaired part."),
    number("Unhealthy", "Targets that say themselves that they are not ready."),
    number("Unknown", "Targets that were not heard of, or not for a while."),
    text("Deployments", "Deployments that are ready, of all."),
    text("Data", "How far the numbers can be relied on; for Partial, how many targets' are known."),
    // As kube-apiserver's own tables have it: a string that the client shows as it is.
    text("Age", "Time since the oldest target was created."),
    Column { priority: 1, ..number("Services", "Services.") },
    Column { priority: 1, ..number("ConfigMaps", "ConfigMaps.") },
    Column { priority: 1, ..number("Secrets", "Secrets.") },
    Column { priority: 1, ..text("Problem", "The worst object, else the worst target.") },
];

const fn text(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: "string", format: "", description, priority: 0 }
}

const fn number(name: &'static str, description: &'static str) -> Column {
    Column { name, kind: "integer", format: "", description, priority: 0 }
}
