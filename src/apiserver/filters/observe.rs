//! Counts and traces every request: when it is answered, a watch when it ends.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::StatusCode;
use http_body::{Body as _, Frame, SizeHint};
use tracing::Instrument;

use super::{Call, Chain, Next, trace};
use crate::apiserver::metrics::{Counted, Metrics, RequestLabels};

pub async fn observe(chain: &Chain, call: Box<Call>, next: impl Next) -> Response {
    let labels = RequestLabels::new(&call);
    let started = call.at;
    let span = trace::span(&call, &labels);
    let long_running = call.info.long_running();
    let response = next.run(call).instrument(span.clone()).await;
    let code = response.status();
    span.record("http.response.status_code", code.as_u16());
    let took = started.elapsed();
    span.in_scope(|| tracing::debug!(code = code.as_u16(), ?took, "answered"));
    if long_running && code.is_success() {
        return response.map(|body| watched(body, &chain.metrics, labels, code));
    }
    chain.metrics.answered(&labels, code, took, response.body().size_hint().exact());
    response
}

/// The body of a watch, counted when it ends, in whatever way it ends.
struct Watched {
    body: Body,
    labels: RequestLabels,
    code: StatusCode,
    metrics: Arc<Metrics>,
    _open: Counted,
}

fn watched(body: Body, metrics: &Arc<Metrics>, labels: RequestLabels, code: StatusCode) -> Body {
    let open = Counted::new(metrics.watching(&labels));
    Body::new(Watched { body, labels, code, metrics: metrics.clone(), _open: open })
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.metrics.answered(&self.labels, self.code, Duration::ZERO, None);
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
