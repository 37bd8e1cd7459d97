//! What combining counts. No label names an object or its kind.

use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

#[derive(Clone, Debug)]
pub struct Metrics {
    /// Looks at objects by what they came to.
    pub looks: IntCounterVec,
    /// Objects that several targets sync.
    pub shared: IntGauge,
    /// Those that are waited for.
    pub waiting: IntGauge,
    /// 1 while this process is the one that writes.
    pub leading: IntGauge,
}

impl Metrics {
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            looks: IntCounterVec::new(
                Opts::new("tmc_status_looks_total", "Objects of several targets that were looked at."),
                &["outcome"],
            )?,
            shared: IntGauge::new("tmc_status_shared", "Objects that several targets sync.")?,
            waiting: IntGauge::new(
                "tmc_status_waiting",
                "Objects of several targets still to be looked at.",
            )?,
            leading: IntGauge::new("tmc_status_leading", "1 while this process is the one that writes.")?,
        };
        registry.register(Box::new(metrics.looks.clone()))?;
        registry.register(Box::new(metrics.shared.clone()))?;
        registry.register(Box::new(metrics.waiting.clone()))?;
        registry.register(Box::new(metrics.leading.clone()))?;
        Ok(metrics)
    }
}
