//! No request may turn its connection into something else: what follows a tunnel would be judged by nobody.
//!
//! The connection of one that tries ends with the refusal, so that nothing sent behind it is read.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, Version, header};

use super::{Call, Next};
use crate::apiserver::status::ApiError;

pub async fn refuse(call: Box<Call>, next: impl Next) -> Response {
    let request = &call.request;
    if request.method() != Method::CONNECT && !request.headers().contains_key(header::UPGRADE) {
        return next.run(call).await;
    }
    let old = request.version() <= Version::HTTP_11;
    let mut response = ApiError::bad_request("connections are not upgraded here").into_response();
    if old {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
