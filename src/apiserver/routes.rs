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
use http::{HeaderValue, Method, header};
use http_body::Body as _;

use super::{
    discovery::Discovery,
    health::Health,
    identity::{Attributes, Target},
    metrics::Metrics,
    openapi::OpenApi,
    request::{ResourceRequest, Verb},
    request_info::RequestInfo,
    resource::ResourceInfo,
    rest::Rest,
    status::ApiError,
    version::Version,
};

/// `Allow` of everything that is served.
const READ_ONLY: &str = "GET, HEAD";

/// Everything that is served.
pub struct Routes {
    /// So few that looking at each is quicker than a map.
    resources: Vec<Rest>,
    discovery: Discovery,
    openapi: OpenApi,
    version: Version,
    health: Health,
    metrics: Arc<Metrics>,
    index: Bytes,
}

impl Routes {
    pub fn new(
        rests: Vec<Rest>,
        openapi: OpenApi,
        version: Version,
        health: Health,
        metrics: Arc<Metrics>,
    ) -> Self {
        let infos: Vec<_> = rests.iter().map(|rest| rest.storage.info()).collect();
        let discovery = Discovery::new(&infos);
        let index = index(&discovery, &openapi, &health);
        Self { resources: rests, discovery, openapi, version, health, metrics, index }
    }

    /// The resource a target names, if it is served.
    pub fn served(&self, target: &Target) -> Option<&'static ResourceInfo> {
        self.rest(target).map(|rest| rest.storage.info())
    }

    fn rest<'a>(&'a self, target: &'a Target) -> Option<&'a Rest> {
        let Target::Resource { group, version, resource, .. } = target else { return None };
        self.resources.iter().find(|rest| {
            let info = rest.storage.info();
            info.resource == resource && info.version == version && info.group == group
        })
    }

    pub async fn handle(&self, request: Request) -> Response {
        let head = request.method() == Method::HEAD;
        let answer = match request.extensions().get::<Arc<RequestInfo>>().cloned() {
            Some(info) => self.answer(&info, request).await,
            None => Err(ApiError::internal()),
        };
        let response = answer.unwrap_or_else(IntoResponse::into_response);
        if head { without_body(response) } else { response }
    }

    async fn answer(&self, info: &RequestInfo, request: Request) -> Result<Response, ApiError> {
        match &info.target {
            Target::Resource { .. } => {
                let rest = self.rest(&info.target).ok_or_else(ApiError::unknown_path)?;
                Ok(rest.handle(resource_request(rest.storage.info(), info, request)?).await)
            }
            Target::NonResource { path } => self.document(path, info, &request),
        }
    }

    fn document(&self, path: &str, info: &RequestInfo, request: &Request) -> Result<Response, ApiError> {
        let headers = request.headers();
        let found = match path {
            "/" => Some(Ok(json(self.index.clone()))),
            "/version" | "/version/" => Some(Ok(self.version.response())),
            "/metrics" if reads(request) => Some(self.metrics.response()),
            "/metrics" => Some(Err(ApiError::method_not_allowed(READ_ONLY))),
            _ if info.is_health() => {
                self.health.answer(path, request.uri().query().unwrap_or_default()).map(Ok)
            }
            path if path.starts_with("/openapi/") => self.openapi.answer(path, &info.query, headers),
            path => self.discovery.answer(path, headers),
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

/// 404 for a path the resource does not have, 405 for what is not read-only.
fn resource_request(
    served: &ResourceInfo,
    info: &RequestInfo,
    request: Request,
) -> Result<ResourceRequest, ApiError> {
    let Target::Resource { subresource, namespace, name, .. } = &info.target else {
        return Err(ApiError::unknown_path());
    };
    let in_namespace = !namespace.is_empty();
    let collection = matches!(info.verb.as_str(), "list" | "watch" | "create" | "deletecollection");
    let placed = if served.namespaced { in_namespace || collection } else { !in_namespace };
    if !subresource.is_empty() || !placed {
        return Err(ApiError::unknown_path());
    }
    let verb = match info.verb.as_str() {
        "get" => Verb::Get,
        "list" => Verb::List,
        "watch" => Verb::Watch,
        _ => return Err(ApiError::method_not_allowed(READ_ONLY)),
    };
    let (mut parts, _body) = request.into_parts();
    let attributes = parts.extensions.remove::<Attributes>().ok_or_else(|| {
        tracing::error!("a resource request reached its handler without being authorized");
        ApiError::internal()
    })?;
    Ok(ResourceRequest {
        scope: info.scope.clone(),
        verb,
        namespace: namespace.clone(),
        // A collection's name, from a field selector, narrows what was authorized: it is in the attributes.
        name: if verb == Verb::Get { name.clone() } else { String::new() },
        query: info.query.clone(),
        headers: parts.headers,
        attributes,
    })
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
