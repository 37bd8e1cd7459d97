//! What is done next about one object: a pure function of what is known of it on both sides.
//!
//! At most one write a pass, in an order that a crash cannot hurt: finalizer above, namespace, object below; and back
//! again object below, finalizer above. Whatever is not known for certain keeps what is there. It must not know how
//! anything is asked or written.

pub mod conflict;
mod maintain;
pub mod memory;
pub mod namespace;
mod retire;
pub mod situation;

use std::time::Duration;

pub use memory::{Causes, Foreign, Memory, Refused, Settled};
pub use situation::{Above, Assignment, Below, Desired, Home, Permission, Seen, Situation, Unrendered};

/// What an object counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    Synced,
    Pending,
    Drifted,
    Error,
    Conflict,
    Deleting,
}

/// Why an object is not as it should be. Names fields, never their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub bucket: Bucket,
    /// In CamelCase.
    pub reason: &'static str,
    pub message: String,
}

impl Report {
    pub fn new(bucket: Bucket, reason: &'static str, message: impl Into<String>) -> Self {
        Self { bucket, reason, message: message.into() }
    }
}

/// What is done next. Every step but the last four is one request or a pair of reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    AddFinalizer,
    RemoveFinalizer,
    /// Gives the object above these fields as they are below.
    CopyUp(Vec<String>),
    EnsureNamespace,
    /// An apply that fails if anything is there.
    Create,
    /// An apply that fails unless this very object is there.
    Apply(Apply),
    /// Of this version alone. `again`: it is created anew afterwards.
    Delete {
        uid: String,
        resource_version: String,
        again: bool,
    },
    /// Takes the stamps off and leaves the object.
    Release {
        uid: String,
        resource_version: String,
    },
    /// Reads what is there below, since the cache does not know it.
    Inspect,
    /// Asks both the object above and the SyncTarget, so that a wrong server proves nothing.
    ProveGoneAbove {
        uid: String,
    },
    ProveGoneBelow,
    /// Nothing to do until something changes.
    Nothing(Bucket),
    /// Nothing to do, and nothing of ours is there.
    Gone,
    Report(Report),
    /// Looked at again after a while, or when something changes.
    Wait(Report, Duration),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apply {
    pub uid: String,
    pub force: bool,
    /// Fields that are left to others.
    pub without: Vec<String>,
    /// What is set right; empty if it was changed upstream.
    pub corrects: Vec<String>,
    /// The object was not ours before.
    pub adopts: bool,
}

impl Step {
    /// What a write would do, in words; none if it writes nothing.
    pub fn writes(&self) -> Option<&'static str> {
        Some(match self {
            Self::AddFinalizer => "add the finalizer upstream",
            Self::RemoveFinalizer => "remove the finalizer upstream",
            Self::CopyUp(_) => "copy fields up",
            Self::EnsureNamespace => "create the namespace",
            Self::Create => "create the object",
            Self::Apply(_) => "apply the object",
            Self::Delete { .. } => "delete the object",
            Self::Release { .. } => "release the object",
            _ => return None,
        })
    }
}

/// How long a state is waited for that ends by itself.
const SOON: Duration = Duration::from_secs(10);
/// How long one is waited for whose end looks at everything again.
const LATER: Duration = Duration::from_secs(300);

/// What is done next.
pub fn decide(situation: &Situation<'_>) -> Step {
    let permission = &situation.permission;
    if let Some(why) = &permission.kind_paused {
        // Whoever leaves needs no proof, for he takes nothing along.
        let step = match &situation.upstream {
            Seen::Present(above) if permission.detaching && above.finalizer => Step::RemoveFinalizer,
            _ => Step::Report(Report::new(Bucket::Pending, "KindPaused", why)),
        };
        return permitted(permission, step);
    }
    let step = match (&situation.upstream, &situation.downstream) {
        (Seen::Unsynced, _) | (_, Seen::Unsynced) => {
            return Step::Wait(Report::new(Bucket::Pending, "CachesNotSynced", "waiting for lists"), LATER);
        }
        (Seen::Absent, below) => retire::vanished(situation, below.present()),
        (Seen::Present(above), below) => match (&above.assignment, above.deleting) {
            (Assignment::Unknown, false) if !permission.detaching => {
                Step::Wait(Report::new(Bucket::Pending, "PlacementsNotSynced", "waiting for lists"), LATER)
            }
            (_, true) => retire::retire(situation, above, below.present()),
            (Assignment::Moved, false) => retire::retire(situation, above, below.present()),
            (Assignment::Wanted, false) if permission.detaching => {
                retire::release(situation, above, below.present())
            }
            (Assignment::Wanted, false) => maintain::maintain(situation, above, below.present()),
            (Assignment::Unknown | Assignment::Released | Assignment::Refused(_), false) => {
                retire::release(situation, above, below.present())
            }
        },
    };
    permitted(permission, step)
}

/// A write happens only where it may.
fn permitted(permission: &Permission, step: Step) -> Step {
    let Some(what) = step.writes() else { return step };
    let bucket = match step {
        Step::Delete { .. } | Step::RemoveFinalizer => Bucket::Deleting,
        _ => Bucket::Pending,
    };
    if permission.paused {
        return Step::Report(Report::new(bucket, "Paused", format!("syncMode is Paused; would {what}")));
    }
    if permission.dry_run {
        return Step::Report(Report::new(bucket, "DryRun", format!("would {what}")));
    }
    if !permission.lease {
        return Step::Wait(
            Report::new(
                bucket,
                "NotLeader",
                "this process does not hold the Lease, or its SyncTarget is not there",
            ),
            LATER,
        );
    }
    // Else it could be gone before the object is let go of, and nobody would do that any more.
    if step == Step::AddFinalizer && !permission.kept {
        let message = "its SyncTarget does not bear the syncer's finalizer yet";
        return Step::Wait(Report::new(bucket, "SyncTargetNotKept", message), LATER);
    }
    step
}

#[cfg(test)]
mod tests;
