//! The seam between the library and what is served: a resource's name and its log.

use std::sync::Arc;

use super::{log::ResourceLog, resource::ResourceInfo, scope::Scope, status::ApiError};

/// A resource that can be read and watched.
pub trait Storage: Send + Sync + 'static {
    fn info(&self) -> &'static ResourceInfo;

    /// The log of one scope. An error says why there is no data: an unknown scope, or a source that has
    /// not been read completely yet (503 with Retry-After).
    fn log(&self, scope: &Scope) -> Result<Arc<ResourceLog>, ApiError>;
}
