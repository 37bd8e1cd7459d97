//! One request of a reconciler, and who makes it. A right that is missing is named in the log, once.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use http::{Method, StatusCode};
use parking_lot::Mutex;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::upstream::{Upstream, UpstreamError};

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Get,
    Create,
    /// A merge patch.
    Merge,
    /// Server-side apply.
    Apply,
}

impl Action {
    fn verb(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Create => "create",
            Self::Merge | Self::Apply => "patch",
        }
    }

    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Create => Method::POST,
            Self::Merge | Self::Apply => Method::PATCH,
        }
    }

    fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Get => None,
            Self::Create => Some("application/json"),
            Self::Merge => Some("application/merge-patch+json"),
            Self::Apply => Some("application/apply-patch+yaml"),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Call {
    pub action: Action,
    pub path: String,
    pub body: Value,
    /// As RBAC names it.
    pub resource: &'static str,
    pub namespace: &'static str,
}

/// A name as one segment of a path.
pub fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// A path in a logical cluster; an empty one stands for an upstream that has none.
pub fn in_cluster(cluster: &str, path: &str) -> String {
    match cluster {
        "" => path.to_owned(),
        cluster => format!("/clusters/{}{path}", segment(cluster)),
    }
}

/// What reconcilers ask of an upstream, so that tests can answer.
#[async_trait]
pub trait Requests: Send + Sync + 'static {
    async fn request(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Value, UpstreamError>;
}

#[async_trait]
impl Requests for Upstream {
    async fn request(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Value, UpstreamError> {
        self.json(method, path, content_type, body).await
    }
}

/// Makes the calls of one process.
#[derive(Clone)]
pub struct Caller {
    requests: Arc<dyn Requests>,
    denied: Arc<Mutex<HashSet<String>>>,
    /// What gives a right that is missing, for the log.
    remedy: &'static str,
    /// Told of every right that is found missing.
    refused: Arc<Notify>,
}

impl Caller {
    pub fn new(requests: Arc<dyn Requests>) -> Self {
        let remedy = "apply the roles again with `tmc register`";
        Self { requests, denied: Arc::default(), remedy, refused: Arc::default() }
    }

    /// Notifies whenever a right is found missing.
    pub fn telling(self, refused: Arc<Notify>) -> Self {
        Self { refused, ..self }
    }

    /// What gives a right that is missing, for the log.
    pub fn with_remedy(self, remedy: &'static str) -> Self {
        Self { remedy, ..self }
    }

    pub async fn call(&self, call: &Call) -> Result<Value, UpstreamError> {
        let Call { action, path, body, resource, namespace } = call;
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = self.requests.request(action.method(), path, action.content_type(), body).await;
        let denied = matches!(&answer, Err(error) if error.code() == Some(StatusCode::FORBIDDEN));
        self.note(action.verb(), resource, namespace, denied);
        answer
    }

    /// Creates a namespace of a logical cluster. That it exists is as good.
    pub async fn make_namespace(&self, cluster: &str, name: &str) -> Result<(), UpstreamError> {
        let call = Call {
            action: Action::Create,
            path: in_cluster(cluster, "/api/v1/namespaces"),
            body: json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
            resource: "namespaces",
            namespace: "",
        };
        match self.call(&call).await {
            Ok(_) => {
                tracing::info!(namespace = name, "created namespace {name}");
                Ok(())
            }
            Err(error) if error.code() == Some(StatusCode::CONFLICT) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Logs a right that is missing when that is news.
    pub fn note(&self, verb: &str, resource: &str, namespace: &str, denied: bool) {
        let place = if namespace.is_empty() { String::new() } else { format!(" in namespace {namespace}") };
        let right = format!("{verb} {resource}{place}");
        let news = {
            let mut known = self.denied.lock();
            if denied { known.insert(right.clone()) } else { known.remove(&right) }
        };
        if news && denied {
            self.refused.notify_one();
        }
        match (news, denied) {
            (true, true) => {
                tracing::error!(verb, resource, namespace, "this process may not {right}; {}", self.remedy)
            }
            (true, false) => tracing::info!(verb, resource, namespace, "this process may {right} now"),
            _ => {}
        }
    }
}
