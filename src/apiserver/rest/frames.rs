//! The body of an answer as frames of about 128 KiB, made while the connection takes them.
//!
//! Large pieces pass through uncopied; small ones are joined, since a connection flushes after a few
//! buffers however small they are.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

/// What a frame should have, and what a piece is cut to.
pub(super) const FRAME: usize = 128 << 10;
/// A piece of this size is worth its own frame.
const LARGE: usize = 32 << 10;

pub(super) type Pieces = Box<dyn Iterator<Item = Bytes> + Send>;

/// Joins small pieces.
pub(super) struct Frames {
    pieces: Pieces,
    held: Option<Bytes>,
}

impl Frames {
    pub(super) fn new(pieces: Pieces) -> Self {
        Self { pieces, held: None }
    }
}

impl Iterator for Frames {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        let (mut parts, mut len) = (Vec::new(), 0);
        for piece in self.pieces.by_ref() {
            if piece.len() >= LARGE && parts.is_empty() {
                return Some(piece);
            }
            if piece.len() >= LARGE {
                self.held = Some(piece);
                break;
            }
            len += piece.len();
            parts.push(piece);
            if len >= FRAME / 2 {
                break;
            }
        }
        match parts.as_slice() {
            [] => None,
            // A small body is one piece, and not copied either.
            [one] => Some(one.clone()),
            many => Some(many.concat().into()),
        }
    }
}

/// The frames compressed at level 1 as one gzip member.
pub(super) struct Gzip {
    frames: Pieces,
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl Gzip {
    pub(super) fn new(frames: Pieces) -> Self {
        Self { frames, encoder: Some(GzEncoder::new(Vec::new(), Compression::new(1))) }
    }
}

impl Iterator for Gzip {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut encoder = self.encoder.take()?;
        for frame in self.frames.by_ref() {
            encoder.write_all(&frame).expect("writing to memory cannot fail");
            if encoder.get_ref().len() >= FRAME / 2 {
                let full = std::mem::take(encoder.get_mut());
                self.encoder = Some(encoder);
                return Some(full.into());
            }
        }
        Some(encoder.finish().expect("writing to memory cannot fail").into())
    }
}
