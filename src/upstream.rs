//! Talking to one Kubernetes API: where it is, who we are there, and requests with a limit on every answer.
//!
//! The only user of kube's client. Its own JSON reading is not used: it reads bodies without a bound and
//! logs them when they do not parse; its retries obey a `Retry-After` of any length.

pub mod authentication;
mod credentials;
mod kubeconfig;
pub mod reviews;
pub mod rights;
pub mod settings;

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
pub use kube::client::Body;
use kube::{Client, config::KubeConfigOptions};
use serde::{Deserialize, de::DeserializeOwned};

use self::settings::{Overrides, Settings};

/// The longest answer of a request that is not a list or watch.
pub const BODY_LIMIT: usize = 4 << 20;
/// How long such a request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// Connect, TLS, credentials or transport; whether the request was carried out is unknown.
    #[error("cannot reach the Kubernetes API")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the Kubernetes API did not answer within {0:?}")]
    Timeout(Duration),
    /// The API answered with an error Status.
    #[error("the Kubernetes API answered {code}: {message}")]
    Status { code: StatusCode, reason: String, message: String, retry_after: Option<Duration> },
    #[error("the answer is longer than {limit} bytes or was cut short")]
    Body { limit: usize },
    /// The text of the answer is never kept: it may hold a secret.
    #[error("the answer is not the JSON that was expected: {0}")]
    Decode(String),
}

impl UpstreamError {
    pub fn code(&self) -> Option<StatusCode> {
        match self {
            Self::Status { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether it failed because of the one object it is about: another one may pass.
    pub fn is_of_one(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Timeout(_) => false,
            Self::Body { .. } | Self::Decode(_) => true,
            Self::Status { code, .. } => matches!(
                *code,
                StatusCode::BAD_REQUEST
                    | StatusCode::NOT_FOUND
                    | StatusCode::CONFLICT
                    | StatusCode::PAYLOAD_TOO_LARGE
                    | StatusCode::UNPROCESSABLE_ENTITY
            ),
        }
    }
}

/// Where the API is and how we log in there.
#[derive(Clone, Debug, Default)]
pub struct Target<'a> {
    /// `None`: `$KUBECONFIG`, then `~/.kube/config`, then in-cluster.
    pub kubeconfig: Option<&'a Path>,
    pub context: Option<&'a str>,
    pub flags: Flags,
}

/// The flags that an error names.
#[derive(Clone, Copy, Debug)]
pub struct Flags {
    pub kubeconfig: &'static str,
    pub context: &'static str,
}

impl Default for Flags {
    fn default() -> Self {
        Self { kubeconfig: "--kubeconfig", context: "--context" }
    }
}

/// The end of a URL that means every logical cluster.
pub const ACROSS: &str = "/clusters/*";

/// An API and who we are there, all of it in PEM form.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    pub url: &'a str,
    pub ca: &'a str,
    pub user: LoginUser<'a>,
}

/// Who logs in.
#[derive(Clone, Copy)]
pub enum LoginUser<'a> {
    Certificate { certificate: &'a str, key: &'a str },
    Token(&'a str),
}

/// One Kubernetes API.
#[derive(Clone)]
pub struct Upstream {
    client: Arc<ArcSwap<Client>>,
    /// For messages only.
    pub server: String,
    across: bool,
}

impl Upstream {
    /// Reads the configuration and prepares a client; nothing is sent yet.
    pub async fn connect(target: &Target<'_>) -> anyhow::Result<Self> {
        Settings::read(target, &Overrides::default()).await?.connect().context(target.flags.kubeconfig)
    }

    /// As the ServiceAccount of the pod that we run in; nothing is sent yet.
    pub fn in_cluster() -> anyhow::Result<Self> {
        Settings::in_cluster()?.connect()
    }

    /// For a caller who has everything at hand; nothing is sent yet. A URL that ends with `/clusters/*` is that of
    /// many logical clusters at once.
    pub async fn in_memory(login: &Login<'_>) -> anyhow::Result<Self> {
        let file = kubeconfig::in_memory(login)?;
        Self::of(kubeconfig::configure(file, &KubeConfigOptions::default()).await?.config)
    }

    fn of(config: kube::Config) -> anyhow::Result<Self> {
        let server = config.cluster_url.to_string();
        let across = config.cluster_url.path().trim_end_matches('/').ends_with(ACROSS);
        let client = Self::client(config)?;
        Ok(Self { client: Arc::new(ArcSwap::from_pointee(client)), server, across })
    }

    /// Whether it reads many logical clusters at once.
    pub fn across(&self) -> bool {
        self.across
    }

    /// Sends a request and returns once the headers are there. The body is the caller's to bound.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, UpstreamError> {
        let client = self.client.load_full();
        client
            .send(request.map(Body::from))
            .await
            .map_err(|error| UpstreamError::Unreachable(credentials::redacted(error)))
    }

    /// `GET path`, decoded.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, UpstreamError> {
        self.json(Method::GET, path, None, Vec::new()).await
    }

    /// Any request with a JSON answer, within [`REQUEST_TIMEOUT`] and [`BODY_LIMIT`].
    pub async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<T, UpstreamError> {
        let mut request =
            Request::builder().method(method).uri(path).header(header::ACCEPT, "application/json");
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let request = request.body(body).map_err(|error| UpstreamError::Unreachable(Box::new(error)))?;
        let answer = async {
            let response = self.send(request).await?;
            let (parts, body) = response.into_parts();
            let bytes = read_limited(body, BODY_LIMIT).await?;
            if !parts.status.is_success() {
                return Err(status_error(parts.status, &parts.headers, &bytes));
            }
            serde_json::from_slice(&bytes).map_err(|error| UpstreamError::Decode(redacted(&error)))
        };
        tokio::time::timeout(REQUEST_TIMEOUT, answer)
            .await
            .map_err(|_| UpstreamError::Timeout(REQUEST_TIMEOUT))?
    }
}

/// The whole body, or an error when it is longer than `limit`.
pub async fn read_limited(body: Body, limit: usize) -> Result<Bytes, UpstreamError> {
    let body = Limited::new(body, limit).collect().await.map_err(|_| UpstreamError::Body { limit })?;
    Ok(body.to_bytes())
}

/// What a refused request says of itself.
pub fn status_error(code: StatusCode, headers: &http::HeaderMap, body: &[u8]) -> UpstreamError {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Status {
        reason: String,
        message: String,
    }
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    let retry_after = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|seconds| seconds.parse().ok())
        .map(Duration::from_secs);
    let message = if status.message.is_empty() { code.to_string() } else { status.message };
    UpstreamError::Status { code, reason: status.reason, message, retry_after }
}

/// Where decoding failed, without the text that failed.
pub fn redacted(error: &serde_json::Error) -> String {
    format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column())
}
