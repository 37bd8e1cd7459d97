//! Encoded bytes that can be made again at any time: list segments and gzipped lists, bounded by bytes.
//!
//! Fed by the list handler. Nothing may depend on what it kept: a miss costs time, never a row.

use bytes::Bytes;
use moka::sync::Cache;

/// A bounded cache shared by the resources of one server.
pub struct EncodedCache {
    segments: Cache<u64, Bytes>,
}

impl EncodedCache {
    /// A capacity of 0 keeps nothing.
    pub fn new(capacity_bytes: u64) -> Self {
        let weigher = |_: &u64, bytes: &Bytes| u32::try_from(bytes.len() + 128).unwrap_or(u32::MAX);
        Self { segments: Cache::builder().max_capacity(capacity_bytes).weigher(weigher).build() }
    }

    /// The bytes under this segment id, made now if they are not here.
    pub fn segment(&self, id: u64, make: impl FnOnce() -> Bytes) -> Bytes {
        if let Some(bytes) = self.segments.get(&id) {
            return bytes;
        }
        let bytes = make();
        self.segments.insert(id, bytes.clone());
        bytes
    }
}
