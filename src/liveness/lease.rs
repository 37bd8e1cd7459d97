//! How long a target has been silent, from the renewals of its Lease.
//!
//! A remote clock is used once, at first sight; from then on only our own.

use std::{borrow::Cow, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::clock::Now;
use crate::informers::{ObjectMeta, RawObject};

/// The Lease of a SyncTarget is named after the target's uid.
const PREFIX: &str = "synctarget-";

/// What a Lease says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renewal {
    pub time: Option<Timestamp>,
    /// Somebody holds it. A released Lease does not show that anybody lives.
    pub held: bool,
}

/// The [id](ObjectMeta::id) of the target that a Lease is about, if it is about one: a target of the Lease's own
/// logical cluster, so that nobody speaks for a target of another.
pub fn target_of(lease: &ObjectMeta) -> Option<Cow<'_, str>> {
    let uid = lease.name.strip_prefix(PREFIX).filter(|uid| !uid.is_empty())?;
    Some(lease.within(uid))
}

/// Reads a Lease, or nothing when it makes no sense.
pub fn read(object: &RawObject) -> Option<Renewal> {
    #[derive(Deserialize)]
    struct Lease {
        #[serde(default)]
        spec: Option<Spec>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Spec {
        #[serde(default)]
        holder_identity: Option<String>,
        #[serde(default)]
        renew_time: Option<Timestamp>,
    }
    let lease: Lease = serde_json::from_str(object.json.get()).ok()?;
    let spec = lease.spec?;
    Some(Renewal {
        time: spec.renew_time,
        held: spec.holder_identity.is_some_and(|holder| !holder.is_empty()),
    })
}

/// When a target was last heard of, by our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liveness {
    renewed: Timestamp,
    /// The age it had when we first saw it.
    before: Duration,
    /// When we saw the last sign of life.
    seen: Duration,
    /// By how much the renewer's clock was ahead of ours then; unknown at first sight.
    ahead: Option<SignedDuration>,
}

impl Liveness {
    /// Takes note of a renewal. A Lease that was never renewed says nothing.
    pub fn observe(known: Option<Self>, renewal: Renewal, now: Now) -> Option<Self> {
        let Some(time) = renewal.time else { return known };
        match known {
            None => {
                let before = now.wall.duration_since(time).try_into().unwrap_or(Duration::ZERO);
                Some(Self { renewed: time, before, seen: now.elapsed, ahead: None })
            }
            Some(known) if renewal.held && known.renewed != time => {
                let ahead = Some(time.duration_since(now.wall));
                Some(Self { renewed: time, before: Duration::ZERO, seen: now.elapsed, ahead })
            }
            Some(known) => Some(known),
        }
    }

    pub fn age(&self, now: Duration) -> Duration {
        self.before.saturating_add(now.saturating_sub(self.seen))
    }

    /// The time by our clock at which the age reaches `age`, if it has not yet.
    pub fn reaches(&self, age: Duration) -> Option<Duration> {
        age.checked_sub(self.before).map(|rest| self.seen.saturating_add(rest))
    }

    /// By how much the renewer's clock is ahead of ours, the way of the news included.
    pub fn ahead(&self) -> Option<SignedDuration> {
        self.ahead
    }

    /// The renewal that was seen last, by the renewer's clock.
    pub fn renewed(&self) -> Timestamp {
        self.renewed
    }
}

#[cfg(test)]
mod tests;
