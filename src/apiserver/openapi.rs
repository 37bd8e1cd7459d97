//! OpenAPI v2 and v3: documents made elsewhere, served as they are.
//!
//! JSON, which kube-aggregator and kubectl read, and v2 in the protobuf that kubectl asks for. A wrong hash is answered with the present document:
//! kube-aggregator would turn the redirect that Kubernetes itself sends into a 502.

mod gnostic;

use std::{collections::BTreeMap, sync::OnceLock};

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::{
    discovery::{Document, choose, not_acceptable},
    request::Query,
    status::ApiError,
};

const JSON: &str = "application/json";

/// The documents of a server.
pub struct OpenApi {
    v2: Document,
    /// Made when somebody asks for it.
    v2_protobuf: OnceLock<Document>,
    index: Document,
    /// By their path, e.g. `/openapi/v3/apis/G/V`.
    v3: BTreeMap<String, Document>,
}

impl OpenApi {
    /// `v3` is keyed by group-version, e.g. `apis/G/V`.
    pub fn new(v2: Bytes, v3: BTreeMap<String, Bytes>) -> Self {
        let mut paths = serde_json::Map::new();
        let mut documents = BTreeMap::new();
        for (group_version, body) in v3 {
            let document = Document::new(body, JSON, "");
            let path = format!("/openapi/v3/{group_version}");
            let url = format!("{path}?hash={}", document.hash);
            paths.insert(group_version, json!({"serverRelativeURL": url}));
            documents.insert(path, document);
        }
        let index = json!({"paths": paths}).to_string();
        let v2_protobuf = OnceLock::new();
        Self {
            v2: Document::new(v2, JSON, ""),
            v2_protobuf,
            index: Document::new(index.into(), JSON, ""),
            v3: documents,
        }
    }

    /// The document at a path. `None`: nothing is there.
    pub fn answer(
        &self,
        path: &str,
        query: &Query,
        request: &HeaderMap,
    ) -> Option<Result<Response, ApiError>> {
        if path == "/openapi/v2" {
            return Some(self.v2(request));
        }
        let document = match path {
            "/openapi/v3" => &self.index,
            path => self.v3.get(path)?,
        };
        if choose(request, &[JSON]).is_none() {
            return Some(Err(not_acceptable(&[JSON])));
        }
        let mut response = document.response(request);
        if self.v3.contains_key(path) && query.get("hash") == Some(document.hash.as_str()) {
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, immutable"));
            headers.insert(header::EXPIRES, in_a_year());
        }
        Some(Ok(response))
    }

    fn v2(&self, request: &HeaderMap) -> Result<Response, ApiError> {
        const OFFERED: [&str; 3] = [JSON, gnostic::ASKED, gnostic::MEDIA_TYPE];
        match choose(request, &OFFERED) {
            None => Err(not_acceptable(&OFFERED)),
            Some(JSON) => Ok(self.v2.response(request)),
            Some(_) => Ok(self
                .v2_protobuf
                .get_or_init(|| self.v2.made(gnostic::MEDIA_TYPE, gnostic::encode))
                .response(request)),
        }
    }

    /// The paths of all documents.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        ["/openapi/v2", "/openapi/v3"].into_iter().chain(self.v3.keys().map(String::as_str))
    }
}

fn in_a_year() -> HeaderValue {
    let date = Timestamp::now().checked_add((365 * 24).hours()).unwrap_or(Timestamp::MAX);
    let text = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::try_from(text).expect("a date is a header value")
}

#[cfg(test)]
mod tests;
