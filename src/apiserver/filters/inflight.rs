//! So many requests at a time and no more; the others may try again at once.
//!
//! Discovery, OpenAPI, version and health are exempt, else overload would become an outage of the
//! APIService and of every namespace deletion. No caller and no group is. A watch counts until it started.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::response::{IntoResponse, Response};

use super::{Call, Chain, Next};
use crate::apiserver::{
    metrics::{Counted, RequestLabels},
    request::Verb,
    status::ApiError,
};

/// Places for requests. Nobody waits for one, so a number is enough.
pub struct Places {
    taken: AtomicUsize,
    most: usize,
}

/// Given back when it is dropped.
struct Place<'a>(&'a Places);

impl Places {
    pub fn new(most: usize) -> Self {
        Self { taken: AtomicUsize::new(0), most }
    }

    fn take(&self) -> Option<Place<'_>> {
        let place = Place(self);
        (self.taken.fetch_add(1, Ordering::Relaxed) < self.most).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

pub async fn max_in_flight(chain: &Chain, call: Box<Call>, next: impl Next) -> Response {
    if call.info.is_discovery() || call.info.is_health() {
        return next.run(call).await;
    }
    let Some(_place) = chain.inflight.take() else {
        let error = ApiError::too_many_requests();
        let labels = RequestLabels::new(&call);
        chain.metrics.terminated(&labels, error.code);
        return error.into_response();
    };
    let reads = Verb::named(&call.info.verb).is_none_or(Verb::reads);
    let _counted = Counted::new(chain.metrics.inflight(reads));
    next.run(call).await
}
