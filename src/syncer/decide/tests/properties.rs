//! What holds in every situation, however unlikely.

use proptest::prelude::*;

use super::{super::*, Case, held};
use crate::{
    api::placement::{ApplyPolicy, ConflictResolution, DriftPolicy, OnImmutable, TakeOver, Winner},
    syncer::errors::ErrorType,
};

fn above() -> impl Strategy<Value = Above<'static>> {
    let assignment = prop::sample::select(vec![
        Assignment::Wanted,
        Assignment::Moved,
        Assignment::Released,
        Assignment::Refused("UnauthorizedLabel"),
        Assignment::Unknown,
    ]);
    let resolution = prop::sample::select(vec![None, Some(Winner::Upstream), Some(Winner::Downstream)]);
    (any::<[bool; 4]>(), resolution, assignment).prop_map(
        |([deleting, finalizer, held, force_detach], resolution, assignment)| Above {
            uid: "above",
            deleting,
            finalizer,
            held,
            force_detach,
            resolution,
            assignment,
        },
    )
}

fn below() -> impl Strategy<Value = Below<'static>> {
    let owner = prop::sample::select(vec![None, Some("above"), Some("earlier")]);
    let hash = prop::sample::select(vec![None, Some("h1"), Some("h2")]);
    let differs =
        prop::sample::subsequence(vec![".spec.replicas".to_owned(), ".spec.paused".to_owned()], 0..=2);
    (any::<[bool; 2]>(), owner, hash, differs).prop_map(|([deleting, scales_down], owner, hash, differs)| {
        Below {
            uid: "below",
            resource_version: "7",
            deleting,
            owner,
            hash,
            differs,
            copies: Vec::new(),
            scales_down,
        }
    })
}

fn seen<T: std::fmt::Debug + Clone + 'static>(
    present: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Seen<T>> {
    prop_oneof![Just(Seen::Unsynced), Just(Seen::Absent), present.prop_map(Seen::Present)]
}

fn policy() -> impl Strategy<Value = ApplyPolicy> {
    use ConflictResolution::{DownstreamWins, FailOnConflict, UpstreamWins};
    (
        prop::sample::select(vec![UpstreamWins, DownstreamWins, FailOnConflict]),
        prop::sample::select(vec![TakeOver::Never, TakeOver::IfNoDiff, TakeOver::Always]),
        prop::sample::select(vec![DriftPolicy::Correct, DriftPolicy::ReportOnly, DriftPolicy::Ignore]),
        prop::sample::select(vec![OnImmutable::Report, OnImmutable::Recreate]),
    )
        .prop_map(|(conflict_resolution, take_over, drift_policy, on_immutable)| ApplyPolicy {
            conflict_resolution,
            take_over,
            drift_policy,
            on_immutable,
            ..ApplyPolicy::default()
        })
}

fn memory() -> impl Strategy<Value = Memory> {
    let foreign = any::<[bool; 4]>().prop_map(|[deleting, released, other, same]| Foreign {
        uid: "theirs".into(),
        deleting,
        released,
        other: other.then(|| "another target".to_owned()),
        same,
    });
    let gone_above = prop::sample::select(vec![None, Some("above".to_owned()), Some("earlier".to_owned())]);
    let types = prop::sample::select(vec![ErrorType::Immutable, ErrorType::Invalid]);
    let refused = types.prop_map(|error_type| Refused { hash: "h1".into(), error_type, message: "m".into() });
    (
        prop::option::of(foreign),
        gone_above,
        any::<bool>(),
        prop::option::of(refused),
        prop::option::of(Just(held(".spec.replicas"))),
    )
        .prop_map(|(foreign, gone_above, gone_below, refused, causes)| Memory {
            foreign,
            gone_above,
            gone_below,
            settled: None,
            refused,
            causes,
        })
}

fn permission() -> impl Strategy<Value = Permission> {
    any::<[bool; 9]>().prop_map(|[lease, kept, paused, dry_run, detaching, reachable, sweep, many, kind]| {
        Permission {
            lease,
            kept,
            paused: paused && dry_run,
            dry_run: dry_run && !lease,
            detaching,
            reachable,
            sweep,
            deletions_paused: many.then(|| "too many".to_owned()),
            kind_paused: (kind && !sweep).then(|| "forbidden".to_owned()),
        }
    })
}

fn case() -> impl Strategy<Value = Case> {
    let home =
        prop::sample::select(vec![Home::Ready, Home::Missing, Home::Terminating, Home::Taken("x".into())]);
    (permission(), seen(above()), seen(below()), home, any::<[bool; 2]>(), policy(), memory()).prop_map(
        |(permission, upstream, downstream, home, [renders, may_recreate], policy, memory)| Case {
            permission,
            upstream,
            downstream,
            home,
            desired: match renders {
                true => Ok("h1"),
                false => Err(Unrendered { reason: "TransformFailed", message: "m".into() }),
            },
            policy,
            may_recreate,
            contended: Vec::new(),
            memory,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn nothing_is_deleted_that_is_not_ours_and_known_to_be_gone(case in case()) {
        let Step::Delete { uid, resource_version, again } = case.decide() else { return Ok(()) };
        let Seen::Present(below) = &case.downstream else { panic!("nothing was seen") };
        prop_assert_eq!((&*uid, &*resource_version), (below.uid, below.resource_version));
        let owner = below.owner.expect("ours");
        prop_assert!(case.permission.reachable && case.permission.deletions_paused.is_none());
        prop_assert!(!case.permission.detaching, "whoever leaves takes nothing with him");
        let proven = case.memory.gone_above.as_deref() == Some(owner);
        match &case.upstream {
            Seen::Unsynced => prop_assert!(false, "nothing is known"),
            Seen::Absent => prop_assert!(proven && case.permission.sweep),
            Seen::Present(above) if again => {
                let immutable = case.memory.refused.as_ref().map(|refused| refused.error_type);
                prop_assert_eq!(immutable, Some(ErrorType::Immutable));
                prop_assert!(case.policy.on_immutable == OnImmutable::Recreate && case.may_recreate);
                prop_assert!(above.finalizer && !above.deleting && above.assignment == Assignment::Wanted);
            }
            Seen::Present(above) => {
                prop_assert!(above.deleting || above.assignment == Assignment::Moved);
                prop_assert!(owner == above.uid || proven);
                prop_assert!(!above.held);
            }
        }
    }

    #[test]
    fn nothing_is_made_below_before_the_finalizer_is_there(case in case()) {
        let step = case.decide();
        if matches!(step, Step::Create | Step::EnsureNamespace | Step::Apply(_)) {
            let Seen::Present(above) = &case.upstream else { panic!("nothing upstream") };
            prop_assert!(above.finalizer && !above.deleting);
            prop_assert_eq!(&above.assignment, &Assignment::Wanted);
        }
        if step == Step::AddFinalizer {
            let Seen::Present(above) = &case.upstream else { panic!("nothing upstream") };
            prop_assert!(!above.finalizer && !above.deleting);
        }
    }

    #[test]
    fn the_finalizer_stays_until_nothing_of_ours_is_below(case in case()) {
        if case.decide() == Step::RemoveFinalizer {
            let Seen::Present(above) = &case.upstream else { panic!("nothing upstream") };
            let leaves = case.permission.detaching && case.permission.kind_paused.is_some();
            prop_assert!(above.force_detach || case.memory.gone_below || leaves);
            prop_assert!(leaves || case.downstream.present().is_none_or(|below| below.owner.is_none()));
        }
    }

    #[test]
    fn what_is_not_ours_is_written_only_if_it_may_be_taken_over(case in case()) {
        let Step::Apply(apply) = case.decide() else { return Ok(()) };
        match (apply.adopts, &case.memory.foreign) {
            (true, Some(foreign)) => {
                prop_assert!(foreign.other.is_none() && !foreign.deleting);
                let may = match case.policy.take_over {
                    TakeOver::Never => foreign.released,
                    TakeOver::IfNoDiff => foreign.released || foreign.same,
                    TakeOver::Always => true,
                };
                prop_assert!(may && apply.uid == foreign.uid);
            }
            (true, None) => prop_assert!(false, "nothing was inspected"),
            (false, _) => {
                let Seen::Present(below) = &case.downstream else { panic!("nothing below") };
                prop_assert!(below.owner.is_some() && apply.uid == below.uid && !below.deleting);
            }
        }
    }

    #[test]
    fn without_leave_nothing_is_written(case in case()) {
        let step = case.decide();
        if step.writes().is_some() {
            prop_assert!(case.permission.lease && !case.permission.paused && !case.permission.dry_run);
            prop_assert!(case.permission.kind_paused.is_none() || step == Step::RemoveFinalizer);
        }
    }
}
