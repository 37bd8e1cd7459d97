//! Who calls. Only whole health endpoints are answered to nobody in particular.

use std::time::Instant;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, StatusCode, header};

use super::{Chain, Next, info};
use crate::apiserver::{
    identity::{Authenticated, Connection},
    status::ApiError,
};

pub async fn authenticate(chain: &Chain, mut request: Request, next: impl Next) -> Response {
    let caller = match info(&request) {
        Ok(info) if info.is_probe() => None,
        Ok(_) => match caller(chain, request.extensions().get(), request.headers()).await {
            Ok(caller) => Some(caller),
            Err(error) => return error.into_response(),
        },
        Err(error) => return error.into_response(),
    };
    // From here on nobody can mistake a claim, or a secret, for an identity.
    let headers = request.headers_mut();
    let is_claim =
        |name: &&HeaderName| **name == header::AUTHORIZATION || chain.authenticator.is_identity(name);
    let claims: Vec<_> = headers.keys().filter(is_claim).cloned().collect();
    for name in claims {
        headers.remove(name);
    }
    if let Some(caller) = caller {
        tracing::Span::current().record("user", caller.user.name.as_str());
        request.extensions_mut().insert(caller);
    }
    next.run(request).await
}

async fn caller(
    chain: &Chain,
    connection: Option<&Connection>,
    headers: &HeaderMap,
) -> Result<Authenticated, ApiError> {
    let connection = connection.ok_or_else(|| {
        tracing::error!("a request came without its connection");
        ApiError::internal()
    })?;
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
