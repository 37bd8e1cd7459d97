//! So many requests at a time and no more; the others may try again at once.
//!
//! Discovery, OpenAPI, version and health are exempt, else overload would become an outage of the
//! APIService and of every namespace deletion. No caller and no group is. A watch counts until it started.

use axum::response::{IntoResponse, Response};

use super::{Call, Chain, Next};
use crate::apiserver::{
    metrics::{Counted, RequestLabels},
    request::Verb,
    status::ApiError,
};

pub async fn max_in_flight(chain: &Chain, call: Box<Call>, next: impl Next) -> Response {
    if call.info.is_discovery() || call.info.is_health() {
        return next.run(call).await;
    }
    let Ok(_permit) = chain.inflight.try_acquire() else {
        let error = ApiError::too_many_requests();
        let labels = RequestLabels::new(&call);
        chain.metrics.terminated(&labels, error.code);
        return error.into_response();
    };
    let reads = Verb::named(&call.info.verb).is_none_or(Verb::reads);
    let _counted = Counted::new(chain.metrics.inflight(reads));
    next.run(call).await
}
