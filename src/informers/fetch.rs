//! The one thing a source asks of its upstream, so that tests can script the answers.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};

use crate::upstream::{Upstream, UpstreamError};

/// The body of an answer, not yet read.
pub type FetchBody = UnsyncBoxBody<Bytes, std::io::Error>;

#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// `GET` of a path with its query, for an answer of the type `accept`; returns once the headers are there.
    async fn fetch(&self, path: &str, accept: &'static str) -> Result<Response<FetchBody>, UpstreamError>;

    /// Whether it answers for many logical clusters at once, each object saying which it is in.
    fn across(&self) -> bool {
        false
    }
}

#[async_trait]
impl Fetch for Upstream {
    async fn fetch(&self, path: &str, accept: &'static str) -> Result<Response<FetchBody>, UpstreamError> {
        let request = Request::get(path)
            .header(header::ACCEPT, accept)
            .body(Vec::new())
            .map_err(|error| UpstreamError::Unreachable(Box::new(error)))?;
        let response = self.send(request).await?;
        Ok(response.map(|body| body.map_err(std::io::Error::other).boxed_unsync()))
    }

    fn across(&self) -> bool {
        Self::across(self)
    }
}
