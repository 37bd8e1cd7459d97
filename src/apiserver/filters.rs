//! The one stack every request passes, in the order of Kubernetes' own chain.
//!
//! Fed by the listener with requests that carry a [`Connection`](super::identity::Connection); ends in the
//! handler. A filter knows the request's [`RequestInfo`] and the caller, not what is served.

use std::{
    convert::Infallible,
    future::Future,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{extract::Request, response::Response};
use futures::future::BoxFuture;
use tokio::sync::Semaphore;

use super::{
    identity::{Authenticator, Authorizer},
    metrics::Metrics,
    request_info::RequestInfo,
    routes::Routes,
    scope::Workspaces,
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

pub use forbidden::forbidden;

/// The whole server as a tower service.
#[derive(Clone)]
pub struct Service(Arc<Chain>);

/// What the filters and the handler share.
pub struct Chain {
    pub authenticator: Arc<dyn Authenticator>,
    pub authorizer: Arc<dyn Authorizer>,
    /// The logical clusters of a server that has them. Such a server is nobody's backend: it reviews discovery and
    /// resolves impersonation itself.
    pub workspaces: Option<Arc<dyn Workspaces>>,
    pub metrics: Arc<Metrics>,
    pub routes: Routes,
    /// One permit per request being handled.
    pub inflight: Semaphore,
    /// How long a request that is not a watch may take.
    pub timeout: Duration,
}

/// What comes after a filter: the filters behind it and the handler.
///
/// A type of its own for each place in the stack, so that a request costs one future and not one per filter.
pub trait Next: Send {
    fn run(self, request: Request) -> impl Future<Output = Response> + Send;
}

impl<F, A> Next for F
where
    F: FnOnce(Request) -> A + Send,
    A: Future<Output = Response> + Send,
{
    fn run(self, request: Request) -> impl Future<Output = Response> + Send {
        self(request)
    }
}

/// Builds the stack.
pub fn stack(chain: Arc<Chain>) -> Service {
    Service(chain)
}

impl Service {
    /// The same as a call of the service, for who can hold the future without a box.
    pub async fn answer(&self, request: Request) -> Response {
        pass(&self.0, request).await
    }
}

/// Read from the bottom: a request passes the last line first.
async fn pass(chain: &Chain, request: Request) -> Response {
    let handle = |request: Request| chain.routes.handle(request);
    let authorize = |request: Request| authz::authorize(chain, request, handle);
    let limit = |request: Request| inflight::max_in_flight(chain, request, authorize);
    let impersonate = |request: Request| impersonation::impersonate(chain, request, limit);
    let authenticate = |request: Request| authn::authenticate(chain, request, impersonate);
    let timeout = |request: Request| timeout::timeout(chain, request, authenticate);
    let cache_control = |request: Request| cache_control::cache_control(request, timeout);
    let refuse_upgrade = |request: Request| upgrade::refuse(request, cache_control);
    let observe = |request: Request| observe::observe(chain, request, refuse_upgrade);
    let request_info = |request: Request| info::request_info(chain, request, observe);
    let catch_panics = |request: Request| panics::panics(request, request_info);
    audit::audit_id(request, catch_panics).await
}

impl tower::Service<Request> for Service {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
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
