//! JSON with two spaces of indentation, for people with a terminal; written while it streams by.

use bytes::Bytes;

use super::frames::Pieces;

/// Indents compact JSON piece by piece; pieces may end anywhere.
pub(super) struct Indenter {
    pieces: Pieces,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The byte before was `{` or `[`: whether a line follows depends on the next one.
    opened: bool,
}

impl Indenter {
    pub(super) fn new(pieces: Pieces) -> Self {
        Self { pieces, depth: 0, in_string: false, escaped: false, opened: false }
    }

    fn push(&mut self, out: &mut Vec<u8>, byte: u8) {
        if self.in_string {
            out.push(byte);
            self.in_string = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return;
        }
        let closing = matches!(byte, b'}' | b']');
        if closing {
            self.depth = self.depth.saturating_sub(1);
        }
        if self.opened != closing {
            self.line(out);
        }
        self.opened = matches!(byte, b'{' | b'[');
        if self.opened {
            self.depth += 1;
        }
        self.in_string = byte == b'"';
        match byte {
            b',' => {
                out.push(b',');
                self.line(out);
            }
            b':' => out.extend_from_slice(b": "),
            other => out.push(other),
        }
    }

    fn line(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        out.resize(out.len() + 2 * self.depth, b' ');
    }
}

impl Iterator for Indenter {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let piece = self.pieces.next()?;
        let mut out = Vec::with_capacity(2 * piece.len());
        for byte in piece {
            self.push(&mut out, byte);
        }
        Some(out.into())
    }
}
