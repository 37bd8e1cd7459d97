//! Which Secrets leave the workspace.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::syncer::{json::meta, service_account::TOKEN};

/// Types of Secrets that mean something in one cluster only, or hold what is in other objects.
const NEVER: [&str; 2] = ["bootstrap.kubernetes.io/token", TOKEN];
const HELM: &str = "helm.sh/release.";

/// Which Secrets are synced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SecretPolicy {
    /// Those that are selected as other objects are, and those that a synced workload names.
    #[default]
    Selected,
    /// Those alone that a synced workload names.
    Referenced,
    /// All of the namespaces that are synced.
    All,
    None,
}

/// Why a Secret stays in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretRefusal {
    Policy,
    /// Of a type that is synced only by name.
    Type,
}

impl fmt::Display for SecretRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Policy => "secretPolicy does not admit it",
            Self::Type => "Secrets of its type are synced only if secrets.named has them",
        })
    }
}

/// The policy and its exceptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretFilter {
    pub policy: SecretPolicy,
    /// Namespace and name of Secrets that are synced whatever their type, and whatever the policy.
    pub named: BTreeSet<(String, String)>,
    /// Tokens of service accounts go with the workloads that name them: their pods have in-cluster access.
    pub tokens: bool,
}

impl SecretFilter {
    /// Whether a Secret of the workspace is synced. `selected` says that it was selected as other objects are,
    /// `referenced` that a synced workload of its namespace names it.
    pub fn admits(&self, secret: &Value, selected: bool, referenced: bool) -> Result<(), SecretRefusal> {
        let place = (meta(secret, "namespace").to_owned(), meta(secret, "name").to_owned());
        if self.named.contains(&place) {
            return Ok(());
        }
        let type_ = secret.get("type").and_then(Value::as_str).unwrap_or_default();
        let goes_along = type_ == TOKEN && self.tokens && referenced;
        if (NEVER.contains(&type_) && !goes_along) || type_.starts_with(HELM) {
            return Err(SecretRefusal::Type);
        }
        let admitted = match self.policy {
            SecretPolicy::Selected => selected || referenced,
            SecretPolicy::Referenced => referenced,
            SecretPolicy::All => true,
            SecretPolicy::None => false,
        };
        if admitted { Ok(()) } else { Err(SecretRefusal::Policy) }
    }
}

#[cfg(test)]
mod tests;
