//! What the sources count. Labels are the few resources and the closed set of reasons.

use prometheus::{IntCounterVec, Opts, Registry};

#[derive(Clone, Debug)]
pub struct Metrics {
    /// Watch events by resource.
    pub events: IntCounterVec,
    /// Complete lists by resource.
    pub lists: IntCounterVec,
    /// Failures by resource and [`super::Trouble::reason`].
    pub failures: IntCounterVec,
}

impl Metrics {
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        Ok(Self {
            events: counter("tmc_informer_events_total", "Watch events received.", &["resource"])?,
            lists: counter("tmc_informer_lists_total", "Complete lists read.", &["resource"])?,
            failures: counter(
                "tmc_informer_failures_total",
                "Lists and watches that failed, by reason.",
                &["resource", "reason"],
            )?,
        })
    }
}
