//! The Prometheus registry and the `apiserver_*` series of this library, under the names Kubernetes uses.
//!
//! Fed by filters, listener and watches. Labels come from closed sets: verbs, served resources and codes,
//! never from a path, a name or a caller.

use std::{borrow::Borrow, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder, core::Collector,
};

use super::{resource::ResourceInfo, rest::WatchObserver, status::ApiError};

mod labels;
mod resolved;

pub use labels::RequestLabels;
use resolved::Answers;
pub use resolved::{Attempt, Attempts};

const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
const BYTES: &[f64] = &[1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
const EVENT_BYTES: &[f64] = &[1024., 2048., 4096., 8192., 16384., 32768., 65536., 131072.];
const REQUEST: &[&str] =
    &["verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component"];
const RESOURCE: &[&str] = &["group", "version", "resource"];

/// Every series of a server.
pub struct Metrics {
    registry: Registry,
    pub requests: IntCounterVec,
    pub request_seconds: HistogramVec,
    pub response_sizes: HistogramVec,
    pub long_running: IntGaugeVec,
    /// Of requests that read, and of the others.
    inflight: [IntGauge; 2],
    pub terminations: IntCounterVec,
    pub watch_events: IntCounterVec,
    pub watch_event_sizes: HistogramVec,
    pub watch_list_seconds: HistogramVec,
    pub tls_handshake_errors: IntCounter,
    pub connections: IntGaugeVec,
    pub connections_refused: IntCounter,
    pub stalled: IntCounterVec,
    pub authentications: Attempts,
    pub authorizations: Attempts,
    answers: Answers,
}

impl Metrics {
    /// Registers the series; other modules add theirs to the same registry.
    pub fn new(registry: Registry) -> Self {
        let with = |extra: &[&'static str]| [REQUEST, extra].concat();
        let r = &registry;
        let name = "apiserver_current_inflight_requests";
        let inflight = gauges(r, name, "Requests being handled now.", &["request_kind"]);
        Self {
            requests: counters(
                r,
                "apiserver_request_total",
                "Requests by verb, resource and code.",
                &with(&["code"]),
            ),
            request_seconds: histograms(
                r,
                "apiserver_request_duration_seconds",
                "Time to answer, watches excluded.",
                SECONDS,
                REQUEST,
            ),
            response_sizes: histograms(
                r,
                "apiserver_response_sizes",
                "Bytes of response bodies whose length is known.",
                BYTES,
                REQUEST,
            ),
            long_running: gauges(r, "apiserver_longrunning_requests", "Watches open now.", REQUEST),
            inflight: ["readOnly", "mutating"].map(|kind| inflight.with_label_values(&[kind])),
            terminations: counters(
                r,
                "apiserver_request_terminations_total",
                "Requests ended in self-defence.",
                &with(&["code"]),
            ),
            watch_events: counters(r, "apiserver_watch_events_total", "Events sent to watchers.", RESOURCE),
            watch_event_sizes: histograms(
                r,
                "apiserver_watch_events_sizes",
                "Bytes of events sent to watchers.",
                EVENT_BYTES,
                RESOURCE,
            ),
            watch_list_seconds: histograms(
                r,
                "apiserver_watch_list_duration_seconds",
                "Time to send the initial events.",
                SECONDS,
                RESOURCE,
            ),
            tls_handshake_errors: counter(
                r,
                "apiserver_tls_handshake_errors_total",
                "TLS handshakes that failed.",
            ),
            connections: gauges(r, "apiserver_connections", "Connections open now.", &["protocol"]),
            connections_refused: counter(
                r,
                "apiserver_connections_refused_total",
                "Connections closed at once, over the limit.",
            ),
            stalled: counters(
                r,
                "apiserver_stalled_clients_total",
                "Connections and responses cut because the peer read nothing.",
                &["kind"],
            ),
            authentications: Attempts::new(
                counters(r, "authentication_attempts", "Authentication attempts by result.", &["result"]),
                histograms(
                    r,
                    "authentication_duration_seconds",
                    "Time to authenticate.",
                    SECONDS,
                    &["result"],
                ),
                ["success", "failure", "error"],
            ),
            authorizations: Attempts::new(
                counters(r, "authorization_attempts_total", "Authorization attempts by result.", &["result"]),
                histograms(r, "authorization_duration_seconds", "Time to authorize.", SECONDS, &["result"]),
                ["allowed", "denied", "error"],
            ),
            answers: Answers::default(),
            registry,
        }
    }

    /// One answered request; a watch is counted when it ends, and its duration is not a latency.
    pub fn answered(&self, labels: &RequestLabels, code: StatusCode, took: Duration, size: Option<u64>) {
        let resolve = || {
            let values = labels.values();
            let requests = self.requests.with_label_values(&[&values[..], &[code.as_str()]].concat());
            let histograms = (labels.verb != "WATCH").then(|| {
                let sizes = self.response_sizes.with_label_values(&values);
                (self.request_seconds.with_label_values(&values), sizes)
            });
            (requests, histograms)
        };
        self.answers.count(labels, code, resolve, |(requests, histograms)| {
            requests.inc();
            if let Some((seconds, sizes)) = histograms {
                seconds.observe(took.as_secs_f64());
                if let Some(size) = size {
                    sizes.observe(size as f64);
                }
            }
        });
    }

    pub fn terminated(&self, labels: &RequestLabels, code: StatusCode) {
        self.terminations.with_label_values(&[&labels.values()[..], &[code.as_str()]].concat()).inc();
    }

    pub fn inflight(&self, reads: bool) -> &IntGauge {
        &self.inflight[usize::from(!reads)]
    }

    pub fn watching(&self, labels: &RequestLabels) -> IntGauge {
        self.long_running.with_label_values(&labels.values())
    }

    /// `/metrics` in the Prometheus text format.
    pub fn response(&self) -> Result<Response, ApiError> {
        text(&self.registry)
    }
}

/// All series of a registry in the Prometheus text format.
pub fn text(registry: &Registry) -> Result<Response, ApiError> {
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text).map_err(|error| {
        tracing::error!(%error, "metrics cannot be written");
        ApiError::internal()
    })?;
    let mut response = Response::new(Body::from(text));
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    Ok(response)
}

/// A gauge that is one higher while this lives.
pub struct Counted<G: Borrow<IntGauge> = IntGauge>(G);

impl<G: Borrow<IntGauge>> Counted<G> {
    pub fn new(gauge: G) -> Self {
        gauge.borrow().inc();
        Self(gauge)
    }
}

impl<G: Borrow<IntGauge>> Drop for Counted<G> {
    fn drop(&mut self) {
        self.0.borrow().dec();
    }
}

impl WatchObserver for Metrics {
    fn event_delivered(&self, resource: &Arc<ResourceInfo>, bytes: usize) {
        let labels = [&*resource.group, &*resource.version, &*resource.resource];
        self.watch_events.with_label_values(&labels).inc();
        self.watch_event_sizes.with_label_values(&labels).observe(bytes as f64);
    }

    fn watch_list_done(&self, resource: &Arc<ResourceInfo>, took: Duration) {
        let labels = [&*resource.group, &*resource.version, &*resource.resource];
        self.watch_list_seconds.with_label_values(&labels).observe(took.as_secs_f64());
    }
}

fn register<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    let made = made.expect("names and labels are constants that Prometheus accepts");
    registry.register(Box::new(made.clone())).expect("each name is registered once per registry");
    made
}

fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    register(registry, IntCounter::new(name, help))
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    register(registry, IntCounterVec::new(Opts::new(name, help), labels))
}

fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    register(registry, IntGaugeVec::new(Opts::new(name, help), labels))
}

fn histograms(registry: &Registry, name: &str, help: &str, buckets: &[f64], labels: &[&str]) -> HistogramVec {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    register(registry, HistogramVec::new(options, labels))
}

#[cfg(test)]
mod tests;
