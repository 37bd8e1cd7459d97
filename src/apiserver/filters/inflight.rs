//! So many requests at a time and no more; the others may try again at once.
//!
//! Discovery, OpenAPI, version and health are exempt, else overload would become an outage of the
//! APIService and of every namespace deletion. No caller and no group is. A watch counts until it started.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};

use super::{Chain, Next, info};
use crate::apiserver::{
    metrics::{Counted, RequestLabels},
    request::Verb,
    status::ApiError,
};

pub async fn max_in_flight(chain: &Chain, request: Request, next: impl Next) -> Response {
    let info = match info(&request) {
        Ok(info) if info.is_discovery() || info.is_health() => return next.run(request).await,
        Ok(info) => info,
        Err(error) => return error.into_response(),
    };
    let Ok(_permit) = chain.inflight.try_acquire() else {
        let error = ApiError::too_many_requests();
        let labels = RequestLabels::new(&info, request.method(), chain.routes.served(&info));
        chain.metrics.terminated(&labels, error.code);
        return error.into_response();
    };
    let reads = Verb::named(&info.verb).is_none_or(Verb::reads);
    let gauge = chain.metrics.inflight.with_label_values(&[if reads { "readOnly" } else { "mutating" }]);
    let _counted = Counted::new(gauge);
    next.run(request).await
}
