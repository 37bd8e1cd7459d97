//! The rows of `status.resources`: what was counted on the cluster, and what became of the objects that are synced.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    api::{placement::GroupResource, workload::ResourceStatus},
    syncer::facts::{Buckets, Counts, Progress},
};

/// As many as the schema allows.
const MOST: usize = 1024;

/// Sorted by group and resource. A number that nobody knows is absent.
pub(super) fn all(counts: &Counts, progress: Option<&Progress>) -> Value {
    let mut rows: BTreeMap<&GroupResource, ResourceStatus> = BTreeMap::new();
    for (kind, count) in &counts.rows {
        let row = ResourceStatus { ready: count.ready, present: count.present, ..row(kind, count.total) };
        rows.insert(kind, row);
    }
    for (kind, buckets) in progress.into_iter().flat_map(|progress| &progress.rows) {
        let row = rows.entry(kind).or_insert_with(|| row(kind, 0));
        // Both count the same objects, one perhaps a moment later: the sum must be that of its parts.
        row.total = total(buckets);
        row.ready = row.ready.map(|ready| ready.min(row.total));
        let Buckets { synced, pending, error, conflict, drifted, deleting } = *buckets;
        [row.synced, row.pending, row.error, row.conflict, row.drifted, row.deleting] =
            [synced, pending, error, conflict, drifted, deleting].map(Some);
    }
    json!(rows.into_values().take(MOST).collect::<Vec<_>>())
}

fn row(kind: &GroupResource, total: u64) -> ResourceStatus {
    let GroupResource { group, resource } = kind.clone();
    ResourceStatus { group, resource, total, ..ResourceStatus::default() }
}

pub(super) fn total(buckets: &Buckets) -> u64 {
    let Buckets { synced, pending, error, conflict, drifted, deleting } = buckets;
    [synced, pending, error, conflict, drifted, deleting]
        .into_iter()
        .fold(0, |sum, one| sum.saturating_add(*one))
}
