//! Reads what the request is about, once, for all filters behind.

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, Version, header};

use super::Next;
use crate::apiserver::{request_info::RequestInfo, status::ApiError};

pub async fn request_info(mut request: Request, next: impl Next) -> Response {
    if request.method() == Method::CONNECT {
        return no_tunnel(request.version());
    }
    match RequestInfo::parse(request.method(), request.uri()) {
        Ok(info) => {
            request.extensions_mut().insert(Arc::new(info));
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

/// A client that wanted a tunnel has nothing else to say on this connection.
fn no_tunnel(version: Version) -> Response {
    let mut response = ApiError::bad_request("CONNECT is not served").into_response();
    if version <= Version::HTTP_11 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
