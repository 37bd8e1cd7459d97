//! How a target is, from what it says and how long it has been silent. Pure and total.

use std::time::Duration;

use crate::api::{
    views::Health,
    workload::{CompatibilityState, SyncTargetStatus, condition},
};
pub use crate::liveness::{SILENT_AFTER, silent};

/// Findings of the syncer's security check that leave `SecurityContextValid` True and still impair.
const IMPAIRING: [&str; 5] =
    ["CertExpiresSoon", "TokenExpiresSoon", "TokenStatic", "FilePermissions", "RBACMissing"];

/// What one condition says; `None` of it when it is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Says {
    True,
    False,
    Unknown,
}

/// What health depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    pub ready: Option<Says>,
    /// A part of a target that is ready does not work.
    pub impaired: bool,
}

impl Signs {
    pub fn of(status: &SyncTargetStatus) -> Self {
        let impaired = [
            condition::SYNCER_AUTHORIZED,
            condition::API_IMPORTER_READY,
            condition::RESOURCES_SYNCED,
            condition::SECURITY_CONTEXT_VALID,
        ]
        .into_iter()
        .any(|kind| says(status, kind) == Some(Says::False));
        let finding = status.conditions.iter().any(|condition| {
            condition.type_ == condition::SECURITY_CONTEXT_VALID
                && IMPAIRING.contains(&condition.reason.as_str())
        });
        let incompatible =
            status.synced_resources.iter().any(|resource| resource.state == CompatibilityState::Incompatible);
        Self { ready: says(status, condition::READY), impaired: impaired || finding || incompatible }
    }
}

/// What a target says under one condition type.
pub fn says(status: &SyncTargetStatus, kind: &str) -> Option<Says> {
    let condition = status.conditions.iter().find(|condition| condition.type_ == kind)?;
    Some(match condition.status.as_str() {
        "True" => Says::True,
        "False" => Says::False,
        _ => Says::Unknown,
    })
}

/// The health of a target whose status can be read. A silent one is never Healthy, and never Unhealthy.
pub fn health(signs: Signs, age: Option<Duration>) -> Health {
    if silent(age) {
        return Health::Unknown;
    }
    match signs.ready {
        None | Some(Says::Unknown) => Health::Unknown,
        Some(Says::False) => Health::Unhealthy,
        Some(Says::True) if signs.impaired => Health::Degraded,
        Some(Says::True) => Health::Healthy,
    }
}

#[cfg(test)]
mod tests;
