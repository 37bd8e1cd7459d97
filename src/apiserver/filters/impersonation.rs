//! A caller who acts as somebody else.
//!
//! Behind a kube-apiserver the headers are resolved, so there they can only mislead and are refused: a server that
//! ignored them would run the request as the caller himself. A server with workspaces is nobody's backend and
//! resolves them itself, as Kubernetes 1.36 does: by each constrained mode that applies, then by the verb
//! `impersonate`.

mod headers;
mod modes;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::{Call, Chain, Next};
use crate::apiserver::{
    identity::{Attributes, Authenticated, User, Via},
    status::ApiError,
};
use modes::Impersonation;

const REFUSAL: &str = "forbidden: Impersonate-* headers are not served here; \
    send the request through kube-apiserver, which resolves them";

pub async fn impersonate(chain: &Chain, mut call: Box<Call>, next: impl Next) -> Response {
    if !call.request.headers().keys().any(|name| name.as_str().starts_with(headers::PREFIX)) {
        return next.run(call).await;
    }
    if chain.workspaces.is_none() {
        return ApiError::new(StatusCode::FORBIDDEN, "Forbidden", REFUSAL).into_response();
    }
    match question(&call) {
        // Boxed: hardly a request needs the room.
        Ok(Some(question)) => match Box::pin(question.answer(chain)).await {
            Ok(caller) => {
                tracing::debug!(user = caller.user.name, "the caller acts as somebody else");
                call.caller = Some(caller);
                // No part of what is timed next.
                call.lap();
            }
            Err(error) => return error.into_response(),
        },
        Ok(None) => {}
        Err(error) => return error.into_response(),
    }
    headers::remove(call.request.headers_mut());
    next.run(call).await
}

/// May this caller act as that user in this request?
struct Question {
    wanted: User,
    /// Of the request, by the caller himself.
    attributes: Attributes,
    via: Via,
}

/// `None` leaves the request the caller's own.
fn question(call: &Call) -> Result<Option<Question>, ApiError> {
    let Some(wanted) = headers::wanted(call.request.headers())? else { return Ok(None) };
    let info = &call.info;
    // Without a caller it is a probe; a scope that leads nowhere is refused for the caller's own sake.
    let (Some(caller), None) = (&call.caller, info.unresolved) else { return Ok(None) };
    let attributes = Attributes {
        user: caller.user.clone(),
        verb: info.verb.clone(),
        scope: info.scope.clone(),
        target: info.target.clone(),
    };
    Ok(Some(Question { wanted, attributes, via: caller.via }))
}

impl Question {
    /// As whom the request is made from here on.
    async fn answer(self, chain: &Chain) -> Result<Authenticated, ApiError> {
        let Self { wanted, attributes, via } = &self;
        let impersonation = Impersonation { authorizer: &*chain.authorizer, attributes, wanted };
        Ok(Authenticated { user: Arc::new(impersonation.user().await?), via: *via })
    }
}
