//! From hyper's request to the filter stack's and back.

use std::{convert::Infallible, future::Future, sync::Arc};

use axum::response::IntoResponse;
use http::{HeaderValue, Request, Response, Version, header};
use hyper::{
    body::Incoming,
    service::{HttpService, service_fn},
};

use super::{body::TrackedBody, tracker::Tracker};
use crate::apiserver::{filters::Service, identity::Connection, status::ApiError};

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
    // One count of references for each connection: all requests of the server would wait for a common one.
    let shared = Arc::new((service, connection));
    service_fn(move |request: Request<Incoming>| {
        let active = tracker.request();
        let misaddressed = misaddressed(&request);
        // As a pointer from here on: every filter hands it on.
        let request = Box::new(request.map(axum::body::Body::new));
        let shared = shared.clone();
        async move {
            let (service, connection) = &*shared;
            let response = match misaddressed {
                None => service.answer(connection, request).await,
                Some(why) => refusal(why),
            };
            Ok(response.map(|body| TrackedBody::new(body, active)))
        }
    })
}

/// Why an HTTP/1.1 request is not addressed as it has to be (RFC 9112, 3.2). What comes in front of us may have
/// chosen another of two names.
fn misaddressed(request: &Request<Incoming>) -> Option<&'static str> {
    if request.version() != Version::HTTP_11 {
        return None;
    }
    match request.headers().get_all(header::HOST).iter().count() {
        0 => Some("missing required Host header"),
        1 => None,
        _ => Some("too many Host headers"),
    }
}

fn refusal(why: &'static str) -> axum::response::Response {
    let mut response = ApiError::bad_request(why).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
