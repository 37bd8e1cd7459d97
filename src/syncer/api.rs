//! One request of one side: what is asked, what came back, and what went wrong in terms that decide what follows.
//!
//! Bodies are bounded and never part of an error or a log, for they may hold a secret. It must not know why
//! anything is asked.

mod object;
mod paced;
mod remote;

pub use paced::{Paced, Rates};

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::kind::Kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Get,
    /// Of a collection, nothing but metadata.
    List,
    /// Of what is not there yet.
    Create,
    Merge,
    Apply,
    Delete,
}

/// One request.
#[derive(Clone, PartialEq)]
pub struct Call {
    pub action: Action,
    /// With its query.
    pub path: String,
    /// `Null` for none.
    pub body: Value,
}

/// Without the body.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("action", &self.action).field("path", &self.path).finish_non_exhaustive()
    }
}

/// What an apply does beside applying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Takes fields over that other managers hold.
    pub force: bool,
    /// Nothing is stored.
    pub dry_run: bool,
}

impl Call {
    pub fn get(kind: &Kind, namespace: &str, name: &str) -> Self {
        Self { action: Action::Get, path: kind.path(namespace, name), body: Value::Null }
    }

    /// The first few objects of a collection.
    pub fn list(kind: &Kind, namespace: &str, limit: usize) -> Self {
        let path = format!("{}?limit={limit}", kind.collection(namespace));
        Self { action: Action::List, path, body: Value::Null }
    }

    /// It fails if anything of that name is there.
    pub fn create(kind: &Kind, namespace: &str, manager: &str, body: Value) -> Self {
        let path = format!("{}?fieldManager={manager}", kind.collection(namespace));
        Self { action: Action::Create, path, body }
    }

    /// A server-side apply by `manager`. The body says what it may do: with resourceVersion "1", which no object
    /// has, it only creates; with a uid it only updates.
    pub fn apply(
        kind: &Kind,
        namespace: &str,
        name: &str,
        manager: &str,
        options: ApplyOptions,
        body: Value,
    ) -> Self {
        // A manager's name is `kcp-syncer/<letters and digits>`.
        let mut path = written(kind.path(namespace, name), manager);
        if options.force {
            path.push_str("&force=true");
        }
        if options.dry_run {
            path.push_str("&dryRun=All");
        }
        Self { action: Action::Apply, path, body }
    }

    pub fn merge(kind: &Kind, namespace: &str, name: &str, manager: &str, body: Value) -> Self {
        let path = written(kind.path(namespace, name), manager);
        Self { action: Action::Merge, path, body }
    }

    /// Of exactly the object that was read, in the background: a Job's Pods go with it.
    pub fn delete(kind: &Kind, namespace: &str, name: &str, uid: &str, resource_version: &str) -> Self {
        let body = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
            "preconditions": {"uid": uid, "resourceVersion": resource_version},
        });
        Self { action: Action::Delete, path: kind.path(namespace, name), body }
    }
}

/// A patch's path. Nobody reads a warning of fields that are given twice, and a body made of a map has none; the server
/// would read the body once more to look for them.
fn written(path: String, manager: &str) -> String {
    format!("{path}?fieldManager={manager}&fieldValidation=Ignore")
}

/// What a request that went well came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// 201 for what was created.
    pub code: u16,
    pub object: Value,
}

/// What a Status says of what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Details {
    pub name: String,
    pub group: String,
    /// The plural resource, as kube-apiserver fills it in.
    pub kind: String,
    pub causes: Vec<Cause>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cause {
    pub reason: String,
    pub message: String,
    pub field: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Whether the request was carried out is unknown.
    #[error("the API cannot be reached: {0}")]
    Unreachable(String),
    #[error("the API did not answer within {0:?}")]
    Timeout(Duration),
    /// Nothing was sent, since the last requests all failed.
    #[error("the API is not asked for another {0:?}, after several requests failed")]
    Resting(Duration),
    #[error("the API answered {code} {reason}: {message}")]
    Status {
        code: u16,
        reason: String,
        message: String,
        details: Box<Details>,
        retry_after: Option<Duration>,
    },
    #[error("the answer is longer than {limit} bytes or was cut short")]
    Body { limit: usize },
    /// Where it failed, without the text that failed.
    #[error("the answer is not the JSON that was expected: {0}")]
    Decode(String),
}

impl ApiError {
    /// A Status with nothing but this.
    pub fn status(code: u16, reason: &str, message: &str) -> Self {
        Self::Status {
            code,
            reason: reason.to_owned(),
            message: message.to_owned(),
            details: Box::default(),
            retry_after: None,
        }
    }

    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Status { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// What it says in short: without the texts of the server, which may quote what was sent.
    pub fn brief(&self) -> String {
        match self {
            Self::Status { code, reason, .. } if reason.is_empty() => format!("the API answered {code}"),
            Self::Status { code, reason, .. } => format!("the API answered {code} {reason}"),
            other => other.to_string(),
        }
    }

    /// The server itself says that this very object does not exist. Any other 404, by a proxy, for a path or for a
    /// namespace, says nothing of the object.
    pub fn denies(&self, kind: &Kind, name: &str) -> bool {
        match self {
            Self::Status { code: 404, reason, details, .. } => {
                reason == "NotFound"
                    && details.name == name
                    && details.group == kind.group
                    && details.kind == kind.resource
            }
            _ => false,
        }
    }

    /// The namespace that something was to be made in does not exist.
    pub fn denies_namespace(&self, namespace: &str) -> bool {
        match self {
            Self::Status { code: 404, reason, details, .. } => {
                reason == "NotFound" && details.name == namespace && details.kind == "namespaces"
            }
            _ => false,
        }
    }
}

/// What is asked of one side, so that tests can answer.
#[async_trait]
pub trait Api: Send + Sync + 'static {
    async fn call(&self, call: &Call) -> Result<Answer, ApiError>;

    /// How long nothing is to be asked of it.
    fn rest(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests;
