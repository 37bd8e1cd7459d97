//! Why a source cannot go on: a closed set, so that it can label a metric, and safe to log.

use std::time::Duration;

use http::StatusCode;

use crate::upstream::UpstreamError;

/// The longest wait an upstream may ask for.
pub const RETRY_AFTER_CAP: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("the API cannot be reached")]
    Unreachable,
    #[error("the API did not answer in time")]
    Timeout,
    #[error("the API answered {0}")]
    Status(StatusCode, Option<Duration>),
    #[error("the API does not serve the resource")]
    NotInstalled,
    #[error("the resource version is too old")]
    Expired,
    #[error("the answer is over the limit of {0}")]
    TooLarge(&'static str),
    #[error("the stream broke off")]
    Cut,
    #[error("the answer makes no sense: {0}")]
    Desync(&'static str),
}

impl Trouble {
    /// The metric's label.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Status(..) => "status",
            Self::NotInstalled => "not_installed",
            Self::Expired => "expired",
            Self::TooLarge(_) => "too_large",
            Self::Cut => "cut",
            Self::Desync(_) => "desync",
        }
    }

    /// Whether a watch may go on from its last version; otherwise only a new list helps.
    pub fn resumable(&self) -> bool {
        match self {
            Self::Unreachable | Self::Timeout | Self::Cut => true,
            Self::Status(code, _) => code.is_server_error() || *code == StatusCode::TOO_MANY_REQUESTS,
            Self::NotInstalled | Self::Expired | Self::TooLarge(_) | Self::Desync(_) => false,
        }
    }

    /// The wait the upstream asked for, within reason.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status(_, wait) => wait.map(|wait| wait.min(RETRY_AFTER_CAP)),
            _ => None,
        }
    }

    pub(super) fn of_status(code: StatusCode, retry_after: Option<Duration>) -> Self {
        match code {
            StatusCode::NOT_FOUND => Self::NotInstalled,
            StatusCode::GONE => Self::Expired,
            code => Self::Status(code, retry_after),
        }
    }
}

impl From<UpstreamError> for Trouble {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Unreachable(_) => Self::Unreachable,
            UpstreamError::Timeout(_) => Self::Timeout,
            UpstreamError::Status { code, retry_after, .. } => Self::of_status(code, retry_after),
            UpstreamError::Body { .. } => Self::TooLarge("one answer"),
            UpstreamError::Decode(_) => Self::Desync("not JSON"),
        }
    }
}
