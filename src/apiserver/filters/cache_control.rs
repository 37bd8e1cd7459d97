//! Nothing may be cached unless the handler says so, as discovery does.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderValue, header};

pub async fn cache_control(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache, private"));
    response
}
