//! A trusted front: a proxy that has authenticated the caller already and says who he is in headers.
//!
//! Fed by the source of trust. Reading the headers follows kube-apiserver to the letter, since the aggregator
//! writes them; whether the sender is the front at all is decided before.

use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;

use super::authority::Authority;
use crate::apiserver::identity::User;

/// What stands in front of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontKind {
    /// kube-apiserver's aggregation layer.
    Aggregator,
}

/// The headers a front writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontHeaders {
    pub username: Vec<HeaderName>,
    pub uid: Vec<HeaderName>,
    pub group: Vec<HeaderName>,
    /// Lower case, as header names are here.
    pub extra_prefix: Vec<String>,
}

impl Default for FrontHeaders {
    fn default() -> Self {
        Self {
            username: vec![HeaderName::from_static("x-remote-user")],
            uid: vec![HeaderName::from_static("x-remote-uid")],
            group: vec![HeaderName::from_static("x-remote-group")],
            extra_prefix: vec!["x-remote-extra-".to_owned()],
        }
    }
}

#[derive(Clone, Debug)]
pub struct Front {
    pub kind: FrontKind,
    pub authority: Authority,
    /// Common names; empty believes every certificate of the authority.
    pub allowed_names: Vec<String>,
    pub headers: FrontHeaders,
}

impl Front {
    pub fn allows(&self, common_name: Option<&str>) -> bool {
        self.allowed_names.is_empty()
            || common_name.is_some_and(|name| self.allowed_names.iter().any(|allowed| allowed == name))
    }

    /// Whether believing this front does not let every holder of a client certificate name any user.
    pub fn is_safe_beside(&self, client_ca: Option<&Authority>) -> bool {
        let safe =
            !self.allowed_names.is_empty() || !client_ca.is_some_and(|ca| ca.overlaps(&self.authority));
        if !safe {
            tracing::error!(
                front = ?self.kind,
                "the request-header CA also signs client certificates and no allowed names are set: \
                 identity headers are ignored, set --requestheader-allowed-names"
            );
        }
        safe
    }
}

impl FrontHeaders {
    /// The caller the front names, or `None` when it names nobody.
    pub fn user(&self, headers: &HeaderMap) -> Option<User> {
        let name = first(headers, &self.username)?;
        let uid = first(headers, &self.uid).unwrap_or_default();
        let groups = self.group.iter().flat_map(|header| headers.get_all(header));
        let groups = groups.filter_map(text).filter(|group| !group.is_empty()).collect();
        let mut user = User { name, uid, groups, ..User::default() };
        for prefix in &self.extra_prefix {
            for (header, value) in headers {
                let Some(key) = header.as_str().strip_prefix(prefix.as_str()) else { continue };
                let Some(value) = text(value) else { continue };
                user.extra.entry(extra_key(key)).or_default().push(value);
            }
        }
        Some(user)
    }

    /// Whether a front says with this header who calls.
    pub fn has(&self, header: &HeaderName) -> bool {
        let fixed = [&self.username, &self.uid, &self.group].into_iter().any(|names| names.contains(header));
        fixed || self.extra_prefix.iter().any(|prefix| header.as_str().starts_with(prefix.as_str()))
    }
}

/// The first value of the first header that has one; further values do not count, as upstream.
fn first(headers: &HeaderMap, names: &[HeaderName]) -> Option<String> {
    let values = names.iter().filter_map(|name| headers.get(name));
    values.filter_map(text).find(|value| !value.is_empty())
}

fn text(value: &http::HeaderValue) -> Option<String> {
    String::from_utf8(value.as_bytes().to_vec()).ok()
}

/// Decoded, or as it is when it is not an encoding: a key must not get lost, it could be a restriction.
pub(crate) fn extra_key(encoded: &str) -> String {
    let bytes = encoded.as_bytes();
    let digits = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit));
    let sound = (0..bytes.len()).all(|at| bytes[at] != b'%' || digits(at));
    match percent_decode_str(encoded).decode_utf8() {
        Ok(decoded) if sound => decoded.into_owned(),
        _ => encoded.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_that_could_name_a_caller_is_known() {
        let headers = FrontHeaders::default();
        for name in ["x-remote-user", "x-remote-group", "x-remote-extra-scopes", "x-remote-extra-"] {
            assert!(headers.has(&HeaderName::from_static(name)), "{name}");
        }
        for name in ["x-remote", "x-forwarded-for", "accept"] {
            assert!(!headers.has(&HeaderName::from_static(name)), "{name}");
        }
    }
}
