//! The resource versions clients ask for: parsing them, and waiting for those that are still to come.

use std::{sync::Arc, time::Duration};

use http::StatusCode;

use crate::apiserver::{
    log::ResourceLog,
    snapshot::Snapshot,
    status::{ApiError, Cause},
};

/// How long a read waits for a version that is not there yet.
const PATIENCE: Duration = Duration::from_secs(3);

/// `resourceVersion`: absent and empty mean the latest, `0` any, else at least this one.
pub(crate) fn parse(value: Option<&str>) -> Result<Option<u64>, ApiError> {
    let text = match value {
        None | Some("") => return Ok(None),
        Some(text) => text,
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(Some).ok_or_else(|| {
        let why = if digits { "value out of range" } else { "invalid syntax" };
        ApiError::bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: {why}"
        ))
    })
}

/// The current snapshot once it is not older than `version`; 504 with the cause client-go knows after 3 s.
pub(crate) async fn not_older_than(log: &ResourceLog, version: u64) -> Result<Arc<Snapshot>, ApiError> {
    let mut head = log.subscribe();
    let reached = async {
        loop {
            head.mark_unchanged();
            let snapshot = log.snapshot();
            if snapshot.resource_version >= version || head.changed().await.is_err() {
                return snapshot;
            }
        }
    };
    let snapshot = tokio::time::timeout(PATIENCE, reached).await.unwrap_or_else(|_| log.snapshot());
    if snapshot.resource_version >= version {
        return Ok(snapshot);
    }
    Err(too_large(version, snapshot.resource_version))
}

fn too_large(asked: u64, current: u64) -> ApiError {
    let mut error = ApiError::new(
        StatusCode::GATEWAY_TIMEOUT,
        "Timeout",
        format!("Timeout: Too large resource version: {asked}, current: {current}"),
    )
    .retry_after(1);
    error.details.get_or_insert_default().causes.push(Cause {
        reason: "ResourceVersionTooLarge",
        message: "Too large resource version".into(),
        field: String::new(),
    });
    error
}
