//! Content negotiation: from `Accept`, `Accept-Encoding` and `pretty` to the one form an answer takes.
//!
//! Pure. Serves JSON and YAML, as the object itself, as a Table or as its metadata alone; protobuf clauses
//! are passed over, so that clients that name it first get the next one.

mod accept;

use std::borrow::Cow;

use http::{HeaderMap, StatusCode, header};

use super::{
    request::{Query, Verb},
    resource::ResourceInfo,
    status::ApiError,
};
use accept::Clause;

/// The version of `meta.k8s.io` a transformed answer was asked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetaVersion {
    V1,
    V1Beta1,
}

impl MetaVersion {
    pub fn api_version(self) -> &'static str {
        match self {
            Self::V1 => "meta.k8s.io/v1",
            Self::V1Beta1 => "meta.k8s.io/v1beta1",
        }
    }
}

/// What of the object is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    Object,
    Table(MetaVersion),
    /// `PartialObjectMetadata`, or its List for a list.
    Metadata(MetaVersion),
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    Json,
    /// Indented; never for a watch.
    PrettyJson,
    Yaml,
}

impl Media {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json | Self::PrettyJson => "application/json",
            Self::Yaml => "application/yaml",
        }
    }
}

/// The negotiated answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Representation {
    pub form: Form,
    pub media: Media,
}

/// Chooses the first clause that can be served, by `q`; 406 when there is none.
pub fn negotiate(
    headers: &HeaderMap,
    query: &Query,
    verb: Verb,
    info: &ResourceInfo,
) -> Result<Representation, ApiError> {
    let accept = header_text(headers, header::ACCEPT);
    // What most clients ask for is known without reading it.
    let (kind, yaml, pretty) = if matches!(&*accept, "" | "application/json" | "*/*") {
        (Kind::Object, false, false)
    } else {
        choose(&accept::parse(&accept), verb).ok_or_else(|| not_acceptable(verb))?
    };
    let form = kind.for_verb(verb, info)?;
    let media = match verb {
        Verb::Watch => Media::Json,
        _ if yaml => Media::Yaml,
        _ if pretty || wants_pretty(headers, query) => Media::PrettyJson,
        _ => Media::Json,
    };
    Ok(Representation { form, media })
}

/// Whether the client takes gzip: named, or `*`, and not with `q=0`.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let text = header_text(headers, header::ACCEPT_ENCODING);
    let quality = |coding: &str| {
        text.split(',').find_map(|clause| {
            let mut parts = clause.split(';').map(str::trim);
            let named = parts.next()?.eq_ignore_ascii_case(coding);
            let q = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            named.then(|| q.map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0)))
        })
    };
    quality("gzip").or_else(|| quality("*")).is_some_and(|q| q > 0.0)
}

#[derive(Clone, Copy)]
enum Kind {
    Object,
    Table(MetaVersion),
    Metadata(MetaVersion),
    MetadataList(MetaVersion),
}

impl Kind {
    /// A metadata form that does not fit a list or a single object is refused, not passed over.
    fn for_verb(self, verb: Verb, info: &ResourceInfo) -> Result<Form, ApiError> {
        match (self, verb) {
            (Self::Object, _) => Ok(Form::Object),
            (Self::Table(version), _) => Ok(Form::Table(version)),
            (Self::MetadataList(version), Verb::List) => Ok(Form::Metadata(version)),
            (Self::Metadata(_), Verb::List) => Err(mismatch(&format!(
                "you requested PartialObjectMetadata, but the requested object is a list ({})",
                info.list_kind
            ))),
            (Self::Metadata(version), _) => Ok(Form::Metadata(version)),
            (Self::MetadataList(_), _) => Err(mismatch(&format!(
                "you requested PartialObjectMetadataList, but the requested object is not a list ({})",
                info.kind
            ))),
        }
    }
}

/// The kind asked for, whether as YAML, and whether the clause asked for indentation.
fn choose(clauses: &[Clause<'_>], verb: Verb) -> Option<(Kind, bool, bool)> {
    clauses.iter().find_map(|clause| {
        let yaml = match (clause.kind, clause.subtype) {
            ("*", "*") | ("application", "json" | "*") => false,
            ("application", "yaml") if verb != Verb::Watch => true,
            _ => return None,
        };
        let streams = clause.param("stream").is_none_or(|s| s.is_empty() || (s == "watch" && !yaml));
        let versions = clause.param("sv").is_none_or(|version| version.is_empty() || version == "v1");
        if !streams || !versions {
            return None;
        }
        Some((transform(clause)?, yaml, clause.param("pretty") == Some("1")))
    })
}

/// The clause's `as`, `g` and `v`; `None` for one that is not known here.
fn transform(clause: &Clause<'_>) -> Option<Kind> {
    let [kind, group, version] = ["as", "g", "v"].map(|name| clause.param(name));
    if kind.is_none() && group.is_none() && version.is_none() {
        return Some(Kind::Object);
    }
    let version = match (group?, version?) {
        ("meta.k8s.io", "v1") => MetaVersion::V1,
        ("meta.k8s.io", "v1beta1") => MetaVersion::V1Beta1,
        _ => return None,
    };
    match kind? {
        "Table" => Some(Kind::Table(version)),
        "PartialObjectMetadata" => Some(Kind::Metadata(version)),
        "PartialObjectMetadataList" => Some(Kind::MetadataList(version)),
        _ => None,
    }
}

fn wants_pretty(headers: &HeaderMap, query: &Query) -> bool {
    if let Some(pretty) = query.get("pretty").filter(|pretty| !pretty.is_empty()) {
        return matches!(pretty, "1" | "t" | "T" | "true" | "TRUE" | "True");
    }
    let agent = header_text(headers, header::USER_AGENT);
    ["curl", "Wget", "Mozilla/5.0"].iter().any(|prefix| agent.starts_with(prefix))
}

/// All values of a header as one list.
fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Cow<'_, str> {
    let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let first = values.next().unwrap_or_default();
    values.fold(Cow::Borrowed(first), |list, value| Cow::Owned(format!("{list},{value}")))
}

fn not_acceptable(verb: Verb) -> ApiError {
    let media = match verb {
        Verb::Watch => "application/json;stream=watch",
        _ => "application/json, application/yaml",
    };
    mismatch(&format!("only the following media types are accepted: {media}"))
}

fn mismatch(message: &str) -> ApiError {
    ApiError::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message)
}

#[cfg(test)]
mod tests;
