//! Messages as kube-aggregator writes them, and the advice that belongs to each.

use serde_json::json;

use super::*;

fn available(reason: &str, message: &str) -> Condition {
    let object = json!({"status": {"conditions": [
        {"type": "Other", "status": "True"},
        {"type": "Available", "status": "False", "reason": reason, "message": message},
    ]}});
    find(&object, "Available").unwrap()
}

#[test]
fn every_reason_says_what_to_do() {
    let url = "failing or missing response from https://10.0.0.1:443/apis/views.workload.kcp.io/v1alpha1: ";
    let cases = [
        ("ServiceNotFound", String::new(), "tmc register"),
        ("ServicePortError", String::new(), "--service"),
        ("MissingEndpoints", String::new(), "tmc serve"),
        ("EndpointsNotFound", String::new(), "tmc serve"),
        ("FailedDiscoveryCheck", format!("{url}x509: certificate signed by unknown authority"), "bundle"),
        ("FailedDiscoveryCheck", format!("{url}x509: certificate is valid for a, not b"), "another Service"),
        (
            "FailedDiscoveryCheck",
            format!("{url}dial tcp 127.0.0.1:1: connect: connection refused"),
            "nothing listens",
        ),
        (
            "FailedDiscoveryCheck",
            format!("{url}bad status from https://x: 403"),
            "kube-aggregator's certificate",
        ),
        ("FailedDiscoveryCheck", format!("{url}context deadline exceeded"), "firewall"),
        ("FailedDiscoveryCheck", format!("{url}bad status from https://x: 500"), "log of"),
    ];
    for (reason, message, expected) in cases {
        let condition = available(reason, &message);
        assert!(!condition.is_true());
        let text = condition.explained();
        assert!(text.starts_with(reason) && text.contains(&message) && text.contains(expected), "{text}");
    }
}

#[test]
fn a_reason_we_do_not_know_stays_as_it_is() {
    assert_eq!(available("Novel", "something").explained(), "Novel: something");
    assert_eq!(find(&json!({}), "Available"), None);
}
