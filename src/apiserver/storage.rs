//! The seam between the library and what is served: a resource's name, its log, and who writes it.

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::Value;

use super::{
    log::ResourceLog, object::Object, request::ResourceRequest, resource::ResourceInfo, scope::Scope,
    status::ApiError,
};

/// A resource that can be read and watched, and perhaps written.
pub trait Storage: Send + Sync + 'static {
    fn info(&self) -> &Arc<ResourceInfo>;

    /// What field selectors may ask for besides `metadata.name` and `metadata.namespace`.
    fn selectable_fields(&self) -> &[String] {
        &[]
    }

    /// The log of one scope. An error says why there is no data: an unknown scope, or a source that has
    /// not been read completely yet (503 with Retry-After).
    fn log(&self, scope: &Scope) -> Result<Arc<ResourceLog>, ApiError>;

    /// Whether an object of the log is of this scope, where several scopes share a log. Lists and watches ask
    /// [`AccessControl`](super::identity::AccessControl).
    fn shows(&self, _scope: &Scope, _name: &str) -> bool {
        true
    }

    /// `None` for what is only read.
    fn writer(&self) -> Option<&dyn Writer> {
        None
    }
}

/// Changes objects, and answers for their subresources.
#[async_trait]
pub trait Writer: Send + Sync {
    async fn write(&self, request: &ResourceRequest) -> Result<Written, ApiError>;

    /// A get of a subresource.
    async fn read(&self, request: &ResourceRequest) -> Result<Written, ApiError>;
}

/// The answer to a write.
pub struct Written {
    pub code: StatusCode,
    pub answer: Answer,
    /// What the client should know although its request was granted; one `Warning` header each.
    pub warnings: Vec<String>,
}

pub enum Answer {
    Object(Arc<Object>),
    /// What is not stored: a Status, a Scale, a review, the outcome of a dry run.
    Json(Value),
}
