//! Impersonation is kube-apiserver's: behind it the headers are resolved, so here they can only mislead.
//!
//! A server that ignored them would run the request as the caller himself.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use super::Next;
use crate::apiserver::status::ApiError;

const REFUSAL: &str = "forbidden: Impersonate-* headers are not served here; \
    send the request through kube-apiserver, which resolves them";

pub async fn refuse(request: Request, next: impl Next) -> Response {
    if request.headers().keys().any(|name| name.as_str().starts_with("impersonate-")) {
        return ApiError::new(StatusCode::FORBIDDEN, "Forbidden", REFUSAL).into_response();
    }
    next.run(request).await
}
