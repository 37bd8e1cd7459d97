//! What the views count. No label names a workspace or a target.

use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

#[derive(Clone, Debug)]
pub struct Metrics {
    /// Versions of SyncTargets and Leases that did not decode, by resource.
    pub undecodable: IntCounterVec,
    /// SyncTargets that are known, whether or not they belong to a workspace.
    pub targets: IntGauge,
    /// Served objects by resource.
    pub objects: IntGaugeVec,
    /// Published changes by resource.
    pub published: IntCounterVec,
    /// From the arrival of a change to its publication.
    pub lag: Histogram,
    /// 1 while the source has not been heard of for too long.
    pub source_unseen: IntGauge,
}

impl Metrics {
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let lag = HistogramOpts::new(
            "tmc_views_publish_lag_seconds",
            "Time from the arrival of a change to its publication.",
        )
        .buckets(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0]);
        let by_resource = |name: &str, help: &str| {
            let counter = IntCounterVec::new(Opts::new(name, help), &["resource"])?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let metrics = Self {
            undecodable: by_resource(
                "tmc_views_undecodable_objects_total",
                "Versions of objects that did not decode.",
            )?,
            targets: gauge("tmc_views_sync_targets", "SyncTargets that are known.")?,
            objects: IntGaugeVec::new(Opts::new("tmc_views_objects", "Served objects."), &["resource"])?,
            published: by_resource("tmc_views_published_total", "Published changes.")?,
            lag: Histogram::with_opts(lag)?,
            source_unseen: gauge(
                "tmc_views_source_unseen",
                "1 while the source has not been heard of for 30 seconds.",
            )?,
        };
        registry.register(Box::new(metrics.objects.clone()))?;
        registry.register(Box::new(metrics.lag.clone()))?;
        Ok(metrics)
    }
}
