//! What a source tells: the closed set of changes, and an object as its metadata and its raw JSON.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    fmt,
    sync::LazyLock,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::value::RawValue;

use super::trouble::Trouble;

/// What is listed and watched: one resource, in all namespaces or in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    pub group: &'static str,
    pub version: &'static str,
    /// Plural, as in the path.
    pub plural: &'static str,
    pub namespace: Option<&'static str>,
}

/// Names that were read at run time. Kinds are few and come back, so each name is kept once, for good; that keeps a
/// resource a handful of pointers, which every event carries.
static NAMES: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);

/// The one copy of a name.
pub fn kept(name: &str) -> &'static str {
    let mut names = NAMES.lock();
    match names.get(name) {
        Some(known) => known,
        None => {
            let kept: &'static str = Box::leak(name.into());
            names.insert(kept);
            kept
        }
    }
}

impl Resource {
    /// One that is known only at run time, in all namespaces.
    pub fn named(group: &str, version: &str, plural: &str) -> Self {
        Self { group: kept(group), version: kept(version), plural: kept(plural), namespace: None }
    }

    /// The path of its list, without a query.
    pub fn path(&self) -> String {
        let mut path = match self.group {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        };
        if let Some(namespace) = self.namespace {
            path.push_str("/namespaces/");
            path.push_str(namespace);
        }
        path.push('/');
        path.push_str(self.plural);
        path
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group {
            "" => f.write_str(self.plural),
            group => write!(f, "{}.{group}", self.plural),
        }
    }
}

/// Which of its objects, and how much of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// A label selector as Kubernetes writes it; `None` selects everything.
    pub labels: Option<String>,
    /// The one object of this name; a right to it alone is enough then.
    pub name: Option<String>,
    /// Nothing but the metadata comes: as `PartialObjectMetadata`.
    pub metadata_only: bool,
}

/// The part of `metadata` that every reader needs. Name, uid and version are never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectMeta {
    pub name: String,
    pub namespace: String,
    pub uid: String,
    /// Opaque but for its order within this source.
    pub resource_version: String,
    pub creation_timestamp: Option<Timestamp>,
    pub labels: BTreeMap<String, String>,
    /// The id of the logical cluster it is in; empty where the upstream has none.
    pub cluster: String,
}

impl ObjectMeta {
    /// A uid or name as this object means it: of its own logical cluster, whatever others call the same.
    pub fn within<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self.cluster.as_str() {
            "" => Cow::Borrowed(name),
            cluster => Cow::Owned(format!("{cluster}|{name}")),
        }
    }

    /// Its uid [`within`](Self::within) its logical cluster.
    pub fn id(&self) -> Cow<'_, str> {
        self.within(&self.uid)
    }
}

/// One object as it came.
#[derive(Clone)]
pub struct RawObject {
    pub meta: ObjectMeta,
    pub json: Box<RawValue>,
}

/// Without the JSON: it may hold secrets.
impl fmt::Debug for RawObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawObject").field("meta", &self.meta).field("bytes", &self.json.get().len()).finish()
    }
}

/// What happened at a source that keeps a `T` of each object.
#[derive(Debug)]
pub enum Change<T = RawObject> {
    /// Everything there is now; what is not in it is gone.
    Reset(Vec<T>),
    /// Added or modified.
    Apply(T),
    /// Gone; its last state.
    Delete(T),
    /// The upstream answered and nothing changed.
    Fresh,
    /// The resource is not served there. What was known before is neither confirmed nor taken back.
    NotInstalled,
    /// Nothing can be read now; the source goes on trying.
    Unavailable(Trouble),
}

impl Change {
    /// With what is kept of the object.
    pub(super) fn keeping<T>(self, keep: impl Fn(RawObject) -> T) -> Change<T> {
        match self {
            Self::Reset(objects) => Change::Reset(objects.into_iter().map(keep).collect()),
            Self::Apply(object) => Change::Apply(keep(object)),
            Self::Delete(object) => Change::Delete(keep(object)),
            Self::Fresh => Change::Fresh,
            Self::NotInstalled => Change::NotInstalled,
            Self::Unavailable(trouble) => Change::Unavailable(trouble),
        }
    }
}

/// One change of one resource.
#[derive(Debug)]
pub struct Event<T = RawObject> {
    pub resource: Resource,
    pub received: tokio::time::Instant,
    pub change: Change<T>,
}
