//! All that belongs to one kind that is counted.

use super::{
    Observe, Scope,
    follow::Following,
    reader::{Reader, Seen},
    tally::Tally,
    verify::Check,
};
use crate::{
    informers::Change,
    liveness::clock::Now,
    syncer::{discovery::Pace, facts::Count, kind::Kind},
};

pub(super) struct Counting {
    pub(super) reader: Reader,
    pub(super) tally: Tally,
    pub(super) following: Following,
    pub(super) check: Check,
    /// The cluster has it and it is to be counted.
    pub(super) wanted: bool,
}

impl Counting {
    pub(super) fn new(kind: &Kind, observe: &Observe) -> Self {
        let known = observe.known.iter().filter(|problem| problem.kind == kind.kind).map(|problem| {
            let namespace = problem.namespace.as_deref().unwrap_or_default();
            ((namespace.into(), problem.name.as_str().into()), problem.since.as_ref().map(|since| since.0))
        });
        let everywhere = matches!(observe.scope, Scope::Owned(_));
        Self {
            reader: Reader::new(kind, &observe.scope, observe.admits.clone(), &observe.conditions),
            tally: Tally::new(everywhere, known.collect()),
            following: Following::new(),
            check: Check::new(observe.times.verify),
            wanted: true,
        }
    }

    /// Whether anything changed that can be reported.
    pub(super) fn take(
        &mut self,
        change: Change<Seen>,
        admits: &dyn Fn(&str) -> bool,
        pace: &Pace,
        now: Now,
    ) -> bool {
        match change {
            Change::Reset(objects) => {
                let changed = self.tally.reset(objects, admits, now);
                self.following.is_well(true) | changed
            }
            Change::Apply(object) => self.tally.apply(object, admits, now),
            Change::Delete(object) => self.tally.delete(object),
            Change::Fresh => self.following.is_well(false),
            Change::NotInstalled => {
                self.following.is_in(crate::informers::Trouble::NotInstalled, pace);
                true
            }
            Change::Unavailable(trouble) => {
                self.following.is_in(trouble, pace);
                true
            }
        }
    }

    /// Whether its numbers are true as far as anybody knows.
    pub(super) fn is_counted(&self) -> bool {
        self.wanted && self.following.is_listed() && self.following.unreadable().is_none()
    }

    /// `placed`: it is known which namespaces are looked at.
    pub(super) fn count(&self, placed: bool) -> Count {
        let (total, ready) = self.tally.counted();
        Count {
            total,
            ready: self.reader.tells_ready().then_some(ready),
            present: placed.then(|| self.tally.present()),
        }
    }
}
