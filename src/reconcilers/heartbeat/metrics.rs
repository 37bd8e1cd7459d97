//! What the heartbeat counts. No label names a target.

use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

#[derive(Clone, Debug)]
pub struct Metrics {
    /// Writes by what was written and how it went.
    pub writes: IntCounterVec,
    /// Targets that are waited for.
    pub waiting: IntGauge,
    /// 1 while this process is the one that writes.
    pub leading: IntGauge,
}

impl Metrics {
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            writes: IntCounterVec::new(
                Opts::new("tmc_heartbeat_writes_total", "Writes about SyncTargets."),
                &["write", "outcome"],
            )?,
            waiting: IntGauge::new("tmc_heartbeat_waiting", "SyncTargets that are still to be looked at.")?,
            leading: IntGauge::new("tmc_heartbeat_leading", "1 while this process is the one that writes.")?,
        };
        registry.register(Box::new(metrics.writes.clone()))?;
        registry.register(Box::new(metrics.waiting.clone()))?;
        registry.register(Box::new(metrics.leading.clone()))?;
        Ok(metrics)
    }
}
