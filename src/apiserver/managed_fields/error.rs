//! Why an apply fails, and the answer to it.

use http::StatusCode;

use super::conflict::Conflicts;
use crate::apiserver::status::{ApiError, Cause, Details};

/// Why an apply fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// 400
    #[error("{0}")]
    BadRequest(String),
    /// 409, one cause for each.
    #[error(transparent)]
    Conflicts(#[from] Conflicts),
    /// 500 without a reason.
    #[error("{0}")]
    Internal(String),
}

impl From<ApplyError> for ApiError {
    fn from(error: ApplyError) -> Self {
        let message = error.to_string();
        let conflicts = match error {
            ApplyError::BadRequest(message) => return Self::bad_request(message),
            ApplyError::Internal(message) => {
                return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "", message);
            }
            ApplyError::Conflicts(conflicts) => conflicts,
        };
        let causes = conflicts.0.iter().map(|conflict| Cause {
            reason: "FieldManagerConflict",
            message: conflict.message(),
            field: conflict.field(),
        });
        let details = Details { causes: causes.collect(), ..Details::default() };
        Self { details: Some(Box::new(details)), ..Self::new(StatusCode::CONFLICT, "Conflict", message) }
    }
}
