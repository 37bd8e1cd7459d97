//! A panic of one request is a 500 for that request and for nobody else.

use std::{any::Any, panic::AssertUnwindSafe};

use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use super::{Next, audit::Audited};
use crate::apiserver::status::ApiError;

pub async fn panics(request: Audited, next: impl Next<Audited>) -> Response {
    // Nothing of the request is used after an unwind.
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            tracing::error!(panic = message(&*panic), "a request handler panicked");
            ApiError::internal().into_response()
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
