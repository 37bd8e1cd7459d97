//! What the tallies come to, told only when it is something else than before.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{NAMESPACES, NODES, Observer};
use crate::{
    api::{placement::GroupResource, workload::Problem},
    informers::Resource,
    liveness::clock::Now,
    syncer::{
        facts::Counts,
        observe::{Scope, follow::Following, problems::Problems},
    },
};

impl Observer {
    pub(super) fn publish(&mut self) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let now = self.observe.clock.now();
        let (problems, ripe) = self.problems(now);
        self.ripe = ripe.map(|at| Instant::now() + at.saturating_sub(now.elapsed));
        let counts = self.counts_of(problems);
        self.counts.send_if_modified(|known| {
            let changed = **known != counts;
            if changed {
                *known = Arc::new(counts);
            }
            changed
        });
    }

    fn counts_of(&self, problems: Vec<Problem>) -> Counts {
        let placed = self.is_placed();
        let rows = match placed || matches!(self.observe.scope, Scope::Owned(_)) {
            true => self.kinds.iter().filter(|(_, counting)| counting.is_counted()).collect(),
            // Which of the objects count is not known.
            false => Vec::new(),
        };
        let nodes = (self.nodes_followed.is_listed() && self.nodes_followed.unreadable().is_none())
            .then_some(&self.nodes);
        Counts {
            rows: rows.into_iter().map(|(name, counting)| (name.clone(), counting.count(placed))).collect(),
            problems,
            nodes: nodes.map(|nodes| nodes.summary()),
            allocatable: nodes.map(|nodes| nodes.allocatable()).unwrap_or_default(),
            capacity: nodes.map(|nodes| nodes.capacity()).unwrap_or_default(),
            kubernetes_version: self.kubernetes_version.clone(),
            unreadable: self.unreadable(),
            unverified: self
                .kinds
                .iter()
                .filter(|(_, counting)| counting.wanted && counting.check.unverified)
                .map(|(name, _)| name.clone())
                .collect(),
            complete: self.is_complete(),
        }
    }

    fn problems(&self, now: Now) -> (Vec<Problem>, Option<Duration>) {
        let mut problems = Problems::new(now, self.observe.times.patience);
        for counting in self.kinds.values().filter(|counting| counting.is_counted()) {
            problems.of(counting.reader.kind(), &counting.tally);
        }
        problems.done()
    }

    /// Whether it is known which namespaces are looked at.
    pub(super) fn is_placed(&self) -> bool {
        let known = |following: &Following| following.is_listed() && following.unreadable().is_none();
        self.namespaces_followed.as_ref().is_none_or(known)
    }

    fn unreadable(&self) -> BTreeMap<GroupResource, String> {
        let missing = self.resolved.iter().flat_map(|resolved| resolved.missing.clone());
        let wanted = self.kinds.iter().filter(|(_, counting)| counting.wanted);
        let kinds =
            wanted.filter_map(|(name, counting)| Some((name.clone(), counting.following.unreadable()?)));
        let namespaces = self.namespaces_followed.as_ref().and_then(Following::unreadable);
        let nodes = self.nodes_followed.unreadable();
        let others = [(NAMESPACES, namespaces), (NODES, nodes)];
        let others = others.into_iter().filter_map(|(resource, why)| Some((name(resource), why?)));
        missing.chain(kinds).chain(others).collect()
    }

    fn is_complete(&self) -> bool {
        let kinds =
            self.kinds.values().filter(|counting| counting.wanted).map(|counting| &counting.following);
        let others = self.namespaces_followed.iter().chain([&self.nodes_followed]);
        self.resolved.is_some() && kinds.chain(others).all(Following::is_settled)
    }
}

fn name(resource: Resource) -> GroupResource {
    GroupResource { group: resource.group.to_owned(), resource: resource.plural.to_owned() }
}
