//! Discovery documents, legacy and aggregated, made once from the names of what is served.
//!
//! Answering copies no document and asks nobody: kube-aggregator probes these paths, and every namespace
//! deletion in the cluster waits for them.

use std::{collections::BTreeMap, sync::Arc};

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;

use super::{resource::ResourceInfo, status::ApiError};

mod document;
mod documents;

pub use document::Document;
pub use documents::rank;

const JSON: &str = "application/json";
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Every discovery document by its path.
pub struct Discovery {
    aggregated: Document,
    /// `/api`; without a core group an empty list, in the aggregated form only.
    aggregated_core: Document,
    core: Option<Document>,
    groups: Document,
    /// `/api/V`, `/apis/G` and `/apis/G/V`.
    paths: BTreeMap<String, Document>,
}

impl Discovery {
    pub fn new(resources: &[Arc<ResourceInfo>]) -> Self {
        let mut groups: BTreeMap<&str, BTreeMap<&str, Vec<&ResourceInfo>>> = BTreeMap::new();
        for resource in resources {
            groups.entry(&resource.group).or_default().entry(&resource.version).or_default().push(resource);
        }
        let core = groups.remove("");
        let mut paths = BTreeMap::new();
        for (version, resources) in core.iter().flatten() {
            paths
                .insert(format!("/api/{version}"), legacy(&documents::resource_list("", version, resources)));
        }
        for (group, versions) in &groups {
            paths.insert(format!("/apis/{group}"), legacy(&documents::group(group, versions)));
            for (version, resources) in versions {
                let list = documents::resource_list(group, version, resources);
                paths.insert(format!("/apis/{group}/{version}"), legacy(&list));
            }
        }
        Self {
            aggregated: aggregated(&documents::aggregated(&groups)),
            aggregated_core: aggregated(&documents::aggregated(
                &core.iter().map(|core| ("", core.clone())).collect(),
            )),
            core: core.map(|core| legacy(&documents::core_versions(&core))),
            groups: legacy(&documents::group_list(&groups)),
            paths,
        }
    }

    /// The document at a path, with or without a slash at its end. `None`: nothing is there.
    pub fn answer(&self, path: &str, request: &HeaderMap) -> Option<Result<Response, ApiError>> {
        let path = path.strip_suffix('/').unwrap_or(path);
        match path {
            "/apis" => Some(self.negotiated(Some(&self.groups), &self.aggregated, request)),
            // Without a core group the legacy form is a 404, the one error client-go takes for "none".
            "/api" => Some(self.negotiated(self.core.as_ref(), &self.aggregated_core, request)),
            path => self.paths.get(path).map(|document| match choose(request, &[JSON]) {
                Some(_) => Ok(document.response(request)),
                None => Err(not_acceptable(&[JSON])),
            }),
        }
    }

    /// The paths of all documents.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once("/apis").chain(self.paths.keys().map(String::as_str))
    }

    fn negotiated(
        &self,
        legacy: Option<&Document>,
        aggregated: &Document,
        request: &HeaderMap,
    ) -> Result<Response, ApiError> {
        match choose(request, &[JSON, AGGREGATED]) {
            Some(AGGREGATED) => Ok(aggregated.response(request)),
            Some(_) => legacy.map(|document| document.response(request)).ok_or_else(ApiError::unknown_path),
            None => Err(not_acceptable(&[JSON, AGGREGATED])),
        }
    }
}

fn legacy(document: &impl Serialize) -> Document {
    Document::new(encode(document), JSON, "")
}

fn aggregated(document: &impl Serialize) -> Document {
    Document::new(encode(document), AGGREGATED, "public")
}

fn encode(document: &impl Serialize) -> Bytes {
    let mut json = serde_json::to_vec(document).expect("strings always serialize");
    json.push(b'\n');
    json.into()
}

/// 406, naming what there is.
pub fn not_acceptable(offered: &[&str]) -> ApiError {
    ApiError::new(
        http::StatusCode::NOT_ACCEPTABLE,
        "NotAcceptable",
        format!("only the following media types are accepted: {}", offered.join(", ")),
    )
}

/// The first of `offered` that the Accept header admits, clause by clause in the order of their `q`.
pub fn choose<'a>(request: &HeaderMap, offered: &[&'a str]) -> Option<&'a str> {
    let clauses = request.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let clauses =
        clauses.flat_map(|value| value.split(',')).map(str::trim).filter(|clause| !clause.is_empty());
    let mut clauses: Vec<_> = clauses.map(Clause::parse).collect();
    if clauses.is_empty() {
        return offered.first().copied();
    }
    clauses.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    clauses
        .iter()
        .filter(|clause| clause.quality > 0.0)
        .find_map(|clause| offered.iter().copied().find(|offer| clause.admits(&Clause::parse(offer))))
}

/// A media range with the parameters that choose a representation.
struct Clause<'a> {
    media: &'a str,
    transform: [&'a str; 3],
    quality: f32,
}

impl<'a> Clause<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let mut clause = Self { media: parts.next().unwrap_or_default(), transform: [""; 3], quality: 1.0 };
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            match key.trim() {
                "g" => clause.transform[0] = value.trim(),
                "v" => clause.transform[1] = value.trim(),
                "as" => clause.transform[2] = value.trim(),
                "q" => clause.quality = value.trim().parse().unwrap_or(1.0),
                _ => {}
            }
        }
        clause
    }

    fn admits(&self, offer: &Self) -> bool {
        let media = match self.media {
            "*/*" => true,
            "application/*" => offer.media.starts_with("application/"),
            media => media.eq_ignore_ascii_case(offer.media),
        };
        media && self.transform == offer.transform
    }
}

/// `public` or nothing in Cache-Control: the filter's own default stays where it is nothing.
fn cache_control(value: &'static str) -> Option<HeaderValue> {
    (!value.is_empty()).then(|| HeaderValue::from_static(value))
}

#[cfg(test)]
mod tests;
