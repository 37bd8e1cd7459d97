//! What a request is about, read from its path and query alone: scope, API resource or not, verb.
//!
//! Fed by the filter of the same name. Knows the shape of Kubernetes paths, not which of them exist. A path
//! is never normalised: what does not have the shape is a non-resource path and ends as a 404.

use std::{borrow::Cow, sync::Arc};

use http::{Method, Uri};
use percent_encoding::percent_decode_str;

use super::{
    identity::Target,
    request::Query,
    scope::{Scope, Unresolved},
    selector::FieldSelector,
    status::ApiError,
};

#[derive(Clone, Debug)]
pub struct RequestInfo {
    pub scope: Scope,
    /// A resource verb, or the lower-case method of a non-resource request.
    pub verb: Cow<'static, str>,
    /// The path of a non-resource request is decoded, and without its `/clusters/…` prefix.
    pub target: Arc<Target>,
    pub query: Query,
    /// Why the scope, which then is as the path has it, leads to no logical cluster.
    pub unresolved: Option<Unresolved>,
}

impl RequestInfo {
    /// Fails on a path that is not percent-encoded UTF-8, or hides a slash in a segment.
    pub fn parse(method: &Method, uri: &Uri) -> Result<Self, ApiError> {
        let (scope, raw) = split_scope(uri.path())?;
        let inner = raw.strip_prefix('/').unwrap_or(raw);
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        let segments = inner.split('/').map(decode).collect::<Result<Vec<_>, _>>()?;
        let query = Query::parse(uri.query().unwrap_or_default());
        let (verb, target) = match resource(&segments) {
            Some(target) => resource_verb(method, target, &query),
            None => {
                let path = percent_decode_str(raw).decode_utf8().map_err(|_| ApiError::unknown_path())?;
                (lower_case(method), Target::NonResource { path: path.into_owned() })
            }
        };
        Ok(Self { scope, verb, target: Arc::new(target), query, unresolved: None })
    }

    /// Runs until the client or `timeoutSeconds` ends it: exempt from timeouts and in-flight limits.
    pub fn long_running(&self) -> bool {
        self.verb == "watch" && matches!(*self.target, Target::Resource { .. })
    }

    /// Readable by every authenticated caller without a review, and never shed.
    pub fn is_discovery(&self) -> bool {
        let Target::NonResource { path } = &*self.target else { return false };
        matches!(path.as_str(), "/version" | "/version/" | "/api" | "/apis")
            || ["/api/", "/apis/", "/openapi/"].iter().any(|prefix| path.starts_with(prefix))
    }

    /// A health endpoint, subpaths included.
    pub fn is_health(&self) -> bool {
        let Target::NonResource { path } = &*self.target else { return false };
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        matches!(first, "healthz" | "livez" | "readyz")
    }

    /// A whole health endpoint, which probes reach without credentials. One check alone needs them.
    pub fn is_probe(&self) -> bool {
        let Target::NonResource { path } = &*self.target else { return false };
        self.scope == Scope::None && matches!(path.as_str(), "/healthz" | "/livez" | "/readyz")
    }
}

/// Takes `/clusters/<x>` off the front of the raw path.
fn split_scope(path: &str) -> Result<(Scope, &str), ApiError> {
    let Some(rest) = path.strip_prefix("/clusters/") else { return Ok((Scope::None, path)) };
    let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let name = decode(name)?;
    let scope = match name.as_ref() {
        "" => return Err(ApiError::unknown_path()),
        "*" => Scope::Wildcard,
        path if path.contains(':') => Scope::Path(path.into()),
        id => Scope::Id(id.into()),
    };
    Ok((scope, if rest.is_empty() { "/" } else { rest }))
}

fn decode(segment: &str) -> Result<Cow<'_, str>, ApiError> {
    // As it stands in the URI a segment has neither slash nor NUL.
    if !segment.contains('%') && !segment.starts_with('.') {
        return Ok(Cow::Borrowed(segment));
    }
    let decoded = percent_decode_str(segment).decode_utf8().map_err(|_| ApiError::unknown_path())?;
    if decoded.contains(['/', '\0']) || matches!(decoded.as_ref(), "." | "..") {
        return Err(ApiError::unknown_path());
    }
    Ok(decoded)
}

/// The resource a path names: `/api/V/…` with 3, `/apis/G/V/…` with 4 segments or more.
fn resource(segments: &[Cow<'_, str>]) -> Option<Target> {
    if segments.iter().any(|segment| segment.is_empty()) {
        return None;
    }
    let (group, version, mut rest) = match segments {
        [api, version, rest @ ..] if api == "api" => ("", version, rest),
        [apis, group, version, rest @ ..] if apis == "apis" => (group.as_ref(), version, rest),
        _ => return None,
    };
    let mut namespace = "";
    if let [namespaces, name, inner, ..] = rest
        && namespaces == "namespaces"
        && !matches!(inner.as_ref(), "status" | "finalize")
    {
        namespace = name;
        rest = &rest[2..];
    }
    let (resource, rest) = rest.split_first()?;
    let (name, subresource) = match rest {
        [] => ("", String::new()),
        // What comes after a subresource's name is its own affair, and no part of what is authorized.
        [name, subresource @ ..] => {
            (name.as_ref(), subresource.first().map(|first| first.to_string()).unwrap_or_default())
        }
    };
    Some(Target::Resource {
        group: group.to_owned(),
        version: version.to_string(),
        resource: resource.to_string(),
        subresource,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

/// The verb, and for collections the name that a `metadata.name` field selector gives.
fn resource_verb(method: &Method, mut target: Target, query: &Query) -> (Cow<'static, str>, Target) {
    let Target::Resource { name, .. } = &mut target else {
        return (lower_case(method), target);
    };
    let collection = name.is_empty();
    let verb = match *method {
        Method::GET | Method::HEAD if !collection => "get",
        Method::GET | Method::HEAD if query.flag("watch") == Some(true) => "watch",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if collection => "deletecollection",
        Method::DELETE => "delete",
        _ => return (lower_case(method), target),
    };
    if matches!(verb, "list" | "watch" | "deletecollection")
        && let Some(selected) = query.get("fieldSelector").and_then(selected_name)
    {
        *name = selected;
    }
    (verb.into(), target)
}

fn lower_case(method: &Method) -> Cow<'static, str> {
    match *method {
        Method::GET => "get".into(),
        _ => method.as_str().to_ascii_lowercase().into(),
    }
}

/// `X` of `metadata.name=X` among the terms of a field selector, when exactly one name is asked for and could
/// stand in a path.
fn selected_name(selector: &str) -> Option<String> {
    FieldSelector::names(selector).and_then(|names| match <[String; 1]>::try_from(names) {
        // A contradiction is left to the handler: no name asks for more, never for less.
        Ok([name]) if !name.is_empty() && !name.contains(['/', '%']) => Some(name),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
