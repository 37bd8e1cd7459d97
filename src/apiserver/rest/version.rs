//! Waiting for a version that is still to come, and the error for one that does not.

use std::{sync::Arc, time::Duration};

use http::StatusCode;

use crate::apiserver::{
    log::ResourceLog,
    snapshot::Snapshot,
    status::{ApiError, Cause},
};

/// How long a read waits for a version that is not there yet.
const PATIENCE: Duration = Duration::from_secs(3);

/// The current snapshot once it is not older than `version`; 504 with the cause client-go knows after 3 s.
pub(super) async fn not_older_than(log: &ResourceLog, version: u64) -> Result<Arc<Snapshot>, ApiError> {
    let snapshot = log.snapshot();
    if snapshot.resource_version >= version {
        return Ok(snapshot);
    }
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
