//! The options of a list or watch, decoded and validated with upstream's texts.
//!
//! Fed by the query. What the options mean for the rows is the business of `rest`.

use http::StatusCode;

use super::{
    request::{Query, Verb},
    selector::{FieldSelector, LabelSelector},
    status::{ApiError, Cause},
};

/// `resourceVersionMatch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    Exact,
    NotOlderThan,
}

/// What a list or watch asks for.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    pub labels: LabelSelector,
    pub fields: FieldSelector,
    /// `None` for the latest, `Some(0)` for any, else this version.
    pub resource_version: Option<u64>,
    pub version_match: Option<Match>,
    /// At most so many rows; `None` for all.
    pub limit: Option<usize>,
    /// The token of the page before; never empty.
    pub continue_token: Option<String>,
    pub send_initial_events: Option<bool>,
    pub bookmarks: bool,
    /// How long a watch lasts; `None` for the server's choice.
    pub timeout_seconds: Option<u64>,
}

impl ListOptions {
    /// 400 for what cannot be decoded, 422 for what may not be combined.
    pub fn parse(query: &Query, verb: Verb) -> Result<Self, ApiError> {
        let raw = Raw::of(query);
        let limit = integer(query, "limit")?;
        let timeout = integer(query, "timeoutSeconds")?;
        let labels = LabelSelector::parse(query.get("labelSelector").unwrap_or_default())
            .map_err(ApiError::bad_request)?;
        let fields = FieldSelector::parse(query.get("fieldSelector").unwrap_or_default())
            .map_err(ApiError::bad_request)?;
        raw.validate(verb)?;
        let resource_version = resource_version(query)?;
        if raw.continues() && verb == Verb::List && resource_version.is_some_and(|version| version != 0) {
            return Err(ApiError::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        Ok(Self {
            labels,
            fields,
            resource_version,
            version_match: match raw.version_match {
                "Exact" => Some(Match::Exact),
                "NotOlderThan" => Some(Match::NotOlderThan),
                _ => None,
            },
            limit: limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0),
            continue_token: raw.continues().then(|| raw.continue_token.to_owned()),
            send_initial_events: raw.send_initial_events,
            bookmarks: query.flag("allowWatchBookmarks").unwrap_or(false),
            timeout_seconds: timeout.and_then(|seconds| u64::try_from(seconds).ok()).filter(|s| *s > 0),
        })
    }
}

/// `resourceVersion`: absent and empty mean the latest, `0` any.
pub fn resource_version(query: &Query) -> Result<Option<u64>, ApiError> {
    let text = match query.get("resourceVersion") {
        None | Some("") => return Ok(None),
        Some(text) => text,
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(Some).ok_or_else(|| {
        let why = if digits { "value out of range" } else { "invalid syntax" };
        ApiError::bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: {why}"
        ))
    })
}

fn integer(query: &Query, key: &str) -> Result<Option<i64>, ApiError> {
    let Some(text) = query.get(key) else { return Ok(None) };
    text.parse()
        .map(Some)
        .map_err(|_| ApiError::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax")))
}

/// The parameters whose combinations upstream restricts, as they were sent.
struct Raw<'a> {
    resource_version: &'a str,
    version_match: &'a str,
    continue_token: &'a str,
    send_initial_events: Option<bool>,
}

impl<'a> Raw<'a> {
    fn of(query: &'a Query) -> Self {
        Self {
            resource_version: query.get("resourceVersion").unwrap_or_default(),
            version_match: query.get("resourceVersionMatch").unwrap_or_default(),
            continue_token: query.get("continue").unwrap_or_default(),
            send_initial_events: query.flag("sendInitialEvents"),
        }
    }

    fn continues(&self) -> bool {
        !self.continue_token.is_empty()
    }

    fn validate(&self, verb: Verb) -> Result<(), ApiError> {
        let causes = match verb {
            Verb::Watch => self.watch_faults(),
            _ => self.list_faults(),
        };
        if causes.is_empty() { Ok(()) } else { Err(invalid(causes)) }
    }

    fn list_faults(&self) -> Vec<Cause> {
        let mut faults = Vec::new();
        let mut fault = |text: &str| faults.push(forbidden("resourceVersionMatch", text));
        if !self.version_match.is_empty() {
            if self.resource_version.is_empty() {
                fault("resourceVersionMatch is forbidden unless resourceVersion is provided");
            }
            if self.continues() {
                fault("resourceVersionMatch is forbidden when continue is provided");
            }
            if self.version_match == "Exact" && self.resource_version == "0" {
                fault("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
            }
            if !["Exact", "NotOlderThan"].contains(&self.version_match) {
                faults.push(self.unsupported(r#""Exact", "NotOlderThan", """#));
            }
        }
        if self.send_initial_events.is_some() {
            faults.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
        faults
    }

    fn watch_faults(&self) -> Vec<Cause> {
        let mut faults = Vec::new();
        let mut fault = |text: &str| faults.push(forbidden("resourceVersionMatch", text));
        let plain = self.send_initial_events.is_none() && self.version_match.is_empty();
        if plain && self.continues() && matches!(self.resource_version, "" | "0") {
            // Upstream makes every watch from no version one with initial events before it looks.
            fault("resourceVersionMatch is forbidden when continue is provided");
        }
        if self.send_initial_events.is_some() && self.version_match != "NotOlderThan" {
            fault("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }
        if self.version_match.is_empty() {
            return faults;
        }
        if self.send_initial_events.is_none() {
            fault("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
        }
        if self.continues() {
            fault("resourceVersionMatch is forbidden when continue is provided");
        }
        if self.version_match != "NotOlderThan" {
            faults.push(self.unsupported(r#""NotOlderThan""#));
        }
        faults
    }

    fn unsupported(&self, supported: &str) -> Cause {
        Cause {
            reason: "FieldValueNotSupported",
            message: format!("Unsupported value: {:?}: supported values: {supported}", self.version_match),
            field: "resourceVersionMatch".into(),
        }
    }
}

fn forbidden(field: &str, text: &str) -> Cause {
    Cause { reason: "FieldValueForbidden", message: format!("Forbidden: {text}"), field: field.into() }
}

fn invalid(causes: Vec<Cause>) -> ApiError {
    let faults: Vec<_> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
    let faults = match faults.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    let mut error = ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Invalid",
        format!("ListOptions.meta.k8s.io \"\" is invalid: {faults}"),
    );
    let details = error.details.get_or_insert_default();
    details.group = "meta.k8s.io".into();
    details.kind = "ListOptions".into();
    details.causes = causes;
    error
}

#[cfg(test)]
mod tests;
