//! Fields that another manager holds otherwise: who wins each of them.

use super::{Above, Bucket, Desired, Report, Situation, maintain::named, memory::Held};
use crate::api::placement::{ApplyPolicy, ConflictResolution, Winner};

/// How an apply is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Writes { force: bool, without: Vec<String> },
    Fails(Report),
}

/// Who wins a field; none: nobody, and nothing is written.
pub fn winner(policy: &ApplyPolicy, resolution: Option<Winner>, pointer: &str) -> Option<Winner> {
    ruled(policy, pointer).or(match policy.conflict_resolution {
        ConflictResolution::UpstreamWins => Some(Winner::Upstream),
        ConflictResolution::DownstreamWins => Some(Winner::Downstream),
        ConflictResolution::FailOnConflict => resolution,
    })
}

/// Who wins a field by a rule of its own.
pub fn ruled(policy: &ApplyPolicy, pointer: &str) -> Option<Winner> {
    let rules = policy.winners.iter().filter(|rule| is_within(pointer, &rule.path));
    rules.max_by_key(|rule| rule.path.len()).map(|rule| rule.winner)
}

/// Whether `pointer` is `path` or something in it.
fn is_within(pointer: &str, path: &str) -> bool {
    pointer
        .strip_prefix(path.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How the apply of what is desired is made.
pub(super) fn verdict(situation: &Situation<'_>, above: &Above<'_>, desired: Desired<'_>) -> Verdict {
    if let Some(report) = fails(situation, above, desired) {
        return Verdict::Fails(report);
    }
    let policy = situation.policy;
    let Some(causes) = known(situation, desired) else {
        // The conflicts have to be known first where somebody else may win one.
        let always = policy.conflict_resolution == ConflictResolution::UpstreamWins
            && policy.winners.iter().all(|rule| rule.winner == Winner::Upstream);
        return Verdict::Writes { force: always, without: Vec::new() };
    };
    let won_by = |side| {
        causes.iter().filter(move |held| winner(policy, above.resolution, &held.pointer) == Some(side))
    };
    Verdict::Writes {
        force: won_by(Winner::Upstream).next().is_some(),
        without: won_by(Winner::Downstream).map(|held| held.field.clone()).collect(),
    }
}

/// Why nothing is written, if a known conflict forbids it.
pub(super) fn fails(situation: &Situation<'_>, above: &Above<'_>, desired: Desired<'_>) -> Option<Report> {
    let open: Vec<_> = known(situation, desired)?
        .iter()
        .filter(|held| winner(situation.policy, above.resolution, &held.pointer).is_none())
        .collect();
    let manager = &open.first()?.manager;
    let fields: Vec<_> = open.iter().map(|held| held.field.clone()).collect();
    let message = format!("{} held by {manager}; conflictResolution is FailOnConflict", named(&fields));
    Some(Report::new(Bucket::Conflict, "FieldConflict", message))
}

/// Whether the field was left to somebody else on purpose.
pub(super) fn is_left(situation: &Situation<'_>, desired: Desired<'_>, field: &str) -> bool {
    let resolution = situation.upstream.present().and_then(|above| above.resolution);
    known(situation, desired).is_some_and(|causes| {
        causes.iter().any(|held| {
            held.field == field
                && winner(situation.policy, resolution, &held.pointer) == Some(Winner::Downstream)
        })
    })
}

fn known<'a>(situation: &Situation<'a>, desired: Desired<'_>) -> Option<&'a [Held]> {
    let causes = situation.memory.causes.as_ref().filter(|causes| causes.hash == desired.hash)?;
    Some(&causes.fields)
}
