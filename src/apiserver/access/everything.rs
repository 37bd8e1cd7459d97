//! The access of who may list and by that sees every row: the rule of Kubernetes itself.

use std::sync::Arc;

use async_trait::async_trait;

use crate::apiserver::{
    identity::{Access, AccessControl, Attributes},
    log::ResourceLog,
    resource::ResourceInfo,
    status::ApiError,
};

/// Every row to whoever may list.
pub struct Everything;

#[async_trait]
impl AccessControl for Everything {
    async fn access(
        &self,
        _: &Arc<ResourceInfo>,
        _: &Attributes,
        _: &Arc<ResourceLog>,
    ) -> Result<Arc<dyn Access>, ApiError> {
        Ok(Arc::new(Self))
    }
}

#[async_trait]
impl Access for Everything {
    fn all(&self) -> bool {
        true
    }

    fn peek(&self, _: &str) -> Option<bool> {
        Some(true)
    }

    async fn decide(&self, _: &str) -> Result<bool, ApiError> {
        Ok(true)
    }

    fn since(&self) -> u64 {
        0
    }

    async fn changed(&self) {
        std::future::pending().await
    }
}
