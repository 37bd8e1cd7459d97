//! Cuts a watch body into its lines, however the bytes arrive, and refuses a line that is too long.
//!
//! Bytes in, lines out: it knows nothing of JSON.

use bytes::{Bytes, BytesMut};

/// A line went past the limit; nothing after it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than {limit} bytes")]
pub struct FrameTooLong {
    pub limit: usize,
}

/// Collects bytes until a line is complete.
#[derive(Debug)]
pub struct FrameDecoder {
    buffer: BytesMut,
    /// How much of the buffer is known to hold no newline.
    scanned: usize,
    limit: usize,
}

impl FrameDecoder {
    pub fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), scanned: 0, limit }
    }

    /// Adds what came from the wire.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next complete line that is not blank, without its newline.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, FrameTooLong> {
        loop {
            let end = memchr::memchr(b'\n', &self.buffer[self.scanned..]);
            let Some(end) = end.map(|at| at + self.scanned) else {
                self.scanned = self.buffer.len();
                return if self.scanned > self.limit { Err(self.too_long()) } else { Ok(None) };
            };
            self.scanned = 0;
            let line = self.buffer.split_to(end + 1).freeze();
            if end > self.limit {
                return Err(self.too_long());
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line.slice(..end)));
            }
        }
    }

    /// Whether the body ended inside a line.
    pub fn is_cut(&self) -> bool {
        !self.buffer.trim_ascii().is_empty()
    }

    fn too_long(&self) -> FrameTooLong {
        FrameTooLong { limit: self.limit }
    }
}

#[cfg(test)]
mod tests;
