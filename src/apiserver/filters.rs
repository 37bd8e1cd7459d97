//! The one stack every request passes, outermost filter first, in the order of Kubernetes' own chain.
//!
//! Fed by the listener with requests that carry a [`Connection`](super::identity::Connection); ends in the
//! handler. A filter knows the request's [`RequestInfo`] and the caller, not what is served.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::Request,
    middleware::{from_fn, from_fn_with_state as with},
    response::Response,
};
use tokio::sync::Semaphore;
use tower::{ServiceBuilder, service_fn, util::BoxCloneSyncService};

use super::{
    identity::{Authenticator, Authorizer},
    metrics::Metrics,
    request_info::RequestInfo,
    routes::Routes,
    status::ApiError,
};

mod audit;
mod authn;
mod authz;
mod cache_control;
mod forbidden;
mod impersonation;
mod inflight;
mod info;
mod observe;
mod panics;
mod timeout;
mod trace;
mod upgrade;

/// The whole server as a tower service.
pub type Service = BoxCloneSyncService<Request, Response, Infallible>;

/// What the filters and the handler share.
pub struct Chain {
    pub authenticator: Arc<dyn Authenticator>,
    pub authorizer: Arc<dyn Authorizer>,
    pub metrics: Arc<Metrics>,
    pub routes: Routes,
    /// One permit per request being handled.
    pub inflight: Semaphore,
    /// How long a request that is not a watch may take.
    pub timeout: Duration,
}

/// Builds the stack.
pub fn stack(chain: Arc<Chain>) -> Service {
    let handler = chain.clone();
    BoxCloneSyncService::new(
        ServiceBuilder::new()
            .layer(from_fn(audit::audit_id))
            .layer(from_fn(panics::panics))
            .layer(from_fn(info::request_info))
            .layer(with(chain.clone(), observe::observe))
            .layer(from_fn(upgrade::refuse))
            .layer(from_fn(cache_control::cache_control))
            .layer(with(chain.clone(), timeout::timeout))
            .layer(with(chain.clone(), authn::authenticate))
            .layer(from_fn(impersonation::refuse))
            .layer(with(chain.clone(), inflight::max_in_flight))
            .layer(with(chain, authz::authorize))
            .service(service_fn(move |request: Request| {
                let chain = handler.clone();
                async move { Ok::<_, Infallible>(chain.routes.handle(request).await) }
            })),
    )
}

/// What the request is about; the filter that says so comes before all that ask.
fn info(request: &Request) -> Result<Arc<RequestInfo>, ApiError> {
    request.extensions().get::<Arc<RequestInfo>>().cloned().ok_or_else(|| {
        tracing::error!("a request reached a filter without its RequestInfo");
        ApiError::internal()
    })
}

#[cfg(test)]
mod tests;
