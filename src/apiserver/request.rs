//! What the filters hand to the handlers: one request for a resource, its query decoded once.
//!
//! Fed by the request-info filter. It must not know what the parameters mean: that is `options`.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use percent_encoding::percent_decode;

use super::{
    identity::{Attributes, Target},
    request_info::RequestInfo,
    scope::Scope,
};

/// What a request does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

impl Verb {
    /// The verb of a [`RequestInfo`].
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "get" => Self::Get,
            "list" => Self::List,
            "watch" => Self::Watch,
            "create" => Self::Create,
            "update" => Self::Update,
            "patch" => Self::Patch,
            "delete" => Self::Delete,
            "deletecollection" => Self::DeleteCollection,
            _ => return None,
        })
    }

    pub fn reads(self) -> bool {
        matches!(self, Self::Get | Self::List | Self::Watch)
    }

    /// Of all objects, not of one that the path names.
    pub fn of_collection(self) -> bool {
        matches!(self, Self::List | Self::Watch | Self::Create | Self::DeleteCollection)
    }
}

/// One authorized request for objects of one resource.
#[derive(Clone, Debug)]
pub struct ResourceRequest {
    pub info: Arc<RequestInfo>,
    pub verb: Verb,
    pub headers: HeaderMap,
    /// What was authorized; a name in it is the only one the answer may show.
    pub attributes: Attributes,
    /// Of a write, whole.
    pub body: Bytes,
}

impl ResourceRequest {
    pub fn scope(&self) -> &Scope {
        &self.info.scope
    }

    pub fn query(&self) -> &Query {
        &self.info.query
    }

    /// Empty for a cluster-scoped resource and for all namespaces.
    pub fn namespace(&self) -> &str {
        match &*self.info.target {
            Target::Resource { namespace, .. } => namespace,
            Target::NonResource { .. } => "",
        }
    }

    /// Empty for collections: a name from a field selector narrows what was authorized, it is in the attributes.
    pub fn name(&self) -> &str {
        match &*self.info.target {
            Target::Resource { name, subresource, .. }
                if !self.verb.of_collection() || !subresource.is_empty() =>
            {
                name
            }
            _ => "",
        }
    }

    /// Empty for the object itself.
    pub fn subresource(&self) -> &str {
        match &*self.info.target {
            Target::Resource { subresource, .. } => subresource,
            Target::NonResource { .. } => "",
        }
    }
}

/// The decoded query. Of repeated keys the first value wins; unknown keys are never an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Decodes `a=b&c=d`. As Go does, a pair that cannot be decoded (`%zz`) or holds a `;` is dropped.
    pub fn parse(query: &str) -> Self {
        let pairs = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.contains(';'))
            .filter_map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode(key)?, decode(value)?))
            })
            .collect();
        Self { pairs }
    }

    /// The first value of the key; `Some("")` for a key without a value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// All values of a repeated key.
    pub fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// The rule for boolean parameters: `0` and `false` in any case are false, anything else is true, even
    /// nothing (`?watch`). `None` when the key is absent.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).map(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }
}

/// Percent-decodes a key or value, `+` is a space; `None` for a broken escape.
fn decode(text: &str) -> Option<String> {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let digits = rest.get(at + 1..at + 3)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = &rest[at + 3..];
    }
    if !text.contains(['+', '%']) {
        return Some(text.to_owned());
    }
    let spaced = text.replace('+', " ");
    Some(percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Query;

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(pairs in prop::collection::btree_map("[a-z]{1,4}", any::<String>(), 0..5)) {
            use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
            let encoded: Vec<_> = pairs
                .iter()
                .map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
                .collect();
            let query = Query::parse(&encoded.join("&"));
            for (key, value) in &pairs {
                prop_assert_eq!(query.get(key), Some(value.as_str()));
            }
        }

        #[test]
        fn any_text_is_a_query(text in any::<String>()) {
            let _ = Query::parse(&text);
        }
    }

    #[test]
    fn the_first_of_repeated_keys_wins() {
        let query = Query::parse("limit=1&limit=2&a=b");
        assert_eq!(query.get("limit"), Some("1"));
        assert_eq!(query.get("a"), Some("b"));
        assert_eq!(query.get("none"), None);
    }

    #[test]
    fn values_are_decoded() {
        let query = Query::parse("fieldSelector=metadata.name%3Droot%3Aa&l=a+b%2Bc&%6cimit=7");
        assert_eq!(query.get("fieldSelector"), Some("metadata.name=root:a"));
        assert_eq!(query.get("l"), Some("a b+c"));
        assert_eq!(query.get("limit"), Some("7"));
    }

    #[test]
    fn broken_pairs_are_dropped() {
        for broken in ["a=%zz", "a=%", "a=%4", "%zz=a", "a=1;b=2", "a=%+1"] {
            assert_eq!(Query::parse(&format!("{broken}&limit=1")).pairs.len(), 1, "{broken}");
        }
    }

    #[test]
    fn booleans_follow_the_rule_of_upstream() {
        for (query, expected) in [
            ("", None),
            ("watch", Some(true)),
            ("watch=", Some(true)),
            ("watch=1", Some(true)),
            ("watch=no", Some(true)),
            ("watch=0", Some(false)),
            ("watch=FALSE", Some(false)),
            ("watch=false&watch=true", Some(false)),
        ] {
            assert_eq!(Query::parse(query).flag("watch"), expected, "{query}");
        }
    }
}
