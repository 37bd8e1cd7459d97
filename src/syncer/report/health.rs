//! How the target is by what its own syncer says: for metrics, as the server will judge it while the syncer is heard.

use serde_json::Value;

use crate::api::workload::condition;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Health {
    Healthy,
    Degraded,
    Unhealthy,
    #[default]
    Unknown,
}

impl Health {
    pub const ALL: [Self; 4] = [Self::Healthy, Self::Degraded, Self::Unhealthy, Self::Unknown];

    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Degraded => "Degraded",
            Self::Unhealthy => "Unhealthy",
            Self::Unknown => "Unknown",
        }
    }

    /// Of a status that was just reported.
    pub fn of(status: &Value) -> Self {
        let conditions = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
        let says = |kind: &str| {
            let found = conditions.iter().find(|condition| condition["type"] == kind);
            found.and_then(|found| found["status"].as_str()).unwrap_or("Unknown")
        };
        let vital = [condition::SYNCER_READY, condition::DOWNSTREAM_REACHABLE].map(says);
        let parts =
            [condition::SYNCER_AUTHORIZED, condition::RESOURCES_SYNCED, condition::SECURITY_CONTEXT_VALID];
        match () {
            () if vital.contains(&"False") => Self::Unhealthy,
            () if vital != ["True"; 2] => Self::Unknown,
            () if parts.into_iter().any(|kind| says(kind) == "False") => Self::Degraded,
            () => Self::Healthy,
        }
    }
}
