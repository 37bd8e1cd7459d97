//! What becomes of drift, of conflicts and of fields that cannot change.

use super::{super::*, Case, Held, field, held, synced};
use crate::{
    api::placement::{ConflictResolution, DriftPolicy, FieldWinner, OnImmutable, Winner},
    syncer::errors::ErrorType,
};

fn apply(change: impl FnOnce(&mut Apply)) -> Step {
    let mut apply = Apply { uid: "below".into(), force: true, ..Apply::default() };
    change(&mut apply);
    Step::Apply(apply)
}

fn delete(again: bool) -> Step {
    Step::Delete { uid: "below".into(), resource_version: "7".into(), again }
}

/// The bucket and the reason of a report or a wait.
fn reported(case: &Case) -> (Bucket, &'static str) {
    match case.decide() {
        Step::Report(report) | Step::Wait(report, _) => (report.bucket, report.reason),
        step => panic!("no report: {step:?}"),
    }
}

#[test]
fn drift_is_treated_as_the_policy_says() {
    let drifted = |policy| {
        synced().with(|case| {
            case.policy.drift_policy = policy;
            case.below().differs = field(".spec.replicas");
        })
    };
    let corrected = apply(|apply| apply.corrects = field(".spec.replicas"));
    assert_eq!(drifted(DriftPolicy::Correct).decide(), corrected);
    assert_eq!(reported(&drifted(DriftPolicy::ReportOnly)), (Bucket::Drifted, "Drifted"));
    assert_eq!(drifted(DriftPolicy::Ignore).decide(), Step::Nothing(Bucket::Synced));
    let contended = drifted(DriftPolicy::Correct).with(|case| case.contended = field(".spec.replicas"));
    assert_eq!(reported(&contended), (Bucket::Drifted, "FieldContention"));
    let both = contended.with(|case| case.below().differs.push(".spec.paused".into()));
    let one = apply(|apply| {
        apply.corrects = field(".spec.paused");
        apply.without = field(".spec.replicas");
    });
    assert_eq!(both.decide(), one);
    let silent = drifted(DriftPolicy::Correct).with(|case| {
        case.permission.reachable = false;
        case.below().scales_down = true;
    });
    assert_eq!(reported(&silent), (Bucket::Pending, "UpstreamUnavailable"));
}

#[test]
fn what_the_cluster_decides_is_copied_up_unless_upstream_changed_too() {
    let decided = synced().with(|case| {
        case.policy.conflict_resolution = ConflictResolution::FailOnConflict;
        case.memory.causes = Some(held(".spec.replicas"));
        case.below().differs = field(".spec.replicas");
        case.below().copies = field("/spec/replicas");
    });
    assert_eq!(decided.decide(), Step::CopyUp(field("/spec/replicas")));
    let changed = decided.clone().with(|case| case.desired = Ok("h2"));
    assert_eq!(changed.decide(), apply(|apply| apply.force = false));
    let dry = decided.with(|case| case.permission.dry_run = true);
    assert_eq!(reported(&dry), (Bucket::Pending, "DryRun"));
}

#[test]
fn conflicts_are_resolved_as_the_policy_says() {
    let conflicted = |policy| {
        synced().with(|case| {
            case.policy.conflict_resolution = policy;
            case.below().differs = field(".spec.replicas");
            case.memory.causes = Some(held(".spec.replicas"));
        })
    };
    let corrects = |apply: &mut Apply| apply.corrects = field(".spec.replicas");
    assert_eq!(conflicted(ConflictResolution::UpstreamWins).decide(), apply(corrects));
    assert_eq!(conflicted(ConflictResolution::DownstreamWins).decide(), Step::Nothing(Bucket::Synced));
    let fails = conflicted(ConflictResolution::FailOnConflict);
    assert_eq!(reported(&fails), (Bucket::Conflict, "FieldConflict"));
    let settled = |winner| fails.clone().with(|case| case.above().resolution = Some(winner));
    assert_eq!(settled(Winner::Upstream).decide(), apply(corrects));
    assert_eq!(settled(Winner::Downstream).decide(), Step::Nothing(Bucket::Synced));
    let changed = conflicted(ConflictResolution::DownstreamWins).with(|case| case.desired = Ok("h2"));
    assert_eq!(changed.decide(), apply(|apply| apply.force = false), "conflicts are found out anew");
}

#[test]
fn the_rule_for_a_field_wins_over_the_policy() {
    let rule = |winner| FieldWinner { path: "/spec/replicas".into(), winner };
    let ruled = |winner, policy| {
        synced().with(|case| {
            case.desired = Ok("h2");
            case.policy.winners = vec![rule(winner)];
            case.policy.conflict_resolution = policy;
        })
    };
    use ConflictResolution::{FailOnConflict, UpstreamWins};
    let unforced = apply(|apply| apply.force = false);
    assert_eq!(ruled(Winner::Downstream, UpstreamWins).decide(), unforced);
    assert_eq!(ruled(Winner::Upstream, FailOnConflict).decide(), unforced);
    let mut causes = Causes { hash: "h2".into(), ..held(".spec.replicas") };
    let known =
        ruled(Winner::Downstream, UpstreamWins).with(|case| case.memory.causes = Some(causes.clone()));
    let without = |apply: &mut Apply| apply.without = field(".spec.replicas");
    let left = apply(|apply| {
        without(apply);
        apply.force = false;
    });
    assert_eq!(known.decide(), left);
    causes.fields.push(Held {
        field: ".spec.paused".into(),
        pointer: "/spec/paused".into(),
        manager: "m".into(),
    });
    let mixed = known.with(|case| case.memory.causes = Some(causes.clone()));
    assert_eq!(mixed.decide(), apply(without));
    let open = ruled(Winner::Upstream, FailOnConflict).with(|case| case.memory.causes = Some(causes));
    assert_eq!(reported(&open), (Bucket::Conflict, "FieldConflict"));
}

#[test]
fn an_immutable_field_is_reported_or_the_object_made_anew() {
    let refused = |error_type| Refused { hash: "h2".into(), error_type, message: "m".into() };
    let immutable = |policy| {
        synced().with(|case| {
            case.desired = Ok("h2");
            case.policy.on_immutable = policy;
            case.memory.refused = Some(refused(ErrorType::Immutable));
        })
    };
    assert_eq!(reported(&immutable(OnImmutable::Report)), (Bucket::Error, "Immutable"));
    let recreate = immutable(OnImmutable::Recreate);
    assert_eq!(recreate.decide(), delete(true));
    let volume = recreate.clone().with(|case| case.may_recreate = false);
    assert_eq!(reported(&volume), (Bucket::Error, "Immutable"));
    let many = recreate.clone().with(|case| case.permission.deletions_paused = Some("too many".into()));
    assert_eq!(reported(&many), (Bucket::Deleting, "DeletionsPaused"));
    let invalid = recreate.clone().with(|case| case.memory.refused = Some(refused(ErrorType::Invalid)));
    assert_eq!(reported(&invalid), (Bucket::Error, "Invalid"));
    assert_eq!(recreate.with(|case| case.desired = Ok("h3")).decide(), apply(|_| ()));
}
