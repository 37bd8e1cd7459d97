//! What the caller may do, asked before anything is looked up: 403 for what does not exist, too.
//!
//! Discovery, OpenAPI and version need a caller and no review, but in a workspace they do: it is for those who may
//! enter it. A front that names no user gets these and nothing else.

use std::time::Instant;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};

use super::{Chain, Next, forbidden::forbidden, info};
use crate::apiserver::{
    identity::{Attributes, Authenticated, Decision, Target, Via},
    request_info::RequestInfo,
    scope::{NO_ACCESS, Scope, Unresolved},
    status::{ApiError, Details},
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
    if chain.workspaces.is_none() && info.scope != Scope::None {
        // No source here has logical clusters, so there is nobody to ask about them.
        return Err(ApiError::unknown_path());
    }
    if chain.workspaces.is_none() && info.is_discovery() {
        return Ok(None);
    }
    if caller.via == Via::FrontItself {
        return if info.is_health() { Ok(None) } else { Err(ApiError::unauthorized()) };
    }
    let attributes = Attributes {
        user: caller.user.clone(),
        verb: info.verb.clone(),
        scope: info.scope.clone(),
        target: within_itself(info.target.clone()),
    };
    match info.unresolved {
        Some(Unresolved::Unknown) => return Err(forbidden(&attributes, NO_ACCESS)),
        Some(Unresolved::Unavailable) => return Err(ApiError::unavailable("Not available.", 1)),
        None => {}
    }
    match review(chain, &attributes).await? {
        Decision::Allow if info.scope == Scope::Wildcard => across(attributes).map(Some),
        Decision::Allow => Ok(Some(attributes)),
        Decision::Deny { reason } => Err(forbidden(&attributes, &reason)),
    }
}

/// Over all logical clusters objects can be listed and watched, and nothing else.
fn across(attributes: Attributes) -> Result<Attributes, ApiError> {
    let Target::Resource { group, resource, .. } = &attributes.target else { return Ok(attributes) };
    let verb = attributes.verb.as_str();
    if matches!(verb, "list" | "watch") {
        return Ok(attributes);
    }
    let qualified = if group.is_empty() { resource.clone() } else { format!("{resource}.{group}") };
    let mut error = ApiError::method_not_allowed("GET, HEAD");
    error.message =
        format!("{verb} is not supported on resources of kind {qualified:?} in the `*` logical cluster");
    let (group, kind) = (group.clone(), resource.clone());
    error.details = Some(Box::new(Details { group, kind, ..Details::default() }));
    Err(error)
}

/// A namespace counts as being in itself, so that a Role in it may grant what is asked of it.
fn within_itself(mut target: Target) -> Target {
    if let Target::Resource { group, resource, namespace, name, .. } = &mut target
        && group.is_empty()
        && resource == "namespaces"
        && namespace.is_empty()
    {
        *namespace = name.clone();
    }
    target
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
