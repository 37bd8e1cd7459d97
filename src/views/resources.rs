//! The two resources that are served, as discovery and tables show them.

use std::sync::{Arc, LazyLock};

use crate::{
    api::views::{GROUP, VERSION},
    apiserver::resource::{Column, READ_VERBS, ResourceInfo},
};

pub const READER_ROLE: &str = "tmc-views-reader";

pub static AGGREGATED_VIEWS: LazyLock<Arc<ResourceInfo>> = LazyLock::new(|| {
    named(["aggregatedviews", "aggregatedview", "AggregatedView", "AggregatedViewList", "av"])
});

pub static AGGREGATED_TREES: LazyLock<Arc<ResourceInfo>> = LazyLock::new(|| {
    named(["aggregatedtrees", "aggregatedtree", "AggregatedTree", "AggregatedTreeList", "at"])
});

fn named([resource, singular, kind, list_kind, short]: [&'static str; 5]) -> Arc<ResourceInfo> {
    Arc::new(ResourceInfo {
        group: GROUP.into(),
        version: VERSION.into(),
        resource: resource.into(),
        singular: singular.into(),
        kind: kind.into(),
        list_kind: list_kind.into(),
        short_names: vec![short.into()],
        categories: vec!["tmc".into()],
        namespaced: false,
        verbs: READ_VERBS.into(),
        subresources: Vec::new(),
        reader_role: READER_ROLE,
        columns: COLUMNS.into(),
        warning: None,
    })
}

const COLUMNS: &[Column] = &[
    Column::new("Name", "string", "name", "Path of the workspace.", 0),
    number("Targets", "All targets."),
    number("Healthy", "Targets that are ready and unimpaired."),
    number("Degraded", "Targets that are ready, with an impaired part."),
    number("Unhealthy", "Targets that say themselves that they are not ready."),
    number("Unknown", "Targets that were not heard of, or not for a while."),
    text("Deployments", "Deployments that are ready, of all."),
    text("Data", "How far the numbers can be relied on; for Partial, how many targets' are known."),
    // As kube-apiserver's own tables have it: a string that the client shows as it is.
    text("Age", "Time since the oldest target was created."),
    wide_number("Services", "Services."),
    wide_number("ConfigMaps", "ConfigMaps."),
    wide_number("Secrets", "Secrets."),
    wide_text("Problem", "The worst object, else the worst target."),
];

const fn text(name: &'static str, description: &'static str) -> Column {
    Column::new(name, "string", "", description, 0)
}

const fn number(name: &'static str, description: &'static str) -> Column {
    Column::new(name, "integer", "", description, 0)
}

const fn wide_text(name: &'static str, description: &'static str) -> Column {
    Column::new(name, "string", "", description, 1)
}

const fn wide_number(name: &'static str, description: &'static str) -> Column {
    Column::new(name, "integer", "", description, 1)
}
