//! The one stack every request passes, in the order of Kubernetes' own chain.
//!
//! Fed by the listener with requests and their [`Connection`]; ends in the handler. What the filters find out about a
//! request travels with it as a [`Call`]. A filter knows what is asked and who asks, not what is served.

use std::{future::Future, sync::Arc, time::Duration};

use axum::{extract::Request, response::Response};
use http::HeaderValue;
use tokio::time::Instant;

use super::{
    identity::{Attributes, Authenticated, Authenticator, Authorizer, Connection},
    metrics::Metrics,
    request_info::RequestInfo,
    rest::Rest,
    routes::Routes,
    scope::Workspaces,
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
pub use inflight::Places;

/// The whole server, for one request after the other.
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
    pub inflight: Places,
    /// How long a request that is not a watch may take.
    pub timeout: Duration,
}

/// One request on its way, and what is known of it so far. Each filter adds its part and hands the whole on: as a
/// pointer, since every future on the way has room for it twice.
pub struct Call {
    pub request: Box<Request>,
    /// Under which the request is logged, here and in whatever forwarded it.
    pub audit_id: HeaderValue,
    pub info: Arc<RequestInfo>,
    /// The handlers of its resource, if that is served.
    pub rest: Option<Arc<Rest>>,
    /// Who asks; nobody before authentication, and nobody of a probe.
    pub caller: Option<Authenticated>,
    /// What was authorized; nothing where no review is needed.
    pub attributes: Option<Attributes>,
    /// When the last step that is timed ended. Between two of them is next to nothing, and to look at the clock is
    /// dearer than most filters.
    pub at: Instant,
}

impl Call {
    /// How long the step took that ends now.
    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now.saturating_duration_since(std::mem::replace(&mut self.at, now))
    }
}

/// What comes after a filter: the filters behind it and the handler.
///
/// A type of its own for each place in the stack, so that a request costs one future and not one per filter.
pub trait Next<T = Box<Call>>: Send {
    fn run(self, call: T) -> impl Future<Output = Response> + Send;
}

impl<T, F, A> Next<T> for F
where
    F: FnOnce(T) -> A + Send,
    A: Future<Output = Response> + Send,
{
    fn run(self, call: T) -> impl Future<Output = Response> + Send {
        self(call)
    }
}

/// Builds the stack.
pub fn stack(chain: Arc<Chain>) -> Service {
    Service(chain)
}

impl Service {
    /// Answers a request that came over this connection. What goes wrong is an answer too.
    pub async fn answer(&self, connection: &Connection, request: Box<Request>) -> Response {
        pass(&self.0, connection, request).await
    }
}

/// Read from the bottom: a request passes the last line first.
async fn pass(chain: &Chain, connection: &Connection, request: Box<Request>) -> Response {
    let handle = |call: Box<Call>| chain.routes.handle(call);
    let authorize = |call: Box<Call>| authz::authorize(chain, call, handle);
    let limit = |call: Box<Call>| inflight::max_in_flight(chain, call, authorize);
    let impersonate = |call: Box<Call>| impersonation::impersonate(chain, call, limit);
    let authenticate = |call: Box<Call>| authn::authenticate(chain, connection, call, impersonate);
    let timeout = |call: Box<Call>| timeout::timeout(chain, call, authenticate);
    let cache_control = |call: Box<Call>| cache_control::cache_control(call, timeout);
    let refuse_upgrade = |call: Box<Call>| upgrade::refuse(call, cache_control);
    let observe = |call: Box<Call>| observe::observe(chain, call, refuse_upgrade);
    let request_info = |audited| info::request_info(chain, audited, observe);
    let catch_panics = |audited| panics::panics(audited, request_info);
    audit::audit_id(request, catch_panics).await
}

#[cfg(test)]
mod tests;
