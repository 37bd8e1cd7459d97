//! What a view looks like: its types, its cells, its times.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{
    api::views::{AggregatedTree, AggregatedView},
    apiserver::object::Cell,
    views::{Metrics, Origin, clock::Now, fixtures, index::Index, resources::*},
};

fn now(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// An index of targets that were all renewed just now.
fn index(targets: &[Value]) -> Index {
    let mut index = Index::new(Origin::Kubernetes, Metrics::new(&prometheus::Registry::new()).unwrap());
    let now = Now { elapsed: Duration::ZERO, wall: now(0) };
    for target in targets {
        let uid = target["metadata"]["uid"].as_str().unwrap();
        index.apply_lease(&fixtures::object(&fixtures::lease(uid, now.wall, "holder")), now);
        index.apply_target(&fixtures::object(target), now);
    }
    index
}

fn draft(targets: &[Value]) -> Draft {
    let mut draft = view("root", index(targets).workspace("root").unwrap(), false);
    assert!(draft.settle(None, now(0)));
    draft
}

fn cells(draft: &Draft) -> Vec<String> {
    let text = |cell: &Cell| match cell {
        Cell::Json(json) => json.to_string(),
        Cell::Age(created) => format!("{created:?}"),
    };
    object(&AGGREGATED_VIEWS, draft, 1).cells.iter().map(text).collect()
}

#[test]
fn what_is_served_is_of_the_declared_types() {
    let index = index(&[fixtures::target("a", "u", "root:x", "True", 3)]);
    let mut view = view("root:x", index.workspace("root:x").unwrap(), false);
    let mut tree = tree("root", index.tree("root").unwrap(), false);
    assert!(view.settle(None, now(0)) && tree.settle(None, now(0)));
    let view: AggregatedView = serde_json::from_slice(&object(&AGGREGATED_VIEWS, &view, 7).json()).unwrap();
    let tree: AggregatedTree = serde_json::from_slice(&object(&AGGREGATED_TREES, &tree, 8).json()).unwrap();
    assert_eq!((view.kind.as_str(), tree.kind.as_str()), ("AggregatedView", "AggregatedTree"));
    assert_eq!(view.metadata.resource_version.as_deref(), Some("7"));
    assert_eq!(view.status.sync_targets.len(), 1);
    assert_eq!(view.status.summary.resources, tree.status.resources);
    assert_ne!(view.metadata.uid, tree.metadata.uid);
    assert_eq!(view.metadata.labels.unwrap()["views.workload.kcp.io/health"], "Healthy");
}

#[test]
fn a_row_has_a_cell_for_each_column() {
    let mut bare = fixtures::target("b", "v", "root", "False", 0);
    bare["status"]["resources"] = json!([]);
    let row = cells(&draft(&[fixtures::target("a", "u", "root", "True", 36), bare]));
    assert_eq!(row.len(), AGGREGATED_VIEWS.columns.len());
    let problem = r#""1 of 2 SyncTargets are not Healthy: b (Unhealthy)""#;
    let expected = [r#""root""#, "2", "1", "0", "1", "0", r#""35/36""#, r#""Partial 1/2""#];
    assert_eq!(row[..8], expected);
    assert_eq!(row[8], "Some(2026-01-01T00:00:00Z)");
    assert_eq!(row[9..], ["0", "0", "0", problem]);
}

#[test]
fn the_problem_is_the_worst_object_or_nothing() {
    let mut target = fixtures::target("a", "u", "root", "True", 1);
    assert_eq!(cells(&draft(&[target.clone()]))[12], "null");
    target["status"]["problems"] = json!([{"kind": "Pod", "namespace": "n", "name": "p", "reason": "OOM"}]);
    assert_eq!(cells(&draft(&[target]))[12], r#""Pod n/p: OOM""#);
}

#[test]
fn at_most_a_hundred_targets_are_shown_and_all_are_counted() {
    let many = |count: usize| {
        let target = |n| fixtures::target(&format!("t{n:03}"), &format!("u{n}"), "root", "True", 1);
        draft(&(0..count).map(target).collect::<Vec<_>>())
    };
    let (all, more) = (many(100), many(101));
    assert!(!all.truncated && more.truncated);
    assert_eq!(more.targets.as_ref().unwrap().len(), 100);
    assert_eq!(more.summary.target_count, 101);
    assert_eq!(more.summary.resource_count.deployments, 101);
}

#[test]
fn conditions_say_what_is_wrong_and_keep_their_time() {
    let condition = |draft: &Draft, kind: &str| {
        let found = draft.summary.conditions.iter().find(|condition| condition.type_ == kind).unwrap();
        (found.status.clone(), found.last_transition_time.0)
    };
    let first = draft(&[fixtures::target("a", "u", "root", "True", 3)]);
    let derived: Timestamp = "2026-01-01T00:00:05Z".parse().unwrap();
    assert_eq!(first.summary.last_updated.0, derived);
    assert_eq!(condition(&first, "Ready"), ("True".into(), derived));
    assert_eq!(condition(&first, "WorkloadsReady").0, "False");
    assert_eq!(condition(&first, "CountsVerified").0, "Unknown");
    let mut same = draft(&[fixtures::target("a", "u", "root", "True", 3)]);
    assert!(!same.settle(Some(&first), now(60)));
    let mut second = draft(&[fixtures::target("a", "u", "root", "Unknown", 0)]);
    assert!(second.settle(Some(&first), now(60)));
    assert_eq!(condition(&second, "Ready"), ("False".into(), now(60)));
    assert_eq!(condition(&second, "WorkloadsReady"), ("True".into(), now(60)));
    assert_eq!(condition(&second, "DataComplete"), ("True".into(), derived));
    assert_eq!(second.summary.last_updated.0, now(60));
}

#[test]
fn sums_do_not_wrap() {
    let huge = |name: &str| {
        let mut target = fixtures::target(name, name, "root", "True", 0);
        target["status"]["resources"] =
            json!([{"group": "apps", "resource": "deployments", "total": u64::MAX}]);
        target
    };
    let draft = draft(&[huge("a"), huge("b")]);
    assert_eq!(draft.summary.resource_count.deployments, i64::MAX as u64);
}
