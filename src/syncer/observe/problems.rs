//! The objects that are worst off, and when others may join them. Pure.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{
    tally::{Tally, Troubled},
    trouble::Key,
};
use crate::{api::workload::Problem, liveness::clock::Now, syncer::kind::Kind};

/// As many as a report holds.
const MOST: usize = 20;

/// The least that works first, then by name: the order is the same however the objects came.
type Rank<'a> = (u8, &'a str, &'a str, &'a str);

pub(super) struct Problems<'a> {
    now: Now,
    patience: Duration,
    worst: Vec<(Rank<'a>, &'a str, &'a Key, &'a Troubled)>,
    wake: Option<Duration>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(now: Now, patience: Duration) -> Self {
        Self { now, patience, worst: Vec::new(), wake: None }
    }

    pub(super) fn of(&mut self, kind: &'a Kind, tally: &'a Tally) {
        for (key, troubled) in tally.troubled() {
            let due = troubled.seen.map_or(Duration::ZERO, |seen| seen.saturating_add(self.patience));
            if due > self.now.elapsed {
                self.wake = Some(self.wake.map_or(due, |wake| wake.min(due)));
                continue;
            }
            let (namespace, name) = place(key, troubled);
            let rank = (troubled.trouble.works, namespace, name, kind.kind.as_str());
            self.worst.push((rank, &kind.kind, key, troubled));
        }
        // Few are kept at any time, however many there are.
        if self.worst.len() > MOST {
            self.worst.sort_unstable_by(|one, other| (one.0, one.2).cmp(&(other.0, other.2)));
            self.worst.truncate(MOST);
        }
    }

    /// The problems, and when to look again though nothing changed, as time since the process began.
    pub(super) fn done(mut self) -> (Vec<Problem>, Option<Duration>) {
        self.worst.sort_unstable_by(|one, other| (one.0, one.2).cmp(&(other.0, other.2)));
        let problem = |(_, kind, key, troubled): &(Rank<'_>, &str, &Key, &Troubled)| {
            let (namespace, name) = place(key, troubled);
            Problem {
                kind: (*kind).to_owned(),
                namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
                name: name.to_owned(),
                reason: troubled.trouble.reason.to_string(),
                message: troubled.trouble.message.to_string(),
                since: troubled.since.map(Time),
            }
        };
        (self.worst.iter().map(problem).collect(), self.wake)
    }
}

/// Where the object is in its workspace.
fn place<'a>(key: &'a Key, troubled: &'a Troubled) -> (&'a str, &'a str) {
    let (namespace, name) = troubled.trouble.upstream.as_deref().unwrap_or(key);
    (namespace, name)
}
