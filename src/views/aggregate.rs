//! The sums of a set of targets, kept by adding and taking away one at a time.
//!
//! Whatever was added can be taken away again, in any order, and leaves no trace. Nothing here walks over
//! the targets.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    contribution::{Contribution, Key},
    health::Says,
    target::Kind,
};
use crate::api::{
    views::{DataState, Health, HealthStatus, TargetProblem},
    workload::ResourceStatus,
};

/// One kind's sums. Each number counts those that report it, so that it can be absent again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub rows: u64,
    pub total: u128,
    /// `total` of those rows that say how many are ready.
    pub judged: u128,
    pub ready: Sum,
    pub present: Sum,
    pub synced: Sum,
    pub pending: Sum,
    pub error: Sum,
    pub conflict: Sum,
    pub drifted: Sum,
    pub deleting: Sum,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    rows: u64,
    sum: u128,
}

/// The problems of many targets, each target's worst first.
type Problems = BTreeMap<(usize, Arc<str>, Arc<str>), Arc<TargetProblem>>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aggregate {
    pub targets: u64,
    pub health: HealthStatus,
    /// Those that are not Healthy, worst first.
    pub ailing: BTreeSet<(Health, Key)>,
    /// Those that do not decode, and what of them.
    pub unreadable: BTreeMap<Key, &'static str>,
    /// Those that decode and are not Complete.
    pub incomplete: BTreeSet<(DataState, Key)>,
    pub resources: BTreeMap<Kind, Sums>,
    pub problems: Problems,
    /// Targets whose counts are not known at all.
    pub uncounted: u64,
    /// Those whose counts are verified, and those whose counts are found wrong.
    pub verified: u64,
    pub wrong: u64,
    created: BTreeSet<(Timestamp, Arc<str>)>,
    newest: BTreeSet<(Timestamp, Arc<str>)>,
}

impl Aggregate {
    pub fn add(&mut self, contribution: &Contribution) {
        self.change(contribution, true);
    }

    /// Takes away what was added before; the very same contribution must be given.
    pub fn remove(&mut self, contribution: &Contribution) {
        self.change(contribution, false);
    }

    pub fn oldest(&self) -> Option<Timestamp> {
        self.created.first().map(|(time, _)| *time)
    }

    pub fn newest(&self) -> Option<Timestamp> {
        self.newest.last().map(|(time, _)| *time)
    }

    pub fn worst_health(&self) -> Health {
        self.ailing.first().map_or(Health::Healthy, |(health, _)| *health)
    }

    /// The worst state of the targets' data.
    pub fn data(&self) -> DataState {
        match self.incomplete.first() {
            _ if self.uncounted > 0 => DataState::Partial,
            Some((state, _)) => *state,
            None => DataState::Complete,
        }
    }

    fn change(&mut self, contribution: &Contribution, add: bool) {
        let (target, key) = (&contribution.target, contribution.key());
        step(&mut self.targets, add);
        step(count_of(&mut self.health, contribution.health), add);
        if contribution.health != Health::Healthy {
            member(&mut self.ailing, (contribution.health, key.clone()), add);
        }
        for (times, time) in [(&mut self.created, target.created), (&mut self.newest, contribution.newest)] {
            if let Some(time) = time {
                member(times, (time, target.uid.clone()), add);
            }
        }
        if contribution.data == DataState::Partial {
            step(&mut self.uncounted, add);
        }
        let facts = match &target.facts {
            Ok(facts) => facts,
            Err(part) => {
                let known =
                    if add { self.unreadable.insert(key, part.part()) } else { self.unreadable.remove(&key) };
                debug_assert_eq!(known.is_none(), add, "a target is in a set at most once");
                return;
            }
        };
        if contribution.data != DataState::Complete {
            member(&mut self.incomplete, (contribution.data, key), add);
        }
        match facts.verified {
            Some(Says::True) => step(&mut self.verified, add),
            Some(Says::False) => step(&mut self.wrong, add),
            Some(Says::Unknown) | None => {}
        }
        for (kind, row) in facts.resources.iter().flatten() {
            self.row(kind, row, add);
        }
        for (rank, problem) in facts.problems.iter().enumerate() {
            let place = (rank, target.name.clone(), target.uid.clone());
            match add {
                true => drop(self.problems.insert(place, problem.clone())),
                false => drop(self.problems.remove(&place)),
            }
        }
    }

    fn row(&mut self, kind: &Kind, row: &ResourceStatus, add: bool) {
        if !self.resources.contains_key(kind) {
            self.resources.insert(kind.clone(), Sums::default());
        }
        let Some(sums) = self.resources.get_mut(kind) else { return };
        step(&mut sums.rows, add);
        shift(&mut sums.total, row.total, add);
        if row.ready.is_some() {
            shift(&mut sums.judged, row.total, add);
        }
        for (sum, number) in [
            (&mut sums.ready, row.ready),
            (&mut sums.present, row.present),
            (&mut sums.synced, row.synced),
            (&mut sums.pending, row.pending),
            (&mut sums.error, row.error),
            (&mut sums.conflict, row.conflict),
            (&mut sums.drifted, row.drifted),
            (&mut sums.deleting, row.deleting),
        ] {
            if let Some(number) = number {
                step(&mut sum.rows, add);
                shift(&mut sum.sum, number, add);
            }
        }
        if sums.rows == 0 {
            self.resources.remove(kind);
        }
    }
}

impl Sum {
    /// The sum, unless nobody reports the number.
    pub fn known(&self) -> Option<u128> {
        (self.rows > 0).then_some(self.sum)
    }
}

fn count_of(status: &mut HealthStatus, health: Health) -> &mut u64 {
    match health {
        Health::Healthy => &mut status.healthy,
        Health::Degraded => &mut status.degraded,
        Health::Unhealthy => &mut status.unhealthy,
        Health::Unknown => &mut status.unknown,
    }
}

fn step(count: &mut u64, add: bool) {
    if add { *count += 1 } else { *count -= 1 }
}

fn shift(sum: &mut u128, number: u64, add: bool) {
    if add { *sum += u128::from(number) } else { *sum -= u128::from(number) }
}

fn member<T: Ord>(set: &mut BTreeSet<T>, item: T, add: bool) {
    if add {
        set.insert(item);
    } else {
        set.remove(&item);
    }
}
