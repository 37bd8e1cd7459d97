//! From sums to the object that is served: first a draft, which is compared with what is published, then
//! its bytes.
//!
//! Pure: no index, no log, no clock but the time it is given.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde_json::value::RawValue;

use super::{aggregate::Aggregate, index::Workspace};
use crate::api::views::{
    AggregatedTreeStatus, DataState, Health, MAX_PROBLEMS, MAX_SYNC_TARGETS, ResourceCount, ResourceSum,
};

mod cells;
mod conditions;
mod object;

pub use object::object;

/// Kinds in one view; more than any cluster serves.
const MAX_RESOURCES: usize = 2048;

/// The content of one view or tree.
#[derive(Clone, Debug)]
pub struct Draft {
    pub created: Option<Timestamp>,
    pub health: Health,
    pub summary: AggregatedTreeStatus,
    /// Targets whose counts are known.
    pub counted: u64,
    /// A view's targets; a tree has none.
    pub targets: Option<Vec<Arc<RawValue>>>,
    pub truncated: bool,
    newest: Option<Timestamp>,
}

/// A workspace by itself.
pub fn view(path: &str, workspace: &Workspace, unseen: bool) -> Draft {
    let shown = workspace.targets.values().take(MAX_SYNC_TARGETS).cloned().collect();
    Draft {
        targets: Some(shown),
        truncated: workspace.targets.len() > MAX_SYNC_TARGETS || workspace.cut > 0,
        ..tree(path, &workspace.sums, unseen)
    }
}

/// A workspace with all its descendants.
pub fn tree(path: &str, sums: &Aggregate, unseen: bool) -> Draft {
    let data = if unseen { sums.data().min(DataState::Stale) } else { sums.data() };
    let resources: Vec<_> = sums.resources.iter().take(MAX_RESOURCES).map(resource).collect();
    let total = |group: &str, resource: &str| {
        sums.resources.get(&(group.into(), resource.into())).map_or(0, |sums| clamp(sums.total))
    };
    let summary = AggregatedTreeStatus {
        workspace_name: path.to_owned(),
        target_count: sums.targets,
        resource_count: ResourceCount {
            deployments: total("apps", "deployments"),
            services: total("", "services"),
            config_maps: total("", "configmaps"),
            secrets: total("", "secrets"),
        },
        resources,
        problems: sums.problems.values().take(MAX_PROBLEMS).map(|problem| (**problem).clone()).collect(),
        health_status: sums.health,
        data,
        last_updated: Time(Timestamp::UNIX_EPOCH),
        conditions: conditions::of(sums, unseen),
    };
    Draft {
        created: sums.oldest(),
        health: sums.worst_health(),
        summary,
        counted: sums.targets - sums.uncounted,
        targets: None,
        truncated: false,
        newest: sums.newest(),
    }
}

impl Draft {
    /// Sets the times, which depend on what was published before. Whether there is anything new to
    /// publish.
    pub fn settle(&mut self, previous: Option<&Self>, now: Timestamp) -> bool {
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let Some(previous) = previous else {
            // The same on every replica and after every restart.
            self.date(self.newest.map_or(now, |newest| newest.min(now)), &[]);
            return true;
        };
        self.date(now, &previous.summary.conditions);
        self.summary.last_updated = previous.summary.last_updated.clone();
        if self.same_content(previous) {
            return false;
        }
        self.summary.last_updated = Time(now.max(previous.summary.last_updated.0));
        true
    }

    /// Conditions whose status did not change keep their time.
    fn date(&mut self, now: Timestamp, before: &[Condition]) {
        self.summary.last_updated = Time(now);
        for condition in &mut self.summary.conditions {
            let same = before.iter().find(|b| b.type_ == condition.type_ && b.status == condition.status);
            condition.last_transition_time = same.map_or(Time(now), |same| same.last_transition_time.clone());
        }
    }

    fn same_content(&self, other: &Self) -> bool {
        self.created == other.created
            && self.health == other.health
            && self.counted == other.counted
            && self.truncated == other.truncated
            && self.summary == other.summary
            && same_targets(self.targets.as_deref(), other.targets.as_deref())
    }
}

fn same_targets(one: Option<&[Arc<RawValue>]>, other: Option<&[Arc<RawValue>]>) -> bool {
    let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| Arc::ptr_eq(one, other) || one.get() == other.get())
}

fn resource((kind, sums): (&super::target::Kind, &super::aggregate::Sums)) -> ResourceSum {
    ResourceSum {
        group: kind.0.to_string(),
        resource: kind.1.to_string(),
        total: clamp(sums.total),
        ready: sums.ready.known().map(clamp),
        present: sums.present.known().map(clamp),
        synced: sums.synced.known().map(clamp),
        pending: sums.pending.known().map(clamp),
        error: sums.error.known().map(clamp),
        conflict: sums.conflict.known().map(clamp),
        drifted: sums.drifted.known().map(clamp),
        deleting: sums.deleting.known().map(clamp),
    }
}

/// JSON numbers of Kubernetes are int64.
fn clamp(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX).min(i64::MAX as u64)
}

#[cfg(test)]
mod tests;
