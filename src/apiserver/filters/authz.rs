//! What the caller may do, asked before anything is looked up: 403 for what does not exist, too.
//!
//! Discovery, OpenAPI and version need a caller and no review. A front that names no user gets these and
//! nothing else.

use std::time::Instant;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};

use super::{Chain, Next, forbidden::forbidden, info};
use crate::apiserver::{
    identity::{Attributes, Authenticated, Decision, Via},
    request_info::RequestInfo,
    scope::Scope,
    status::ApiError,
};

pub async fn authorize(chain: &Chain, mut request: Request, next: impl Next) -> Response {
    let caller = request.extensions().get::<Authenticated>();
    let decided = match info(&request) {
        Ok(info) => attributes(chain, &info, caller).await,
        Err(error) => Err(error),
    };
    match decided {
        Ok(None) => {}
        Ok(Some(attributes)) => {
            request.extensions_mut().insert(attributes);
        }
        Err(error) => return error.into_response(),
    }
    next.run(request).await
}

/// The attributes that were allowed; `None` where no review is needed.
async fn attributes(
    chain: &Chain,
    info: &RequestInfo,
    caller: Option<&Authenticated>,
) -> Result<Option<Attributes>, ApiError> {
    if info.is_probe() {
        return Ok(None);
    }
    let caller = caller.ok_or_else(ApiError::unauthorized)?;
    if info.scope != Scope::None {
        // No source here has logical clusters, so there is nobody to ask about them.
        return Err(ApiError::unknown_path());
    }
    if info.is_discovery() {
        return Ok(None);
    }
    if caller.via == Via::FrontItself {
        return if info.is_health() { Ok(None) } else { Err(ApiError::unauthorized()) };
    }
    let attributes = Attributes {
        user: caller.user.clone(),
        verb: info.verb.clone(),
        scope: info.scope.clone(),
        target: info.target.clone(),
    };
    match review(chain, &attributes).await? {
        Decision::Allow => Ok(Some(attributes)),
        Decision::Deny { reason } => Err(forbidden(&attributes, &reason)),
    }
}

async fn review(chain: &Chain, attributes: &Attributes) -> Result<Decision, ApiError> {
    let started = Instant::now();
    let decision = chain.authorizer.authorize(attributes).await;
    let result = match &decision {
        Ok(Decision::Allow) => "allowed",
        Ok(Decision::Deny { .. }) => "denied",
        Err(_) => "error",
    };
    chain.metrics.authorizations.observe(result, started.elapsed());
    decision
}
