//! Every line of the table, and that there is an answer to anything.

use proptest::prelude::*;

use super::*;
use crate::syncer::api::{Cause, Details};

fn status(code: u16, reason: &str, message: &str, name: &str, causes: &[(&str, &str)]) -> ApiError {
    let causes = causes.iter().map(|(reason, message)| Cause {
        reason: (*reason).to_owned(),
        message: (*message).to_owned(),
        field: String::new(),
    });
    let details = Box::new(Details { name: name.to_owned(), causes: causes.collect(), ..Details::default() });
    ApiError::Status {
        code,
        reason: reason.to_owned(),
        message: message.to_owned(),
        details,
        retry_after: None,
    }
}

fn told(code: u16, seconds: u64) -> ApiError {
    let ApiError::Status { code, reason, message, details, .. } = ApiError::status(code, "", "") else {
        unreachable!()
    };
    ApiError::Status { code, reason, message, details, retry_after: Some(Duration::from_secs(seconds)) }
}

/// As kube-apiserver answers an apply for a uid that is not there any more.
#[test]
fn an_object_that_was_made_anew_is_read_again_and_never_taken_for_immutable() {
    let cause = Cause {
        reason: "FieldValueInvalid".to_owned(),
        message: "Invalid value: \"u1\": field is immutable".to_owned(),
        field: "metadata.uid".to_owned(),
    };
    let error = ApiError::Status {
        code: 422,
        reason: "Invalid".to_owned(),
        message: "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"u1\": field is immutable"
            .to_owned(),
        details: Box::new(Details { name: "a".to_owned(), causes: vec![cause], ..Details::default() }),
        retry_after: None,
    };
    assert_eq!(classify(Side::Downstream, &error), (ErrorType::Conflict, Retry::Reread));
}

#[test]
fn errors_mean_what_the_table_says() {
    use ErrorType as E;
    let second = Duration::from_secs;
    let quota =
        "pods \"a\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1";
    let webhook = "admission webhook \"w.example.com\" denied the request: no";
    let policy = "deployments.apps \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no";
    let sets = "StatefulSet.apps \"a\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than \
        'replicas', 'ordinals' are forbidden";
    let cases = [
        (ApiError::Unreachable("refused".into()), E::DownstreamUnavailable, Retry::Backoff),
        (ApiError::Resting(second(4)), E::DownstreamUnavailable, Retry::After(second(4))),
        (ApiError::Timeout(second(10)), E::Timeout, Retry::Backoff),
        (ApiError::Body { limit: 1 }, E::TooLarge, Retry::Permanent),
        (ApiError::Decode("eof".into()), E::Decode, Retry::Backoff),
        (status(500, "InternalError", "", "", &[]), E::DownstreamUnavailable, Retry::Backoff),
        (status(502, "", "", "", &[]), E::DownstreamUnavailable, Retry::Backoff),
        (status(503, "", "", "", &[]), E::DownstreamUnavailable, Retry::Backoff),
        (status(504, "Timeout", "", "", &[]), E::Timeout, Retry::Backoff),
        (told(503, 3), E::Throttled, Retry::After(second(3))),
        (told(429, 3), E::Throttled, Retry::After(second(3))),
        (told(429, u64::MAX), E::Throttled, Retry::After(RETRY_AFTER_CAP)),
        (status(429, "TooManyRequests", "", "", &[]), E::Throttled, Retry::Backoff),
        (status(401, "Unauthorized", "", "", &[]), E::Unauthorized, Retry::Backoff),
        (
            status(403, "Forbidden", "", "", &[("NamespaceTerminating", "")]),
            E::NamespaceTerminating,
            Retry::After(TERMINATING),
        ),
        (status(403, "Forbidden", quota, "", &[]), E::QuotaExceeded, Retry::Permanent),
        (status(403, "Forbidden", webhook, "", &[]), E::AdmissionDenied, Retry::Permanent),
        (status(400, "BadRequest", webhook, "", &[]), E::AdmissionDenied, Retry::Permanent),
        (status(422, "Invalid", policy, "", &[]), E::AdmissionDenied, Retry::Permanent),
        (
            status(403, "Forbidden", "User \"u\" cannot patch resource", "", &[]),
            E::Forbidden,
            Retry::After(DENIED),
        ),
        (status(404, "NotFound", "", "a", &[]), E::NotFound, Retry::Reread),
        (status(404, "NotFound", "", "", &[]), E::ApiNotFound, Retry::PauseKind),
        (status(409, "AlreadyExists", "", "a", &[]), E::AlreadyExists, Retry::Reread),
        (status(409, "Conflict", "", "a", &[("FieldManagerConflict", "")]), E::FieldConflict, Retry::Reread),
        (status(409, "Conflict", "", "a", &[]), E::Conflict, Retry::Reread),
        (status(410, "Gone", "", "", &[]), E::WatchExpired, Retry::Backoff),
        (status(410, "Expired", "", "", &[]), E::WatchExpired, Retry::Backoff),
        (status(413, "RequestEntityTooLarge", "", "", &[]), E::TooLarge, Retry::Permanent),
        (status(500, "", "etcdserver: request is too large", "", &[]), E::TooLarge, Retry::Permanent),
        (
            status(
                422,
                "Invalid",
                "",
                "a",
                &[("FieldValueTooLong", "metadata.annotations: Too long: may not be")],
            ),
            E::TooLarge,
            Retry::Permanent,
        ),
        (
            status(
                422,
                "Invalid",
                "",
                "a",
                &[("FieldValueInvalid", "Invalid value: {}: field is immutable")],
            ),
            E::Immutable,
            Retry::Permanent,
        ),
        (
            status(422, "Invalid", "spec.clusterIPs[0]: may not change once set", "a", &[]),
            E::Immutable,
            Retry::Permanent,
        ),
        (status(422, "Invalid", sets, "a", &[]), E::Immutable, Retry::Permanent),
        (status(422, "Invalid", "must be set", "a", &[]), E::Invalid, Retry::Permanent),
        (status(400, "BadRequest", "", "", &[]), E::Invalid, Retry::Permanent),
    ];
    for (error, error_type, retry) in cases {
        assert_eq!(classify(Side::Downstream, &error), (error_type, retry), "{error}");
    }
    let upstream = classify(Side::Upstream, &ApiError::status(503, "", ""));
    assert_eq!(upstream.0, ErrorType::UpstreamUnavailable);
}

proptest! {
    #[test]
    fn anything_has_a_meaning(
        code in 100_u16..1000,
        reason in ".{0,12}",
        message in ".{0,40}",
        name in ".{0,5}",
        cause in prop::option::of((".{0,12}", ".{0,20}")),
        seconds in prop::option::of(any::<u64>()),
    ) {
        let causes = cause.into_iter().map(|(reason, message)| Cause { reason, message, field: String::new() });
        let details = Box::new(Details { name, causes: causes.collect(), ..Details::default() });
        let retry_after = seconds.map(Duration::from_secs);
        let error = ApiError::Status { code, reason, message, details, retry_after };
        let (error_type, retry) = classify(Side::Upstream, &error);
        let label = error_type.as_str();
        prop_assert!(label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        prop_assert!(!matches!(retry, Retry::After(wait) if wait > DENIED));
    }
}
