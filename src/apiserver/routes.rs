//! Which path leads where: the last stop of a request that passed every filter.
//!
//! Fed with what is served by `server`. It knows paths and resources by name; what they hold is `rest`'s.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt;

use super::{
    catalog::Catalog,
    discovery::Discovery,
    filters::Call,
    health::Health,
    identity::Target,
    metrics::Metrics,
    openapi::OpenApi,
    registry::body,
    request::{ResourceRequest, Verb},
    request_info::RequestInfo,
    rest::Rest,
    status::ApiError,
    version::Version,
};

/// `Allow` of everything that is served.
const READ_ONLY: &str = "GET, HEAD";

/// Everything that is served.
pub struct Routes {
    catalog: Arc<dyn Catalog>,
    version: Version,
    health: Health,
    metrics: Arc<Metrics>,
}

impl Routes {
    pub fn new(catalog: Arc<dyn Catalog>, version: Version, health: Health, metrics: Arc<Metrics>) -> Self {
        Self { catalog, version, health, metrics }
    }

    /// The handlers of the resource that a request is about, if it is served.
    pub fn rest(&self, info: &RequestInfo) -> Option<Arc<Rest>> {
        let Target::Resource { group, version, resource, .. } = &*info.target else { return None };
        self.catalog.rest(&info.scope, group, version, resource)
    }

    pub async fn handle(&self, call: Box<Call>) -> Response {
        let head = *call.request.method() == Method::HEAD;
        let response = self.answer(call).await.unwrap_or_else(IntoResponse::into_response);
        if head { without_body(response) } else { response }
    }

    async fn answer(&self, mut call: Box<Call>) -> Result<Response, ApiError> {
        match &*call.info.target {
            Target::Resource { .. } => {
                let rest = call.rest.take().ok_or_else(ApiError::unknown_path)?;
                Ok(rest.handle(resource_request(&rest, call).await?).await)
            }
            Target::NonResource { path } => self.document(path, &call.info, &call.request),
        }
    }

    fn document(&self, path: &str, info: &RequestInfo, request: &Request) -> Result<Response, ApiError> {
        let headers = request.headers();
        let discovery = self.catalog.discovery(&info.scope).ok_or_else(ApiError::unknown_path)?;
        let openapi = || self.catalog.openapi(&info.scope).ok_or_else(ApiError::unknown_path);
        let found = match path {
            "/" => Some(Ok(json(index(&discovery, &*openapi()?, &self.health)))),
            "/version" | "/version/" => Some(Ok(self.version.response())),
            "/metrics" if reads(request) => Some(self.metrics.response()),
            "/metrics" => Some(Err(ApiError::method_not_allowed(READ_ONLY))),
            _ if info.is_health() => {
                self.health.answer(path, request.uri().query().unwrap_or_default()).map(Ok)
            }
            path if path.starts_with("/openapi/") => openapi()?.answer(path, &info.query, headers),
            path => discovery.answer(path, headers),
        };
        match found {
            Some(_) if !reads(request) => Err(ApiError::method_not_allowed(READ_ONLY)),
            Some(answer) => answer,
            None => Err(ApiError::unknown_path()),
        }
    }
}

fn reads(request: &Request) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
}

/// 404 for a path the resource does not have, 405 for a verb it does not have.
async fn resource_request(rest: &Rest, call: Box<Call>) -> Result<ResourceRequest, ApiError> {
    let served = rest.storage.info();
    let info = call.info;
    let Target::Resource { subresource, namespace, name, .. } = &*info.target else {
        return Err(ApiError::unknown_path());
    };
    let verb = Verb::named(&info.verb).ok_or_else(|| ApiError::method_not_allowed(READ_ONLY))?;
    let in_namespace = !namespace.is_empty();
    let writable = rest.storage.writer().is_some();
    // A list may have a name as well, from its field selector.
    let single = !name.is_empty() && (verb == Verb::Create || !verb.of_collection());
    let placed = if served.namespaced { in_namespace || !single } else { !in_namespace };
    let known = subresource.is_empty() || served.subresources.iter().any(|sub| sub.name == subresource);
    // What is asked and not kept has no paths of single objects.
    let kept = verb.of_collection() || served.verbs.contains(&"get");
    if !known || !placed || !kept {
        return Err(ApiError::unknown_path());
    }
    let offered = !subresource.is_empty() || served.verbs.contains(&&*info.verb);
    let of_one = !verb.of_collection() || !subresource.is_empty();
    let fits = single == of_one && (in_namespace || !served.namespaced);
    let taken = verb.reads() || writable && offered && fits;
    if !taken {
        return Err(ApiError::method_not_allowed(READ_ONLY));
    }
    let (parts, body) = call.request.into_parts();
    let attributes = call.attributes.ok_or_else(|| {
        tracing::error!("a resource request reached its handler without being authorized");
        ApiError::internal()
    })?;
    let body = if verb.reads() { Bytes::new() } else { whole(body).await? };
    Ok(ResourceRequest { info, verb, headers: parts.headers, attributes, body })
}

/// The whole body of a write; 413 when it is too long.
async fn whole(body: Body) -> Result<Bytes, ApiError> {
    let limited = http_body_util::Limited::new(body, body::LIMIT);
    let read = limited.collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            return ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                format!("Request entity too large: limit is {}", body::LIMIT),
            );
        }
        ApiError::bad_request("the body of the request could not be read")
    })?;
    Ok(read.to_bytes())
}

fn index(discovery: &Discovery, openapi: &OpenApi, health: &Health) -> Bytes {
    let mut paths: Vec<String> = discovery.paths().chain(openapi.paths()).map(str::to_owned).collect();
    paths.extend(health.paths());
    paths.extend(["/metrics".to_owned(), "/version".to_owned()]);
    paths.sort();
    serde_json::json!({"paths": paths}).to_string().into()
}

fn json(body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The answer to HEAD: the headers of the answer to GET.
fn without_body(response: Response) -> Response {
    let length = response.body().size_hint().exact();
    let mut response = response.map(|_| Body::empty());
    if let Some(length) = length {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    response
}
