//! A document that never changes: its bytes, its ETag, and the answer to a conditional request.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha512};

/// A document and its fixed headers.
#[derive(Clone)]
pub struct Document {
    body: Bytes,
    /// The upper-case hexadecimal SHA-512, without quotes.
    pub hash: String,
    etag: HeaderValue,
    content_type: HeaderValue,
    cache_control: Option<HeaderValue>,
}

impl Document {
    /// An empty `cache_control` leaves that header alone.
    pub fn new(body: Bytes, content_type: &'static str, cache_control: &'static str) -> Self {
        let hash = Sha512::digest(&body).iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        let etag = HeaderValue::try_from(format!("\"{hash}\"")).expect("hexadecimal is a header value");
        let cache_control = super::cache_control(cache_control);
        Self { body, hash, etag, content_type: HeaderValue::from_static(content_type), cache_control }
    }

    /// 200, or 304 to a client that has it already.
    pub fn response(&self, request: &HeaderMap) -> Response {
        let known = request.get_all(header::IF_NONE_MATCH).iter().any(|value| {
            value.as_bytes().split(|byte| *byte == b',').any(|tag| tag.trim_ascii() == self.etag.as_bytes())
        });
        let mut response = Response::new(if known { Body::empty() } else { self.body.clone().into() });
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        if let Some(value) = &self.cache_control {
            headers.insert(header::CACHE_CONTROL, value.clone());
        }
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        }
        response
    }
}
