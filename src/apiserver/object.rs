//! One version of one object with its JSON encoded once. GET, LIST and WATCH share these bytes.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;

/// The order of lists and the identity within a resource and scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Empty for a cluster-scoped object.
    pub namespace: Arc<str>,
    pub name: Arc<str>,
}

impl Key {
    /// The key in a log over all logical clusters: equal names in two of them stay apart.
    pub fn across(&self, cluster: &str) -> Self {
        Self { namespace: format!("{cluster}|{}", self.namespace).into(), name: self.name.clone() }
    }

    /// The namespace without the logical cluster that [`Self::across`] has put before it.
    pub fn bare_namespace(&self) -> &str {
        self.namespace.rsplit_once('|').map_or(&*self.namespace, |(_, namespace)| namespace)
    }
}

/// A table cell that is encoded already, or an age that depends on the time of the answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A JSON scalar: `"Complete"`, `3` or `null`.
    Json(Arc<str>),
    /// Rendered as `5m` or `<unknown>` when the answer is written.
    Age(Option<Timestamp>),
}

/// One version of one object.
#[derive(Clone, Debug)]
pub struct Object {
    pub key: Key,
    pub resource_version: u64,
    pub labels: BTreeMap<String, String>,
    /// What field selectors may ask for besides name and namespace.
    pub fields: BTreeMap<String, String>,
    /// One cell per column of the resource.
    pub cells: Vec<Cell>,
    json: Bytes,
    metadata: Range<usize>,
    version: Range<usize>,
}

/// What an [`Object`] is made of; `metadata` and `rest` are raw JSON members.
pub struct Parts<'a> {
    pub api_version: &'a str,
    pub kind: &'a str,
    pub key: Key,
    pub resource_version: u64,
    pub labels: BTreeMap<String, String>,
    pub cells: Vec<Cell>,
    /// The members of `metadata` but `resourceVersion`, without braces, not empty: `"name":"a","uid":"…"`.
    pub metadata: &'a [u8],
    /// The other members of the object, without braces; may be empty: `"status":{…}`.
    pub rest: &'a [u8],
}

impl Object {
    /// Writes `{"apiVersion":…,"kind":…,"metadata":{"resourceVersion":"N",…},…}` on one line.
    pub fn new(parts: Parts<'_>) -> Self {
        let mut json = Vec::with_capacity(parts.metadata.len() + parts.rest.len() + 160);
        json.extend_from_slice(
            format!(r#"{{"apiVersion":"{}","kind":"{}","metadata":"#, parts.api_version, parts.kind)
                .as_bytes(),
        );
        let metadata_start = json.len();
        json.extend_from_slice(br#"{"resourceVersion":""#);
        let version_start = json.len();
        json.extend_from_slice(parts.resource_version.to_string().as_bytes());
        let version = version_start..json.len();
        json.extend_from_slice(b"\",");
        json.extend_from_slice(parts.metadata);
        json.push(b'}');
        let metadata = metadata_start..json.len();
        if !parts.rest.is_empty() {
            json.push(b',');
            json.extend_from_slice(parts.rest);
        }
        json.push(b'}');
        Self {
            key: parts.key,
            resource_version: parts.resource_version,
            labels: parts.labels,
            fields: BTreeMap::new(),
            cells: parts.cells,
            json: json.into(),
            metadata,
            version,
        }
    }

    /// The whole object, compact, one line, without a newline.
    pub fn json(&self) -> Bytes {
        self.json.clone()
    }

    pub fn json_len(&self) -> usize {
        self.json.len()
    }

    /// The value of `metadata` alone, braces included.
    pub fn metadata(&self) -> Bytes {
        self.json.slice(self.metadata.clone())
    }

    /// The same bytes under another key.
    pub fn moved(&self, key: Key) -> Self {
        Self { key, ..self.clone() }
    }

    /// The same content under another version: what a DELETED event carries.
    pub fn at(&self, resource_version: u64) -> Self {
        let digits = resource_version.to_string();
        let mut json = Vec::with_capacity(self.json.len() + digits.len());
        json.extend_from_slice(&self.json[..self.version.start]);
        json.extend_from_slice(digits.as_bytes());
        json.extend_from_slice(&self.json[self.version.end..]);
        let version = self.version.start..self.version.start + digits.len();
        let metadata = self.metadata.start..self.metadata.end - self.version.len() + digits.len();
        Self { resource_version, json: json.into(), version, metadata, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
