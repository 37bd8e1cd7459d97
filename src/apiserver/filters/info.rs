//! Reads what the request is about, once, for all filters behind, and finds its logical cluster.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, Version, header};
use tokio::time::Instant;

use super::{Call, Chain, Next, audit::Audited};
use crate::apiserver::{request_info::RequestInfo, status::ApiError};

pub async fn request_info(chain: &Chain, (request, audit_id): Audited, next: impl Next) -> Response {
    if request.method() == Method::CONNECT {
        return no_tunnel(request.version());
    }
    match RequestInfo::parse(request.method(), request.uri()) {
        Ok(mut info) => {
            resolve(chain, &mut info);
            let (rest, info) = (chain.routes.rest(&info), Arc::new(info));
            let (caller, attributes, at) = (None, None, Instant::now());
            let call = Call { request, audit_id, info, rest, caller, attributes, at };
            next.run(Box::new(call)).await
        }
        Err(error) => error.into_response(),
    }
}

/// What leads nowhere is refused once it is known who asks.
fn resolve(chain: &Chain, info: &mut RequestInfo) {
    let Some(workspaces) = chain.workspaces.as_ref().filter(|_| !info.is_probe()) else { return };
    match workspaces.resolve(&info.scope) {
        Ok(scope) => info.scope = scope,
        Err(why) => info.unresolved = Some(why),
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
