//! Pods as moments: when one is ready, and since when it counts as available.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Mode;

/// From its start until a pod is ready, and how much later the next one is that starts with it.
const START: Duration = Duration::from_millis(1_000);
const LATER: Duration = Duration::from_millis(250);
/// No pod waits longer than so many others.
const STAGGER: usize = 12;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pod {
    /// `None`: never, its image cannot be pulled.
    ready: Option<Timestamp>,
}

impl Pod {
    /// The `index`th of those that start now.
    pub(super) fn start(index: usize, pulls: bool, now: Timestamp) -> Self {
        let wait = START + LATER * index.min(STAGGER) as u32;
        Self { ready: pulls.then(|| after(now, wait)) }
    }

    /// After its node was down.
    pub(super) fn restart(&mut self, index: usize, now: Timestamp) {
        *self = Self::start(index, self.ready.is_some(), now);
    }
}

/// The pods of one moment, with what decides over them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) mode: Mode,
    pub(super) now: Timestamp,
    pub(super) min_ready: Duration,
}

impl Moment {
    pub(super) fn is_ready(&self, pod: &Pod) -> bool {
        self.mode.works() && pod.ready.is_some_and(|ready| ready <= self.now)
    }

    pub(super) fn is_available(&self, pod: &Pod) -> bool {
        self.mode.works() && pod.ready.is_some_and(|ready| after(ready, self.min_ready) <= self.now)
    }

    pub(super) fn ready(&self, pods: &[Pod]) -> usize {
        pods.iter().filter(|pod| self.is_ready(pod)).count()
    }

    pub(super) fn available(&self, pods: &[Pod]) -> usize {
        pods.iter().filter(|pod| self.is_available(pod)).count()
    }

    /// When one of them changes next by itself.
    pub(super) fn next<'a>(&self, pods: impl IntoIterator<Item = &'a Pod>) -> Option<Timestamp> {
        if !self.mode.works() {
            return None;
        }
        let moments = pods.into_iter().filter_map(|pod| pod.ready);
        let moments = moments.flat_map(|ready| [ready, after(ready, self.min_ready)]);
        moments.filter(|at| *at > self.now).min()
    }
}

pub(super) fn after(at: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
