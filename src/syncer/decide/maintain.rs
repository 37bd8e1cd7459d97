//! Objects that are to be there, and as upstream says.

use super::{
    Above, Apply, Below, Bucket, Desired, Foreign, Home, LATER, Refused, Report, SOON, Situation, Step,
    conflict::{self, Verdict},
    retire,
};
use crate::{
    api::placement::{DriftPolicy, OnImmutable, TakeOver},
    syncer::errors::ErrorType,
};

/// Fields that one message names.
const NAMED: usize = 4;

pub(super) fn maintain(situation: &Situation<'_>, above: &Above<'_>, below: Option<&Below<'_>>) -> Step {
    let desired = match &situation.desired {
        Ok(desired) => *desired,
        Err(unrendered) => return Step::Report(unrendered.report()),
    };
    // Before anything is there below, so that a crash cannot lose track of it.
    if !above.finalizer {
        return Step::AddFinalizer;
    }
    let refused = situation.memory.refused.as_ref().filter(|refused| refused.hash == desired.hash);
    match below {
        Some(below) if below.owner.is_some() => {
            if below.deleting {
                let message = "it is being deleted on the cluster and will be made again";
                return Step::Report(Report::new(Bucket::Pending, "Terminating", message));
            }
            match refused {
                Some(refused) if recreates(situation, refused) => retire::delete(situation, below, true),
                Some(refused) => fault(refused.error_type, &refused.message),
                None => keep(situation, above, below, desired),
            }
        }
        // What cannot be changed can be made, once it is gone.
        None if situation.memory.foreign.is_none() && refused.is_none_or(is_immutable) => {
            create(&situation.home)
        }
        _ => match (refused, &situation.memory.foreign) {
            (Some(refused), _) => fault(refused.error_type, &refused.message),
            (None, Some(foreign)) => take_over(situation, above, foreign, desired),
            // Something bears our label in that place and is not ours.
            (None, None) => Step::Inspect,
        },
    }
}

fn create(home: &Home) -> Step {
    match home {
        Home::Ready => Step::Create,
        Home::Missing => Step::EnsureNamespace,
        Home::Terminating => {
            let message = "its namespace is being deleted on the cluster";
            Step::Wait(Report::new(Bucket::Pending, "NamespaceTerminating", message), SOON)
        }
        Home::Taken(whose) => Step::Report(Report::new(Bucket::Conflict, "NamespaceCollision", whose)),
    }
}

fn is_immutable(refused: &Refused) -> bool {
    refused.error_type == ErrorType::Immutable
}

fn recreates(situation: &Situation<'_>, refused: &Refused) -> bool {
    is_immutable(refused) && situation.policy.on_immutable == OnImmutable::Recreate && situation.may_recreate
}

fn fault(error_type: ErrorType, message: &str) -> Step {
    Step::Report(Report::new(Bucket::Error, error_type.reason(), message))
}

/// Something is in our place that is not ours.
fn take_over(situation: &Situation<'_>, above: &Above<'_>, foreign: &Foreign, desired: Desired<'_>) -> Step {
    let refusal = |reason, message: &str| Step::Report(Report::new(Bucket::Conflict, reason, message));
    if let Some(other) = &foreign.other {
        return refusal("OwnershipConflict", &format!("it belongs to another syncer: {other}"));
    }
    if foreign.deleting {
        let message = "what is in its place on the cluster is being deleted";
        return Step::Wait(Report::new(Bucket::Pending, "Terminating", message), SOON);
    }
    match situation.policy.take_over {
        _ if foreign.released => {}
        TakeOver::Always => {}
        TakeOver::IfNoDiff if foreign.same => {}
        TakeOver::IfNoDiff => {
            return refusal("AlreadyExists", "it exists on the cluster and differs; takeOver is IfNoDiff");
        }
        TakeOver::Never => {
            return refusal("AlreadyExists", "it exists on the cluster and is not owned; takeOver is Never");
        }
    }
    let apply = Apply { uid: foreign.uid.clone(), adopts: true, ..Apply::default() };
    resolved(situation, above, apply, desired)
}

/// It is there and ours.
fn keep(situation: &Situation<'_>, above: &Above<'_>, below: &Below<'_>, desired: Desired<'_>) -> Step {
    let apply = Apply { uid: below.uid.to_owned(), ..Apply::default() };
    let changed = below.hash != Some(desired.hash) || below.owner != Some(above.uid);
    let differs: Vec<_> =
        below.differs.iter().filter(|field| !conflict::is_left(situation, desired, field)).cloned().collect();
    // Of two changes the one above holds: it is written first, and what is below then is no news.
    if !changed && !below.copies.is_empty() {
        return Step::CopyUp(below.copies.clone());
    }
    let conflicted = conflict::fails(situation, above, desired);
    if let Some(report) = conflicted {
        return Step::Report(report);
    }
    if !changed && differs.is_empty() {
        return Step::Nothing(Bucket::Synced);
    }
    if below.scales_down && !situation.permission.reachable {
        let message = "no replicas are taken away while the upstream does not answer";
        return Step::Wait(Report::new(Bucket::Pending, "UpstreamUnavailable", message), LATER);
    }
    if changed {
        return resolved(situation, above, apply, desired);
    }
    match situation.policy.drift_policy {
        DriftPolicy::Ignore => Step::Nothing(Bucket::Synced),
        DriftPolicy::ReportOnly => {
            let message = format!("changed on the cluster: {}", named(&differs));
            Step::Report(Report::new(Bucket::Drifted, "Drifted", message))
        }
        DriftPolicy::Correct => {
            let (contended, corrects): (Vec<_>, Vec<_>) =
                differs.into_iter().partition(|field| situation.contended.contains(field));
            if corrects.is_empty() {
                let message = format!("somebody keeps changing {}", named(&contended));
                return Step::Report(Report::new(Bucket::Drifted, "FieldContention", message));
            }
            resolved(situation, above, Apply { corrects, ..apply }, desired)
        }
    }
}

/// The apply as the policies want it, given what is known of conflicts.
fn resolved(situation: &Situation<'_>, above: &Above<'_>, apply: Apply, desired: Desired<'_>) -> Step {
    match conflict::verdict(situation, above, desired) {
        Verdict::Fails(report) => Step::Report(report),
        Verdict::Writes { force, mut without } => {
            without.extend(situation.contended.iter().cloned());
            without.sort();
            without.dedup();
            Step::Apply(Apply { force, without, ..apply })
        }
    }
}

/// The first few fields, in words.
pub(super) fn named(fields: &[String]) -> String {
    let shown = fields.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match fields.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
