//! From pieces of JSON to the response: indentation, YAML, compression, `Content-Length`.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body::{Frame, SizeHint};

use super::{
    frames::{Frames, Gzip, Pieces},
    pretty::Indenter,
};
use crate::apiserver::{
    encoded::{EncodedCache, ListKey},
    negotiation::Media,
    status::ApiError,
};

/// Bodies up to this size are never compressed.
pub(super) const GZIP_FLOOR: usize = 128 << 10;

/// A body before its last transformations.
pub(super) struct Content {
    pub(super) media: Media,
    /// JSON, or YAML where that is asked for.
    pub(super) pieces: Pieces,
    /// The length of the pieces, where it is known before they are made.
    pub(super) length: Option<usize>,
    /// The name under which the compressed body may be shared.
    pub(super) list: Option<ListKey>,
}

impl Content {
    pub(super) async fn into_response(
        self,
        gzip: bool,
        encoded: &Arc<EncodedCache>,
    ) -> Result<Response, ApiError> {
        let content_type = self.media.content_type();
        let (pieces, length): (Pieces, _) = match self.media {
            Media::PrettyJson => (Box::new(Indenter::new(self.pieces)), None),
            Media::Json | Media::Yaml => (self.pieces, self.length),
        };
        let (start, rest, length) = measure(Box::new(Frames::new(pieces)), length);
        let compress = gzip && length.is_none_or(|length| length > GZIP_FLOOR);
        let mut frames: Pieces = Box::new(start.into_iter().chain(rest));
        let mut length = length;
        if compress {
            length = None;
            let compressed = Gzip::new(frames);
            frames = match self.list {
                None => Box::new(compressed),
                Some(key) => {
                    let work = move || compressed.collect::<Vec<_>>().concat().into();
                    // Boxed: what is not compressed needs no room for it.
                    let whole = Box::pin(encoded.list(key, work)).await?;
                    length = Some(whole.len());
                    Box::new(std::iter::once(whole))
                }
            };
        }
        let mut response = Response::new(Body::new(FrameBody { frames, remaining: length }));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(length) = length {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        if compress {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        Ok(response)
    }
}

/// A body that is complete and not to be transformed any more.
pub(super) fn uncompressed(media: Media, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    response
}

/// Makes frames until it is clear whether the body passes the floor of compression.
fn measure(mut frames: Pieces, length: Option<usize>) -> (Vec<Bytes>, Pieces, Option<usize>) {
    let mut start = Vec::new();
    if length.is_some() {
        return (start, frames, length);
    }
    let mut seen = 0;
    while seen <= GZIP_FLOOR {
        let Some(frame) = frames.next() else { return (start, frames, Some(seen)) };
        seen += frame.len();
        start.push(frame);
    }
    (start, frames, None)
}

/// Frames made as the connection asks for them.
struct FrameBody {
    frames: Pieces,
    /// What is left to send, where the whole length is known.
    remaining: Option<usize>,
}

impl http_body::Body for FrameBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        let next = this.frames.next();
        if let (Some(frame), Some(remaining)) = (&next, &mut this.remaining) {
            *remaining = remaining.saturating_sub(frame.len());
        }
        Poll::Ready(next.map(|frame| Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::default, |left| SizeHint::with_exact(left as u64))
    }
}
