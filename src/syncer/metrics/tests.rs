//! Names, labels and types of the series, and that they do not stay for ever.

use prometheus::{Encoder, TextEncoder};

use super::*;

fn text(registry: &Registry) -> String {
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn series_have_exactly_these_names_and_labels() {
    let registry = Registry::new();
    let metrics = MetricsCollector::new(&registry, "east", "root:a").unwrap();
    let took = Duration::from_millis(3);
    metrics.record_sync_operation("deployments.apps", Operation::StatusUpdate, Outcome::Noop, took);
    metrics.record_resource_count("secrets", "synced", 3);
    metrics.record_state(Health::Degraded);
    metrics.record_error(ErrorType::Timeout);
    metrics.conflict("UpstreamWins");
    metrics.drift_corrected();
    metrics.propagated(Side::Upstream, took);
    metrics.waited(took);
    metrics.depth(2);
    let text = text(&registry);
    for line in [
        r#"syncer_operations_total{operation="status_update",resource_type="deployments.apps",result="noop",sync_target="east"} 1"#,
        r#"syncer_operation_duration_seconds_count{operation="status_update",resource_type="deployments.apps",sync_target="east"} 1"#,
        r#"syncer_resources_total{resource_type="secrets",status="synced",sync_target="east"} 3"#,
        r#"syncer_target_health{cluster="root:a",sync_target="east"} 1"#,
        r#"syncer_target_health_state{state="Degraded",sync_target="east"} 1"#,
        r#"syncer_target_health_state{state="Healthy",sync_target="east"} 0"#,
        r#"syncer_errors_total{error_type="timeout",sync_target="east"} 1"#,
        r#"syncer_conflicts_total{policy="UpstreamWins",sync_target="east"} 1"#,
        r#"syncer_drift_corrections_total{sync_target="east"} 1"#,
        r#"syncer_propagation_seconds_count{direction="down",sync_target="east"} 1"#,
        "syncer_queue_depth 2",
        "syncer_queue_latency_seconds_count 1",
        "syncer_leader 0",
        "syncer_heartbeat_age_seconds 0",
        "# TYPE syncer_operations_total counter",
        "# TYPE syncer_operation_duration_seconds histogram",
        "# TYPE syncer_resources_total gauge",
        "# TYPE syncer_target_health gauge",
        "# TYPE syncer_errors_total counter",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[test]
fn a_kind_that_is_gone_has_no_series_any_more() {
    let registry = Registry::new();
    let metrics = MetricsCollector::new(&registry, "east", "root:a").unwrap();
    let row = |kind: &str, state, count| (kind.to_owned(), state, count);
    metrics.record_resource_counts(&[row("secrets", "synced", 1), row("jobs.batch", "error", 2)]);
    metrics.record_resource_counts(&[row("secrets", "synced", 2), row("secrets", "error", 0)]);
    let text = text(&registry);
    assert!(!text.contains("jobs.batch"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("syncer_resources_total{")).count(), 2);
    metrics.record_state(Health::Unhealthy);
    metrics.record_state(Health::Unknown);
    let text = self::text(&registry);
    assert!(text.contains(r#"syncer_target_health{cluster="root:a",sync_target="east"} 0"#));
    assert!(text.contains(r#"state="Unknown",sync_target="east"} 1"#));
}
