//! Who calls. Only whole health endpoints are answered to nobody in particular.

use std::time::Instant;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use super::{Call, Chain, Next};
use crate::apiserver::{
    identity::{Authenticated, Connection},
    status::ApiError,
};

pub async fn authenticate(
    chain: &Chain,
    connection: &Connection,
    mut call: Box<Call>,
    next: impl Next,
) -> Response {
    if !call.info.is_probe() {
        match caller(chain, connection, call.request.headers()).await {
            Ok(caller) => {
                tracing::Span::current().record("user", caller.user.name.as_str());
                call.caller = Some(caller);
            }
            Err(error) => return error.into_response(),
        }
    }
    // From here on nobody can mistake a claim, or a secret, for an identity.
    let headers = call.request.headers_mut();
    headers.remove(header::AUTHORIZATION);
    for claim in chain.authenticator.identity_headers(headers) {
        headers.remove(claim);
    }
    next.run(call).await
}

async fn caller(
    chain: &Chain,
    connection: &Connection,
    headers: &HeaderMap,
) -> Result<Authenticated, ApiError> {
    let started = Instant::now();
    let answer = chain.authenticator.authenticate(connection, headers).await;
    let result = match &answer {
        Ok(_) => "success",
        Err(error) if error.code == StatusCode::UNAUTHORIZED => "failure",
        Err(_) => "error",
    };
    chain.metrics.authentications.observe(result, started.elapsed());
    answer
}
