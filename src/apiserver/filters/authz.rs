//! What the caller may do, asked before anything is looked up: 403 for what does not exist, too.
//!
//! Discovery, OpenAPI and version need a caller and no review, but in a workspace they do: it is for those who may
//! enter it. A front that names no user gets these and nothing else.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};

use super::{Call, Chain, Next, forbidden::forbidden};
use crate::apiserver::{
    identity::{Attributes, Decision, Target, Via},
    metrics::Attempt,
    scope::{NO_ACCESS, Scope, Unresolved},
    status::{ApiError, Details},
};

pub async fn authorize(chain: &Chain, mut call: Box<Call>, next: impl Next) -> Response {
    match attributes(chain, &mut call).await {
        Ok(allowed) => call.attributes = allowed,
        Err(error) => return error.into_response(),
    }
    next.run(call).await
}

/// The attributes that were allowed; `None` where no review is needed.
async fn attributes(chain: &Chain, call: &mut Call) -> Result<Option<Attributes>, ApiError> {
    let info = call.info.clone();
    if info.is_probe() {
        return Ok(None);
    }
    let caller = call.caller.as_ref().ok_or_else(ApiError::unauthorized)?;
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
        target: within_itself(&info.target),
    };
    match info.unresolved {
        Some(Unresolved::Unknown) => return Err(forbidden(&attributes, NO_ACCESS)),
        Some(Unresolved::Unavailable) => return Err(ApiError::unavailable("Not available.", 1)),
        None => {}
    }
    let decision = chain.authorizer.authorize(&attributes).await;
    chain.metrics.authorizations.observe(attempt(&decision), call.lap());
    match decision? {
        Decision::Allow if info.scope == Scope::Wildcard => across(attributes).map(Some),
        Decision::Allow => Ok(Some(attributes)),
        Decision::Deny { reason } => Err(forbidden(&attributes, &reason)),
    }
}

/// Over all logical clusters objects can be listed and watched, and nothing else.
fn across(attributes: Attributes) -> Result<Attributes, ApiError> {
    let Target::Resource { group, resource, .. } = &*attributes.target else { return Ok(attributes) };
    let verb = &*attributes.verb;
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
fn within_itself(target: &Arc<Target>) -> Arc<Target> {
    let mut target = target.clone();
    let is_namespace = |target: &Target| {
        matches!(target, Target::Resource { group, resource, namespace, .. }
            if group.is_empty() && resource == "namespaces" && namespace.is_empty())
    };
    if is_namespace(&target)
        && let Target::Resource { namespace, name, .. } = Arc::make_mut(&mut target)
    {
        namespace.clone_from(name);
    }
    target
}

fn attempt(decision: &Result<Decision, ApiError>) -> Attempt {
    match decision {
        Ok(Decision::Allow) => Attempt::Passed,
        Ok(Decision::Deny { .. }) => Attempt::Refused,
        Err(_) => Attempt::Failed,
    }
}
