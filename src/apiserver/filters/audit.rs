//! Every answer carries the id under which the request is logged, here and in whatever forwarded it.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue};

pub const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
/// A longer id is the caller's joke, and would be logged.
const MAX_LENGTH: usize = 253;

pub async fn audit_id(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(AUDIT_ID).filter(|id| !id.is_empty() && id.len() <= MAX_LENGTH);
    let id = match given {
        Some(id) => id.clone(),
        None => HeaderValue::try_from(uuid::Uuid::new_v4().to_string()).expect("a UUID is a header value"),
    };
    request.headers_mut().insert(AUDIT_ID, id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(AUDIT_ID, id);
    response
}
