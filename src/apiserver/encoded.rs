//! Encoded bytes that can be made again at any time: list segments and gzipped lists, bounded by bytes.
//!
//! Fed by the list and watch handlers. Nothing may depend on what it kept: a miss costs time, never a row.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::{items::ItemFormat, negotiation::Media, snapshot::Segment, status::ApiError};

/// A capacity for who has no better idea.
pub const DEFAULT_CAPACITY: u64 = 128 << 20;

/// Lists that are compressed at the same time; the others wait their turn.
const COMPRESSIONS: usize = 2;

/// A whole list: one log at one version, so one content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListKey {
    /// The id of the [`ResourceLog`](super::log::ResourceLog).
    pub log: u64,
    pub resource_version: u64,
    pub format: ItemFormat,
    pub media: Media,
}

/// A bounded cache shared by the resources of one server.
pub struct EncodedCache {
    segments: moka::sync::Cache<(u64, ItemFormat), Bytes>,
    lists: moka::future::Cache<ListKey, Bytes>,
    compressions: Arc<Semaphore>,
}

impl EncodedCache {
    /// A quarter of the bytes is for compressed lists. A capacity of 0 keeps nothing.
    pub fn new(capacity_bytes: u64) -> Self {
        Self {
            segments: moka::sync::Cache::builder()
                .max_capacity(capacity_bytes - capacity_bytes / 4)
                .weigher(|_, bytes: &Bytes| weight(bytes))
                .build(),
            lists: moka::future::Cache::builder()
                .max_capacity(capacity_bytes / 4)
                .weigher(|_, bytes: &Bytes| weight(bytes))
                .build(),
            compressions: Arc::new(Semaphore::new(COMPRESSIONS)),
        }
    }

    /// The segment's items in this format. A segment never changes, so its id names its content.
    pub fn segment(&self, segment: &Segment, format: ItemFormat) -> Bytes {
        let key = (segment.id, format);
        if let Some(bytes) = self.segments.get(&key) {
            return bytes;
        }
        let bytes = Bytes::from(format.write_segment(segment));
        self.segments.insert(key, bytes.clone());
        bytes
    }

    /// The compressed list, made at most once at a time, off the threads that serve requests.
    pub async fn list(
        &self,
        key: ListKey,
        make: impl FnOnce() -> Bytes + Send + 'static,
    ) -> Result<Bytes, ApiError> {
        let compressions = self.compressions.clone();
        let made = async move {
            let permit = compressions.acquire_owned().await.map_err(|_| ApiError::internal())?;
            let work = move || {
                let bytes = make();
                drop(permit);
                bytes
            };
            tokio::task::spawn_blocking(work).await.map_err(|_| ApiError::internal())
        };
        self.lists.try_get_with(key, made).await.map_err(|error: Arc<ApiError>| (*error).clone())
    }
}

/// What an entry costs; the rest is for keys and the cache's own links.
fn weight(bytes: &Bytes) -> u32 {
    u32::try_from(bytes.len() + 256).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
