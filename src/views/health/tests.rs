//! The whole table of health, and each sign that leads into it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::*;
use crate::api::workload::SyncedResource;

#[test]
fn health_is_this_table() {
    let ages = [
        (None, true),
        (Some(Duration::ZERO), false),
        (Some(SILENT_AFTER), false),
        (Some(SILENT_AFTER + Duration::from_millis(1)), true),
        (Some(Duration::MAX), true),
    ];
    for (age, is_silent) in ages {
        assert_eq!(silent(age), is_silent);
        for ready in [None, Some(Says::True), Some(Says::False), Some(Says::Unknown)] {
            for impaired in [false, true] {
                let expected = match (is_silent, ready, impaired) {
                    (true, _, _) => Health::Unknown,
                    (_, None | Some(Says::Unknown), _) => Health::Unknown,
                    (_, Some(Says::False), _) => Health::Unhealthy,
                    (_, Some(Says::True), true) => Health::Degraded,
                    (_, Some(Says::True), false) => Health::Healthy,
                };
                assert_eq!(health(Signs { ready, impaired }, age), expected, "{age:?} {ready:?} {impaired}");
            }
        }
    }
}

fn with(kind: &str, status: &str, reason: &str) -> SyncTargetStatus {
    let condition = Condition {
        type_: kind.into(),
        status: status.into(),
        reason: reason.into(),
        message: String::new(),
        last_transition_time: Time(jiff::Timestamp::UNIX_EPOCH),
        observed_generation: None,
    };
    SyncTargetStatus { conditions: vec![condition], ..SyncTargetStatus::default() }
}

#[test]
fn signs_are_read_from_conditions() {
    for (kind, status, reason, impaired) in [
        ("SyncerAuthorized", "False", "SyncerUnauthorized", true),
        ("SyncerAuthorized", "Unknown", "X", false),
        ("APIImporterReady", "False", "DiscoveryFailed", true),
        ("ResourcesSynced", "False", "Backlog", true),
        ("SecurityContextValid", "False", "TLSVerifyDisabled", true),
        ("SecurityContextValid", "True", "CertExpiresSoon", true),
        ("SecurityContextValid", "True", "AsExpected", false),
        ("Schedulable", "False", "Cordoned", false),
        ("HeartbeatHealthy", "Unknown", "HeartbeatStale", false),
    ] {
        assert_eq!(Signs::of(&with(kind, status, reason)).impaired, impaired, "{kind} {status} {reason}");
    }
    for (status, expected) in [("True", Says::True), ("False", Says::False), ("Odd", Says::Unknown)] {
        assert_eq!(Signs::of(&with("Ready", status, "X")).ready, Some(expected));
    }
}

#[test]
fn an_incompatible_resource_impairs() {
    let resource = |state| SyncedResource {
        group: String::new(),
        resource: "pods".into(),
        versions: Vec::new(),
        identity_hash: None,
        state,
        message: None,
    };
    for state in [CompatibilityState::Pending, CompatibilityState::Accepted, CompatibilityState::Incompatible]
    {
        let status =
            SyncTargetStatus { synced_resources: vec![resource(state)], ..SyncTargetStatus::default() };
        assert_eq!(Signs::of(&status).impaired, state == CompatibilityState::Incompatible);
    }
}
