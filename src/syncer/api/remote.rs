//! Requests to a Kubernetes API over the network, each with a deadline and a limit on its answer.

use async_trait::async_trait;
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde::Deserialize;

use super::{Action, Answer, Api, ApiError, Call, Details, object};
use crate::upstream::{BODY_LIMIT, REQUEST_TIMEOUT, Upstream, UpstreamError, read_limited, redacted};

const JSON: &str = "application/json";
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

impl Action {
    fn method(self) -> Method {
        match self {
            Self::Get | Self::List => Method::GET,
            Self::Create => Method::POST,
            Self::Merge | Self::Apply => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }

    fn accept(self) -> &'static str {
        match self {
            Self::List => METADATA,
            _ => JSON,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Merge => "application/merge-patch+json",
            Self::Apply => "application/apply-patch+yaml",
            _ => JSON,
        }
    }
}

#[async_trait]
impl Api for Upstream {
    async fn call(&self, call: &Call) -> Result<Answer, ApiError> {
        let request = request(call).map_err(|error| ApiError::Unreachable(error.to_string()))?;
        let answer = async {
            let response = self.send(request).await?;
            let (parts, body) = response.into_parts();
            Ok((parts, read_limited(body, BODY_LIMIT).await?))
        };
        let (parts, bytes) = tokio::time::timeout(REQUEST_TIMEOUT, answer)
            .await
            .map_err(|_| ApiError::Timeout(REQUEST_TIMEOUT))?
            .map_err(|error: UpstreamError| ApiError::from(error))?;
        if !parts.status.is_success() {
            return Err(status(parts.status, &parts.headers, &bytes));
        }
        let object = object::read(&bytes).map_err(|error| ApiError::Decode(redacted(&error)))?;
        Ok(Answer { code: parts.status.as_u16(), object })
    }
}

fn request(call: &Call) -> Result<Request<Vec<u8>>, http::Error> {
    let body = if call.body.is_null() {
        Vec::new()
    } else {
        serde_json::to_vec(&call.body).expect("a Value is JSON")
    };
    Request::builder()
        .method(call.action.method())
        .uri(&call.path)
        .header(header::ACCEPT, call.action.accept())
        .header(header::CONTENT_TYPE, call.action.content_type())
        .body(body)
}

/// What a refused request says of itself.
pub(super) fn status(code: StatusCode, headers: &HeaderMap, body: &[u8]) -> ApiError {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Status {
        reason: String,
        message: String,
        details: Option<Details>,
    }
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    let retry_after = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|seconds| seconds.parse().ok())
        .map(std::time::Duration::from_secs);
    ApiError::Status {
        code: code.as_u16(),
        reason: status.reason,
        message: if status.message.is_empty() { code.to_string() } else { status.message },
        details: Box::new(status.details.unwrap_or_default()),
        retry_after,
    }
}

impl From<UpstreamError> for ApiError {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Unreachable(source) => Self::Unreachable(source.to_string()),
            UpstreamError::Timeout(limit) => Self::Timeout(limit),
            UpstreamError::Status { code, reason, message, retry_after } => {
                Self::Status { code: code.as_u16(), reason, message, details: Box::default(), retry_after }
            }
            UpstreamError::Body { limit } => Self::Body { limit },
            UpstreamError::Decode(place) => Self::Decode(place),
        }
    }
}
