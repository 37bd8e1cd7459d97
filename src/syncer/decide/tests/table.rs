//! Situations and the one step that is right.

use super::{super::*, Case, synced};
use crate::api::placement::TakeOver;

fn apply(change: impl FnOnce(&mut Apply)) -> Step {
    let mut apply = Apply { uid: "below".into(), force: true, ..Apply::default() };
    change(&mut apply);
    Step::Apply(apply)
}

fn delete(again: bool) -> Step {
    Step::Delete { uid: "below".into(), resource_version: "7".into(), again }
}

fn release() -> Step {
    Step::Release { uid: "below".into(), resource_version: "7".into() }
}

/// The bucket and the reason of a report or a wait.
fn reported(case: &Case) -> (Bucket, &'static str) {
    match case.decide() {
        Step::Report(report) | Step::Wait(report, _) => (report.bucket, report.reason),
        step => panic!("no report: {step:?}"),
    }
}

#[test]
fn an_object_comes_down_in_an_order_that_a_crash_cannot_hurt() {
    let fresh = synced().with(|case| {
        case.above().finalizer = false;
        case.downstream = Seen::Absent;
        case.home = Home::Missing;
    });
    assert_eq!(fresh.decide(), Step::AddFinalizer);
    let held = fresh.with(|case| case.above().finalizer = true);
    assert_eq!(held.decide(), Step::EnsureNamespace);
    let housed = held.with(|case| case.home = Home::Ready);
    assert_eq!(housed.decide(), Step::Create);
    assert_eq!(synced().decide(), Step::Nothing(Bucket::Synced));
    let going = housed.clone().with(|case| case.home = Home::Terminating);
    assert_eq!(reported(&going), (Bucket::Pending, "NamespaceTerminating"));
    let taken = housed.with(|case| case.home = Home::Taken("of another target".into()));
    assert_eq!(reported(&taken), (Bucket::Conflict, "NamespaceCollision"));
}

#[test]
fn what_changed_upstream_is_applied() {
    assert_eq!(synced().with(|case| case.desired = Ok("h2")).decide(), apply(|_| ()));
    let failed = Unrendered { reason: "TransformFailed", message: "rule x".into() };
    let unrendered = synced().with(|case| case.desired = Err(failed));
    assert_eq!(reported(&unrendered), (Bucket::Error, "TransformFailed"));
}

#[test]
fn an_object_that_was_made_anew_upstream_takes_over_what_is_below() {
    let anew = synced().with(|case| case.below().owner = Some("earlier"));
    assert_eq!(anew.decide(), apply(|_| ()));
}

#[test]
fn what_was_deleted_below_is_made_again() {
    let going = synced().with(|case| case.below().deleting = true);
    assert_eq!(reported(&going), (Bucket::Pending, "Terminating"));
    assert_eq!(synced().with(|case| case.downstream = Seen::Absent).decide(), Step::Create);
}

#[test]
fn what_was_deleted_above_leaves_below_first() {
    let mut case = synced().with(|case| case.above().deleting = true);
    assert_eq!(case.decide(), delete(false));
    case.below().deleting = true;
    assert_eq!(reported(&case), (Bucket::Deleting, "Terminating"));
    case.downstream = Seen::Absent;
    assert_eq!(case.decide(), Step::ProveGoneBelow);
    case.memory.gone_below = true;
    assert_eq!(case.decide(), Step::RemoveFinalizer);
    case.above().finalizer = false;
    assert_eq!(case.decide(), Step::Gone);
}

#[test]
fn a_deleting_object_never_gets_a_finalizer() {
    let case = synced().with(|case| {
        case.above().deleting = true;
        case.above().finalizer = false;
        case.downstream = Seen::Absent;
    });
    assert_eq!(case.decide(), Step::Gone);
}

#[test]
fn deletion_waits_for_what_holds_it_back() {
    let deleted = || synced().with(|case| case.above().deleting = true);
    let soft = deleted().with(|case| case.above().held = true);
    assert_eq!(reported(&soft), (Bucket::Deleting, "SoftFinalizers"));
    let silent = deleted().with(|case| case.permission.reachable = false);
    assert_eq!(reported(&silent), (Bucket::Deleting, "UpstreamUnavailable"));
    let many = deleted().with(|case| case.permission.deletions_paused = Some("too many".into()));
    assert_eq!(reported(&many), (Bucket::Deleting, "DeletionsPaused"));
    let earlier = deleted().with(|case| case.below().owner = Some("earlier"));
    assert_eq!(earlier.decide(), Step::ProveGoneAbove { uid: "earlier".into() });
    let proven = earlier.with(|case| case.memory.gone_above = Some("earlier".into()));
    assert_eq!(proven.decide(), delete(false));
}

#[test]
fn what_is_not_ours_is_left_when_ours_is_deleted() {
    let case = synced().with(|case| {
        case.above().deleting = true;
        case.below().owner = None;
    });
    assert_eq!(case.decide(), Step::ProveGoneBelow);
}

#[test]
fn force_detach_asks_for_no_proof() {
    let case = synced().with(|case| {
        case.above().deleting = true;
        case.above().force_detach = true;
        case.downstream = Seen::Absent;
    });
    assert_eq!(case.decide(), Step::RemoveFinalizer);
}

#[test]
fn what_vanished_upstream_is_deleted_only_after_proof() {
    let gone = synced().with(|case| case.upstream = Seen::Absent);
    assert_eq!(gone.decide(), Step::ProveGoneAbove { uid: "above".into() });
    let early = gone.clone().with(|case| case.permission.sweep = false);
    assert_eq!(reported(&early), (Bucket::Pending, "OrphanSuspected"));
    let silent = gone.clone().with(|case| case.permission.reachable = false);
    assert_eq!(reported(&silent), (Bucket::Pending, "OrphanSuspected"));
    let other = gone.clone().with(|case| case.memory.gone_above = Some("another".into()));
    assert_eq!(other.decide(), Step::ProveGoneAbove { uid: "above".into() });
    let proven = gone.clone().with(|case| case.memory.gone_above = Some("above".into()));
    assert_eq!(proven.decide(), delete(false));
    assert_eq!(gone.clone().with(|case| case.below().owner = None).decide(), Step::Gone);
    assert_eq!(gone.clone().with(|case| case.downstream = Seen::Absent).decide(), Step::Gone);
    assert_eq!(gone.with(|case| case.permission.detaching = true).decide(), release());
}

#[test]
fn a_decision_that_moved_it_deletes_and_everything_else_releases() {
    let assigned = |assignment| synced().with(|case| case.above().assignment = assignment);
    assert_eq!(assigned(Assignment::Moved).decide(), delete(false));
    assert_eq!(assigned(Assignment::Released).decide(), release());
    assert_eq!(assigned(Assignment::Refused("UnauthorizedLabel")).decide(), release());
    assert_eq!(reported(&assigned(Assignment::Unknown)), (Bucket::Pending, "PlacementsNotSynced"));
    let detached = synced().with(|case| case.permission.detaching = true);
    assert_eq!(detached.decide(), release());
    let moved = assigned(Assignment::Moved).with(|case| case.permission.detaching = true);
    assert_eq!(moved.decide(), release());
    let let_go = assigned(Assignment::Released).with(|case| case.downstream = Seen::Absent);
    assert_eq!(let_go.decide(), Step::ProveGoneBelow);
    let never = let_go.with(|case| case.above().finalizer = false);
    assert_eq!(never.decide(), Step::Gone);
}

#[test]
fn what_is_in_the_place_of_ours_is_taken_over_as_the_policy_says() {
    let foreign = |same| Foreign { uid: "theirs".into(), same, ..Foreign::default() };
    let met = |take_over, foreign| {
        synced().with(|case| {
            case.downstream = Seen::Absent;
            case.policy.take_over = take_over;
            case.memory.foreign = Some(foreign);
        })
    };
    let adopts = apply(|apply| {
        apply.uid = "theirs".into();
        apply.adopts = true;
    });
    assert_eq!(reported(&met(TakeOver::Never, foreign(true))), (Bucket::Conflict, "AlreadyExists"));
    assert_eq!(reported(&met(TakeOver::IfNoDiff, foreign(false))), (Bucket::Conflict, "AlreadyExists"));
    assert_eq!(met(TakeOver::IfNoDiff, foreign(true)).decide(), adopts);
    assert_eq!(met(TakeOver::Always, foreign(false)).decide(), adopts);
    let released = Foreign { released: true, ..foreign(false) };
    assert_eq!(met(TakeOver::Never, released).decide(), adopts);
    let other = Foreign { other: Some("target u9".into()), ..foreign(true) };
    assert_eq!(reported(&met(TakeOver::Always, other)), (Bucket::Conflict, "OwnershipConflict"));
    let going = Foreign { deleting: true, ..foreign(true) };
    assert_eq!(reported(&met(TakeOver::Always, going)), (Bucket::Pending, "Terminating"));
    let labelled = synced().with(|case| case.below().owner = None);
    assert_eq!(labelled.decide(), Step::Inspect);
}

#[test]
fn nothing_is_written_where_nothing_may_be() {
    let changed = || synced().with(|case| case.desired = Ok("h2"));
    let paused = changed().with(|case| case.permission.paused = true);
    assert_eq!(reported(&paused), (Bucket::Pending, "Paused"));
    let dry = changed().with(|case| case.permission.dry_run = true);
    assert_eq!(reported(&dry), (Bucket::Pending, "DryRun"));
    let standby = changed().with(|case| case.permission.lease = false);
    assert_eq!(reported(&standby), (Bucket::Pending, "NotLeader"));
    let unheld = synced().with(|case| case.permission.kept = false);
    assert_eq!(unheld.decide(), synced().decide(), "what bears the finalizer goes on");
    let unheld = unheld.with(|case| case.above().finalizer = false);
    assert_eq!(reported(&unheld), (Bucket::Pending, "SyncTargetNotKept"));
    let kind = changed().with(|case| case.permission.kind_paused = Some("forbidden".into()));
    assert_eq!(reported(&kind), (Bucket::Pending, "KindPaused"));
    let leaves = kind.with(|case| case.permission.detaching = true);
    assert_eq!(leaves.decide(), Step::RemoveFinalizer, "nothing keeps who leaves");
    let unsynced = changed().with(|case| case.downstream = Seen::Unsynced);
    assert_eq!(reported(&unsynced), (Bucket::Pending, "CachesNotSynced"));
    let early = synced().with(|case| case.upstream = Seen::Unsynced);
    assert_eq!(reported(&early), (Bucket::Pending, "CachesNotSynced"));
}
