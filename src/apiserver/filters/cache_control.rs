//! Nothing may be cached unless the handler says so, as discovery does.

use axum::response::Response;
use http::{HeaderValue, header};

use super::{Call, Next};

pub async fn cache_control(call: Box<Call>, next: impl Next) -> Response {
    let mut response = next.run(call).await;
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache, private"));
    response
}
