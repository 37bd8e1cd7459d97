//! Every answer carries the id under which the request is logged, here and in whatever forwarded it.

use axum::{extract::Request, response::Response};
use http::{HeaderName, HeaderValue};

use super::Next;

const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
/// A longer id is the caller's joke, and would be logged.
const MAX_LENGTH: usize = 253;

/// A request and its id.
pub type Audited = (Box<Request>, HeaderValue);

pub async fn audit_id(request: Box<Request>, next: impl Next<Audited>) -> Response {
    let given = request.headers().get(AUDIT_ID).filter(|id| !id.is_empty() && id.len() <= MAX_LENGTH);
    let id = match given {
        Some(id) => id.clone(),
        None => new_id(),
    };
    let mut response = next.run((request, id.clone())).await;
    response.headers_mut().insert(AUDIT_ID, id);
    response
}

/// From the thread's generator: asking the kernel for each id would cost more than the rest of this filter.
fn new_id() -> HeaderValue {
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    let mut text = uuid::Uuid::encode_buffer();
    HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)).expect("a UUID is a header value")
}
