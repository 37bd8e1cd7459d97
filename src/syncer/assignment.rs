//! Whether an object of the workspace is this target's: by the filter, or by what Placements decided.
//!
//! Pure. Labels and annotations that anybody may write only point to a decision; without one they do nothing.

mod placed;

use std::collections::BTreeMap;

use serde_json::Value;

pub use self::placed::{Placed, Unusable};
use super::{
    decide::Assignment,
    filter::{Refusal, ResourceFilter, SecretFilter},
    json::{entries, entry, meta},
    kind::Kind,
    naming,
    upsync::{UPSYNC, is_copy},
};
use crate::api::placement::DecisionState;

/// Labels that begin so ask for an object on the target whose key follows.
const STATE: &str = "state.workload.kcp.io/";
/// Annotations that begin so ask the target to delete its copy.
const DELETION: &str = "deletion.internal.workload.kcp.io/";
const SYNC: &str = "Sync";

/// How objects are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Placement,
    Filter,
}

/// What is known around an object.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Of the target.
    pub key: &'a str,
    pub mode: Mode,
    pub filter: &'a ResourceFilter,
    pub secrets: &'a SecretFilter,
    pub kind: &'a Kind,
    /// Labels of the object's namespace upstream; none while they are not known.
    pub namespace: Option<&'a BTreeMap<String, String>>,
    /// A synced workload names it.
    pub referenced: bool,
    /// All Placements of the workspace; none while they were not listed.
    pub placements: Option<&'a BTreeMap<String, Placed>>,
}

/// Whose an object is, and by which Placement.
pub fn assign<'a>(object: &Value, context: &Context<'a>) -> (Assignment, Option<&'a Placed>) {
    let state = entry(object, "labels", &format!("{STATE}{}", context.key));
    // The target owns the object, or another one shows it: nothing of it goes down.
    if state == Some(UPSYNC) || is_copy(object, context.kind) {
        return (Assignment::Released, None);
    }
    let selected = context.filter.admits(context.kind, object, context.namespace);
    if selected == Err(Refusal::NamespaceUnknown) {
        return (Assignment::Unknown, None);
    }
    match context.mode {
        Mode::Filter => (filtered(object, context, selected), None),
        Mode::Placement => match selected {
            Ok(()) => placed(object, context, state == Some(SYNC)),
            Err(_) => (Assignment::Released, None),
        },
    }
}

fn is_root_ca(object: &Value, kind: &Kind) -> bool {
    kind.is_core("configmaps") && meta(object, "name") == naming::ROOT_CA
}

fn filtered(object: &Value, context: &Context<'_>, selected: Result<(), Refusal>) -> Assignment {
    let admitted = match (context.kind.is_core("secrets"), selected) {
        // What a workload names may be beside the labels that are selected, but nowhere else.
        (true, Ok(()) | Err(Refusal::Labels | Refusal::Annotations)) => {
            context.secrets.admits(object, selected.is_ok(), context.referenced).is_ok()
        }
        // Tokens are worth nothing without it.
        (false, Err(Refusal::Labels | Refusal::Annotations)) if is_root_ca(object, context.kind) => {
            context.secrets.tokens && context.referenced
        }
        (_, selected) => selected.is_ok(),
    };
    if admitted { Assignment::Wanted } else { Assignment::Released }
}

fn placed<'a>(object: &Value, context: &Context<'a>, asked: bool) -> (Assignment, Option<&'a Placed>) {
    let Some(placements) = context.placements else { return (Assignment::Unknown, None) };
    let labels = entries(object, "labels");
    let selecting: Vec<_> = placements
        .values()
        .filter(|placed| {
            placed.selects(context.kind, &labels, context.namespace) || asked && follows(placed, context)
        })
        .collect();
    // One that takes its objects along decides for nobody any more.
    let (going, deciding): (Vec<_>, Vec<_>) = selecting
        .iter()
        .copied()
        .filter(|placed| placed.decision.is_some())
        .partition(|placed| placed.takes_along);
    let decided = deciding.into_iter().max_by(|a, b| a.order(b));
    let leaves = entry(object, "annotations", &format!("{DELETION}{}", context.key)).is_some();
    if leaves {
        let stays = decided.is_some_and(|placed| placed.decision != Some(DecisionState::Evicting));
        // Placements that decided, and for others.
        let moved = selecting.iter().any(|placed| placed.decided);
        return match (stays, moved) {
            (true, _) => (Assignment::Wanted, decided),
            (false, true) => (Assignment::Moved, None),
            (false, false) => (Assignment::Released, None),
        };
    }
    match (asked, decided) {
        (true, Some(placed)) => admitted(object, context, placed),
        (true, None) if !going.is_empty() => (Assignment::Moved, None),
        (true, None) => (Assignment::Refused("UnauthorizedLabel"), None),
        (false, _) => (Assignment::Released, None),
    }
}

/// What a workload needs goes where it goes, though no Placement selects it.
fn follows(placed: &Placed, context: &Context<'_>) -> bool {
    placed.dependencies && context.referenced
}

fn admitted<'a>(
    object: &Value,
    context: &Context<'_>,
    placed: &'a Placed,
) -> (Assignment, Option<&'a Placed>) {
    if context.kind.is_core("secrets") && context.secrets.admits(object, true, context.referenced).is_err() {
        return (Assignment::Released, None);
    }
    (Assignment::Wanted, Some(placed))
}

#[cfg(test)]
mod tests;
