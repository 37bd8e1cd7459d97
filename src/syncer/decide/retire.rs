//! Objects that are to leave: deleted upstream, moved elsewhere, let go, or without an object upstream.

use super::{Above, Below, Bucket, LATER, Report, Situation, Step};

/// Deleted below, then let go above.
pub(super) fn retire(situation: &Situation<'_>, above: &Above<'_>, below: Option<&Below<'_>>) -> Step {
    if situation.permission.detaching {
        return release(situation, above, below);
    }
    match owned(below) {
        Some((below, owner)) => {
            if above.held {
                let message = "an annotation finalizers.workload.kcp.io asks to keep it";
                return Step::Report(Report::new(Bucket::Deleting, "SoftFinalizers", message));
            }
            // What is there was made of an earlier object of this name.
            if owner != above.uid && situation.memory.gone_above.as_deref() != Some(owner) {
                return Step::ProveGoneAbove { uid: owner.to_owned() };
            }
            delete(situation, below, false)
        }
        None => let_go(situation, above),
    }
}

/// Loses its stamps below and its finalizer above, and stays.
pub(super) fn release(situation: &Situation<'_>, above: &Above<'_>, below: Option<&Below<'_>>) -> Step {
    match owned(below) {
        Some((below, _)) if below.deleting => waiting_for_the_end(),
        Some((below, _)) => released(below),
        None => let_go(situation, above),
    }
}

/// The cache has nothing upstream. Our finalizer should have kept it, so somebody took that away, or we see the
/// wrong upstream, or too little of it.
pub(super) fn vanished(situation: &Situation<'_>, below: Option<&Below<'_>>) -> Step {
    let Some((below, owner)) = owned(below) else { return Step::Gone };
    if situation.permission.detaching {
        return if below.deleting { waiting_for_the_end() } else { released(below) };
    }
    if !situation.permission.sweep || !situation.permission.reachable {
        let message = "it has no object upstream, as far as is known yet";
        return Step::Wait(Report::new(Bucket::Pending, "OrphanSuspected", message), LATER);
    }
    if situation.memory.gone_above.as_deref() != Some(owner) {
        return Step::ProveGoneAbove { uid: owner.to_owned() };
    }
    delete(situation, below, false)
}

/// Deletes what is ours, if that may be.
pub(super) fn delete(situation: &Situation<'_>, below: &Below<'_>, again: bool) -> Step {
    if below.deleting {
        return waiting_for_the_end();
    }
    if !situation.permission.reachable {
        let message = "nothing is deleted while the upstream does not answer";
        return Step::Wait(Report::new(Bucket::Deleting, "UpstreamUnavailable", message), LATER);
    }
    if let Some(why) = &situation.permission.deletions_paused {
        return Step::Wait(Report::new(Bucket::Deleting, "DeletionsPaused", why), LATER);
    }
    Step::Delete { uid: below.uid.to_owned(), resource_version: below.resource_version.to_owned(), again }
}

/// The finalizer goes once the cluster itself says that nothing of ours is there.
fn let_go(situation: &Situation<'_>, above: &Above<'_>) -> Step {
    if !above.finalizer {
        return Step::Gone;
    }
    if above.force_detach || situation.memory.gone_below {
        return Step::RemoveFinalizer;
    }
    Step::ProveGoneBelow
}

/// What is there and was made by this target, and of what.
fn owned<'a>(below: Option<&'a Below<'a>>) -> Option<(&'a Below<'a>, &'a str)> {
    below.and_then(|below| Some((below, below.owner?)))
}

fn released(below: &Below<'_>) -> Step {
    Step::Release { uid: below.uid.to_owned(), resource_version: below.resource_version.to_owned() }
}

fn waiting_for_the_end() -> Step {
    Step::Report(Report::new(Bucket::Deleting, "Terminating", "it is being deleted on the cluster"))
}
