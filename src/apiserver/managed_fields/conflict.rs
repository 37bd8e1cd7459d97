//! What an apply would take from other managers, and the words for it.

use std::{collections::BTreeMap, fmt};

use super::{
    managers::Identity,
    path::{self, Path},
    set::Set,
};
use crate::apiserver::go_format;

/// One field of another manager that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The key of the manager's identity.
    pub manager: String,
    pub path: Path,
}

impl Conflict {
    /// `message` of the cause.
    pub fn message(&self) -> String {
        format!("conflict with {}", described(&self.manager))
    }

    /// `field` of the cause.
    pub fn field(&self) -> String {
        path::display(&self.path)
    }
}

/// All conflicts of an apply, never none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Conflicts(pub Vec<Conflict>);

impl Conflicts {
    pub(super) fn of_sets(sets: BTreeMap<String, Set>) -> Self {
        let conflicts = sets.into_iter().flat_map(|(manager, set)| {
            set.paths().into_iter().map(move |path| Conflict { manager: manager.clone(), path })
        });
        Self(conflicts.collect())
    }
}

/// `message` of the Status.
impl fmt::Display for Conflicts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0.as_slice() {
            return write!(formatter, "Apply failed with 1 conflict: {}: {}", only.message(), only.field());
        }
        let mut by_manager: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for conflict in &self.0 {
            by_manager.entry(&conflict.manager).or_default().push(conflict.field());
        }
        let mut lines = Vec::new();
        for (manager, fields) in by_manager {
            lines.push(format!("conflicts with {}:", described(manager)));
            lines.extend(fields.into_iter().map(|field| format!("- {field}")));
        }
        write!(formatter, "Apply failed with {} conflicts: {}", self.0.len(), lines.join("\n"))
    }
}

fn described(manager: &str) -> String {
    let identity = Identity::of_key(manager);
    let mut text = go_format::quoted(&identity.manager);
    if !identity.subresource.is_empty() {
        text = format!("{text} with subresource {}", go_format::quoted(&identity.subresource));
    }
    if identity.operation == "Update" {
        text = format!("{text} using {}", identity.api_version);
    }
    text
}
