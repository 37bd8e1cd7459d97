//! From hyper's request to the filter stack's and back.

use std::{convert::Infallible, future::Future, sync::Arc};

use http::{Request, Response};
use hyper::{
    body::Incoming,
    service::{HttpService, service_fn},
};

use super::{body::TrackedBody, tracker::Tracker};
use crate::apiserver::{filters::Service, identity::Connection};

/// The stack for the requests of one connection. hyper keeps one future per connection or stream in place, so
/// this one has no box of its own.
pub fn requests(
    service: Service,
    connection: Connection,
    tracker: Arc<Tracker>,
) -> impl HttpService<
    Incoming,
    ResBody = TrackedBody,
    Error = Infallible,
    Future: Future<Output = Result<Response<TrackedBody>, Infallible>> + Send,
> {
    service_fn(move |request: Request<Incoming>| {
        let active = tracker.request();
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(connection.clone());
        let service = service.clone();
        async move {
            let response = service.answer(request).await;
            Ok(response.map(|body| TrackedBody::new(body, active)))
        }
    })
}
