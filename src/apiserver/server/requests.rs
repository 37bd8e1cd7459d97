//! From hyper's request to the filter stack's and back.

use std::{convert::Infallible, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use http::{Request, Response};
use hyper::body::Incoming;
use tower::ServiceExt;

use super::{body::TrackedBody, tracker::Tracker};
use crate::apiserver::{filters::Service, identity::Connection};

/// The stack for the requests of one connection.
pub struct Requests {
    service: Service,
    connection: Connection,
    tracker: Arc<Tracker>,
}

impl Requests {
    pub fn new(service: Service, connection: Connection, tracker: Arc<Tracker>) -> Self {
        Self { service, connection, tracker }
    }
}

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Response<TrackedBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let active = self.tracker.request();
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(self.connection.clone());
        let answer = self.service.clone().oneshot(request);
        answer
            .map(|response| response.map(|response| response.map(|body| TrackedBody::new(body, active))))
            .boxed()
    }
}
