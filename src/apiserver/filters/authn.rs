//! Who calls. Only whole health endpoints are answered to nobody in particular.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::{Call, Chain, Next};
use crate::apiserver::{
    identity::{Authenticated, Connection},
    metrics::Attempt,
    status::ApiError,
};

pub async fn authenticate(
    chain: &Chain,
    connection: &Connection,
    mut call: Box<Call>,
    next: impl Next,
) -> Response {
    if !call.info.is_probe() {
        let answer = chain.authenticator.authenticate(connection, call.request.headers()).await;
        chain.metrics.authentications.observe(attempt(&answer), call.lap());
        match answer {
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

fn attempt(answer: &Result<Authenticated, ApiError>) -> Attempt {
    match answer {
        Ok(_) => Attempt::Passed,
        Err(error) if error.code == StatusCode::UNAUTHORIZED => Attempt::Refused,
        Err(_) => Attempt::Failed,
    }
}
