//! What an error of either side means: its name in the metrics, and what is done next. A total, pure function.

use std::time::Duration;

use super::api::ApiError;
use crate::informers::RETRY_AFTER_CAP;

/// Whose API it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Upstream,
    Downstream,
}

/// A closed set, so that it can label a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorType {
    UpstreamUnavailable,
    DownstreamUnavailable,
    Timeout,
    Throttled,
    Unauthorized,
    Forbidden,
    NotFound,
    ApiNotFound,
    AlreadyExists,
    Conflict,
    FieldConflict,
    OwnershipConflict,
    Invalid,
    Immutable,
    QuotaExceeded,
    AdmissionDenied,
    NamespaceTerminating,
    NamespaceCollision,
    TooLarge,
    TransformFailed,
    FilterInvalid,
    Decode,
    StatusFailed,
    WatchExpired,
    LeaseLost,
    Security,
    Internal,
}

impl ErrorType {
    /// The metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UpstreamUnavailable => "upstream_unavailable",
            Self::DownstreamUnavailable => "downstream_unavailable",
            Self::Timeout => "timeout",
            Self::Throttled => "throttled",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::ApiNotFound => "api_not_found",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::FieldConflict => "field_conflict",
            Self::OwnershipConflict => "ownership_conflict",
            Self::Invalid => "invalid",
            Self::Immutable => "immutable",
            Self::QuotaExceeded => "quota_exceeded",
            Self::AdmissionDenied => "admission_denied",
            Self::NamespaceTerminating => "namespace_terminating",
            Self::NamespaceCollision => "namespace_collision",
            Self::TooLarge => "too_large",
            Self::TransformFailed => "transform_failed",
            Self::FilterInvalid => "filter_invalid",
            Self::Decode => "decode",
            Self::StatusFailed => "status_failed",
            Self::WatchExpired => "watch_expired",
            Self::LeaseLost => "lease_lost",
            Self::Security => "security",
            Self::Internal => "internal",
        }
    }

    /// As a reason in a report.
    pub fn reason(self) -> &'static str {
        match self {
            Self::UpstreamUnavailable => "UpstreamUnavailable",
            Self::DownstreamUnavailable => "DownstreamUnavailable",
            Self::Timeout => "Timeout",
            Self::Throttled => "Throttled",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::ApiNotFound => "APINotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::Conflict => "Conflict",
            Self::FieldConflict => "FieldConflict",
            Self::OwnershipConflict => "OwnershipConflict",
            Self::Invalid => "Invalid",
            Self::Immutable => "Immutable",
            Self::QuotaExceeded => "QuotaExceeded",
            Self::AdmissionDenied => "AdmissionDenied",
            Self::NamespaceTerminating => "NamespaceTerminating",
            Self::NamespaceCollision => "NamespaceCollision",
            Self::TooLarge => "TooLarge",
            Self::TransformFailed => "TransformFailed",
            Self::FilterInvalid => "FilterInvalid",
            Self::Decode => "Decode",
            Self::StatusFailed => "StatusFailed",
            Self::WatchExpired => "WatchExpired",
            Self::LeaseLost => "LeaseLost",
            Self::Security => "Security",
            Self::Internal => "Internal",
        }
    }
}

/// What is done after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Again, later each time.
    Backoff,
    /// Again after this.
    After(Duration),
    /// Again when something changed, and seldom without.
    Permanent,
    /// Again at once, with what is there now.
    Reread,
    /// The whole kind waits until discovery has been looked at anew.
    PauseKind,
}

/// How long a namespace that is going away is waited for.
pub const TERMINATING: Duration = Duration::from_secs(10);

/// How long a right that is missing is waited for: somebody has to grant it.
pub const DENIED: Duration = Duration::from_secs(60);

/// What the error of a request to one side means.
pub fn classify(side: Side, error: &ApiError) -> (ErrorType, Retry) {
    match error {
        ApiError::Unreachable(_) => (unavailable(side), Retry::Backoff),
        ApiError::Resting(wait) => (unavailable(side), Retry::After(*wait)),
        ApiError::Timeout(_) => (ErrorType::Timeout, Retry::Backoff),
        ApiError::Body { .. } => (ErrorType::TooLarge, Retry::Permanent),
        ApiError::Decode(_) => (ErrorType::Decode, Retry::Backoff),
        ApiError::Status { code, retry_after, .. } => {
            let told = retry_after.map(|wait| wait.min(RETRY_AFTER_CAP));
            match (code, told) {
                (429, told) => (ErrorType::Throttled, told.map_or(Retry::Backoff, Retry::After)),
                (503, Some(wait)) => (ErrorType::Throttled, Retry::After(wait)),
                _ => refusal(side, error),
            }
        }
    }
}

fn unavailable(side: Side) -> ErrorType {
    match side {
        Side::Upstream => ErrorType::UpstreamUnavailable,
        Side::Downstream => ErrorType::DownstreamUnavailable,
    }
}

fn refusal(side: Side, error: &ApiError) -> (ErrorType, Retry) {
    let ApiError::Status { code, reason, message, details, .. } = error else {
        return (ErrorType::Internal, Retry::Backoff);
    };
    let cause = |wanted: &str| details.causes.iter().any(|cause| cause.reason == wanted);
    let texts = || details.causes.iter().map(|cause| &*cause.message).chain([&**message]);
    let says = |part: &str| texts().any(|text| text.contains(part));
    if reason == "Expired" {
        return (ErrorType::WatchExpired, Retry::Backoff);
    }
    if says("etcdserver: request is too large") || says("metadata.annotations: Too long") {
        return (ErrorType::TooLarge, Retry::Permanent);
    }
    match code {
        401 => (ErrorType::Unauthorized, Retry::Backoff),
        403 if cause("NamespaceTerminating") => (ErrorType::NamespaceTerminating, Retry::After(TERMINATING)),
        403 if says("exceeded quota") => (ErrorType::QuotaExceeded, Retry::Permanent),
        400 | 403 | 422 if denied_by_admission(message) => (ErrorType::AdmissionDenied, Retry::Permanent),
        403 => (ErrorType::Forbidden, Retry::After(DENIED)),
        404 if details.name.is_empty() => (ErrorType::ApiNotFound, Retry::PauseKind),
        404 => (ErrorType::NotFound, Retry::Reread),
        405 | 406 | 415 => (ErrorType::ApiNotFound, Retry::PauseKind),
        408 | 504 if reason == "Timeout" => (ErrorType::Timeout, Retry::Backoff),
        409 if reason == "AlreadyExists" => (ErrorType::AlreadyExists, Retry::Reread),
        409 if cause("FieldManagerConflict") => (ErrorType::FieldConflict, Retry::Reread),
        409 => (ErrorType::Conflict, Retry::Reread),
        410 => (ErrorType::WatchExpired, Retry::Backoff),
        413 => (ErrorType::TooLarge, Retry::Permanent),
        // An update of an object that has another uid by now.
        422 if details.causes.iter().any(|cause| cause.field == "metadata.uid") => {
            (ErrorType::Conflict, Retry::Reread)
        }
        422 if IMMUTABLE.iter().any(|text| says(text)) => (ErrorType::Immutable, Retry::Permanent),
        400 | 422 => (ErrorType::Invalid, Retry::Permanent),
        500..=599 => (unavailable(side), Retry::Backoff),
        _ => (ErrorType::Internal, Retry::Backoff),
    }
}

/// What kube-apiserver says of a field that cannot be changed.
const IMMUTABLE: &[&str] = &[
    "field is immutable",
    "may not change",
    "updates to statefulset spec for fields other than",
    "is immutable after",
];

/// A policy of the cluster said no, not its RBAC.
fn denied_by_admission(message: &str) -> bool {
    let webhook = message.contains("admission webhook") && message.contains("denied");
    webhook || message.contains("denied request") || message.contains("violates PodSecurity")
}

#[cfg(test)]
mod tests;
