//! Every series of a syncer. Labels come from closed sets and from the kinds that are synced, never from a
//! workspace, a namespace or an object.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use parking_lot::Mutex;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, core::Collector,
};

use super::{
    engine::{Operation, Outcome, Recorder},
    errors::{ErrorType, Side},
    report::health::Health,
};

/// Of one operation on an object.
const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// From a write on one side to its copy on the other, and of waiting for it.
const LONG_SECONDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];

/// Counts what one syncer does for one SyncTarget.
#[derive(Clone)]
pub struct MetricsCollector {
    sync_target: Arc<str>,
    cluster: Arc<str>,
    /// Kinds and states that have a series.
    counted: Arc<Mutex<BTreeSet<(String, &'static str)>>>,
    operations: IntCounterVec,
    durations: HistogramVec,
    resources: IntGaugeVec,
    health: GaugeVec,
    state: IntGaugeVec,
    errors: IntCounterVec,
    drift: IntCounter,
    conflicts: IntCounterVec,
    propagation: HistogramVec,
    queue_depth: IntGauge,
    queue_latency: Histogram,
    /// One while it may write.
    pub leader: IntGauge,
    /// Since the Lease was last read or written.
    pub heartbeat_age: Gauge,
}

impl MetricsCollector {
    /// `cluster` is the logical cluster that the target is of.
    pub fn new(registry: &Registry, sync_target: &str, cluster: &str) -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            register(registry, IntCounterVec::new(Opts::new(name, help), labels))
        };
        let gauges = |name: &str, help: &str, labels: &[&str]| {
            register(registry, IntGaugeVec::new(Opts::new(name, help), labels))
        };
        let options = |name: &str, help: &str, buckets: &[f64]| {
            HistogramOpts::new(name, help).buckets(buckets.to_vec())
        };
        let histograms = |name: &str, help: &str, buckets, labels: &[&str]| {
            register(registry, HistogramVec::new(options(name, help, buckets), labels))
        };
        let of_object = ["sync_target", "resource_type", "operation"];
        let age = "Seconds since the Lease of the SyncTarget was last read or written.";
        let latency = "Time that a key waited for its turn.";
        Ok(Self {
            sync_target: sync_target.into(),
            cluster: cluster.into(),
            counted: Arc::default(),
            operations: counters(
                "syncer_operations_total",
                "Operations on objects by kind, operation and result.",
                &["sync_target", "resource_type", "operation", "result"],
            )?,
            durations: histograms(
                "syncer_operation_duration_seconds",
                "Time that operations on objects took.",
                SECONDS,
                &of_object,
            )?,
            resources: gauges(
                "syncer_resources_total",
                "Objects on the cluster by kind and state; those that are only observed have the state observed.",
                &["sync_target", "resource_type", "status"],
            )?,
            health: register(
                registry,
                GaugeVec::new(
                    Opts::new("syncer_target_health", "1 while the target is healthy or degraded, else 0."),
                    &["sync_target", "cluster"],
                ),
            )?,
            state: gauges(
                "syncer_target_health_state",
                "1 for the health that the target has, as its syncer reported it.",
                &["sync_target", "state"],
            )?,
            errors: counters("syncer_errors_total", "Errors by type.", &["sync_target", "error_type"])?,
            drift: counters(
                "syncer_drift_corrections_total",
                "Fields that were changed on the cluster and set right.",
                &["sync_target"],
            )?
            .with_label_values(&[sync_target]),
            conflicts: counters(
                "syncer_conflicts_total",
                "Fields that another manager holds, by the policy that decided.",
                &["sync_target", "policy"],
            )?,
            propagation: histograms(
                "syncer_propagation_seconds",
                "From a write on one side to its copy on the other.",
                LONG_SECONDS,
                &["sync_target", "direction"],
            )?,
            queue_depth: register(
                registry,
                IntGauge::new("syncer_queue_depth", "Keys that wait for their turn or their retry."),
            )?,
            queue_latency: register(
                registry,
                Histogram::with_opts(options("syncer_queue_latency_seconds", latency, LONG_SECONDS)),
            )?,
            leader: register(
                registry,
                IntGauge::new("syncer_leader", "1 while this syncer holds the Lease and may write."),
            )?,
            heartbeat_age: register(registry, Gauge::new("syncer_heartbeat_age_seconds", age))?,
        })
    }

    /// One operation on an object: it is counted, and its duration observed.
    pub fn record_sync_operation(
        &self,
        resource_type: &str,
        operation: Operation,
        result: Outcome,
        took: Duration,
    ) {
        let (target, operation) = (&*self.sync_target, operation.as_str());
        self.operations.with_label_values(&[target, resource_type, operation, result.as_str()]).inc();
        self.durations.with_label_values(&[target, resource_type, operation]).observe(took.as_secs_f64());
    }

    /// How many objects of a kind are in one state.
    pub fn record_resource_count(&self, resource_type: &str, status: &'static str, count: u64) {
        self.counted.lock().insert((resource_type.to_owned(), status));
        let gauge = self.resources.with_label_values(&[&*self.sync_target, resource_type, status]);
        gauge.set(count.try_into().unwrap_or(i64::MAX));
    }

    /// All counts that there are; the series of every other one goes.
    pub fn record_resource_counts(&self, counts: &[(String, &'static str, u64)]) {
        for (resource_type, status, count) in counts {
            self.record_resource_count(resource_type, status, *count);
        }
        let there = |(kind, state): &(String, &'static str)| {
            counts.iter().any(|(resource_type, status, _)| resource_type == kind && status == state)
        };
        let mut known = self.counted.lock();
        let gone: Vec<_> = known.iter().filter(|one| !there(one)).cloned().collect();
        for (resource_type, status) in gone {
            // One that is gone already is as good.
            let _ = self.resources.remove_label_values(&[&*self.sync_target, &*resource_type, status]);
            known.remove(&(resource_type, status));
        }
    }

    /// Whether a target of a logical cluster takes workloads.
    pub fn record_health(&self, cluster: &str, healthy: bool) {
        self.health.with_label_values(&[&*self.sync_target, cluster]).set(f64::from(u8::from(healthy)));
    }

    pub fn record_error(&self, error_type: ErrorType) {
        self.errors.with_label_values(&[&*self.sync_target, error_type.as_str()]).inc();
    }

    /// The health that was reported.
    pub fn record_state(&self, health: Health) {
        self.record_health(&self.cluster.clone(), matches!(health, Health::Healthy | Health::Degraded));
        for state in Health::ALL {
            let gauge = self.state.with_label_values(&[&*self.sync_target, state.name()]);
            gauge.set(i64::from(state == health));
        }
    }
}

impl Recorder for MetricsCollector {
    fn operation(&self, kind: &str, operation: Operation, outcome: Outcome, took: Duration) {
        self.record_sync_operation(kind, operation, outcome, took);
    }

    fn error(&self, error_type: ErrorType) {
        self.record_error(error_type);
    }

    fn drift_corrected(&self) {
        self.drift.inc();
    }

    fn conflict(&self, policy: &'static str) {
        self.conflicts.with_label_values(&[&*self.sync_target, policy]).inc();
    }

    fn waited(&self, wait: Duration) {
        self.queue_latency.observe(wait.as_secs_f64());
    }

    fn depth(&self, keys: usize) {
        self.queue_depth.set(keys.try_into().unwrap_or(i64::MAX));
    }

    fn propagated(&self, from: Side, took: Duration) {
        let direction = match from {
            Side::Upstream => "down",
            Side::Downstream => "up",
        };
        let labels = [&*self.sync_target, direction];
        self.propagation.with_label_values(&labels).observe(took.as_secs_f64());
    }
}

fn register<C: Collector + Clone + 'static>(
    registry: &Registry,
    made: Result<C, prometheus::Error>,
) -> Result<C, prometheus::Error> {
    let made = made?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

#[cfg(test)]
mod tests;
