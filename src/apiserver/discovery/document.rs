//! A document that never changes: its bytes, plain and, when somebody takes it so, compressed once, its ETag, and the answer to a
//! conditional request.

use std::{io::Write, sync::OnceLock};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use sha2::{Digest, Sha512};

use crate::apiserver::negotiation::accepts_gzip;

/// Shorter bodies are not worth it; the same rule as for objects.
const COMPRESS_FROM: usize = 128 << 10;

/// A document and its fixed headers.
#[derive(Clone)]
pub struct Document {
    body: Bytes,
    /// Only of a long document. Made for the first who takes it: that costs more than all the rest.
    gzip: OnceLock<Bytes>,
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
        let gzip = OnceLock::new();
        Self { body, gzip, hash, etag, content_type: HeaderValue::from_static(content_type), cache_control }
    }

    /// This one, which is JSON, in another form.
    pub fn made(&self, content_type: &'static str, form: impl FnOnce(&Value) -> Vec<u8>) -> Self {
        let value = serde_json::from_slice(&self.body).unwrap_or_default();
        Self::new(form(&value).into(), content_type, "")
    }

    /// 200, or 304 to a client that has it already.
    pub fn response(&self, request: &HeaderMap) -> Response {
        let known = request.get_all(header::IF_NONE_MATCH).iter().any(|value| {
            value.as_bytes().split(|byte| *byte == b',').any(|tag| tag.trim_ascii() == self.etag.as_bytes())
        });
        let long = self.body.len() > COMPRESS_FROM;
        let wanted = long && !known && accepts_gzip(request);
        let gzip = wanted.then(|| self.gzip.get_or_init(|| compressed(&self.body)));
        let body = gzip.unwrap_or(&self.body).clone();
        let mut response = Response::new(if known { Body::empty() } else { body.into() });
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        if long {
            headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if gzip.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
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

fn compressed(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("memory takes every write").into()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::body::to_bytes;

    use super::*;

    async fn get(length: usize, encoding: &'static str) -> (Option<HeaderValue>, Bytes) {
        let document = Document::new("x".repeat(length).into(), "application/json", "");
        let mut request = HeaderMap::new();
        request.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        let response = document.response(&request);
        let coding = response.headers().get(header::CONTENT_ENCODING).cloned();
        (coding, to_bytes(response.into_body(), 1 << 20).await.unwrap())
    }

    #[tokio::test]
    async fn long_documents_are_compressed_for_who_takes_it() {
        let (coding, body) = get(COMPRESS_FROM + 1, "br, gzip").await;
        assert_eq!(coding.unwrap(), "gzip");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).unwrap();
        assert_eq!(text, "x".repeat(COMPRESS_FROM + 1));
        for (length, encoding) in
            [(COMPRESS_FROM, "gzip"), (COMPRESS_FROM + 1, "br"), (COMPRESS_FROM + 1, "gzip;q=0")]
        {
            let (coding, body) = get(length, encoding).await;
            assert_eq!((coding, body.len()), (None, length), "{encoding}");
        }
    }
}
