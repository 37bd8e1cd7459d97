//! Nothing may be cached unless the handler says so, as discovery does.

use axum::{extract::Request, response::Response};
use http::{HeaderValue, header};

use super::Next;

pub async fn cache_control(request: Request, next: impl Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache, private"));
    response
}
