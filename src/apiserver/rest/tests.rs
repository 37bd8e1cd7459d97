//! A resource filled by hand, callers who see all or some of its rows, and readers of what is answered.

mod errors;
mod forms;
mod list;
mod paging;
mod properties;
mod reader;
mod sharing;
mod visibility;
mod watch;
mod watch_start;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::Rest;
use crate::apiserver::{
    encoded::EncodedCache,
    identity::{Access, AccessControl, Attributes, Target, User},
    log::{Event, EventKind, ResourceLog, RingLimits},
    object::{Cell, Key, Object, Parts},
    request::{Query, ResourceRequest, Verb},
    request_info::RequestInfo,
    resource::{Column, READ_VERBS, ResourceInfo},
    rest::Shared,
    scope::Scope,
    snapshot::Snapshot,
    status::ApiError,
    storage::Storage,
};
pub(super) use reader::{Stream, json, text};

const COLUMNS: &[Column] = &[
    Column::new("Name", "string", "name", "The name.", 0),
    Column::new("Size", "integer", "", "The size.", 1),
    Column::new("Age", "date", "", "The age.", 0),
];

pub(crate) static WIDGETS: LazyLock<Arc<ResourceInfo>> = LazyLock::new(|| widgets(false));
static NAMESPACED: LazyLock<Arc<ResourceInfo>> = LazyLock::new(|| widgets(true));

fn widgets(namespaced: bool) -> Arc<ResourceInfo> {
    Arc::new(ResourceInfo {
        group: "example.io".into(),
        version: "v1".into(),
        resource: "widgets".into(),
        singular: "widget".into(),
        kind: "Widget".into(),
        list_kind: "WidgetList".into(),
        namespaced,
        verbs: READ_VERBS.into(),
        reader_role: "widgets-reader",
        columns: COLUMNS.into(),
        ..ResourceInfo::default()
    })
}

/// The first version; others follow one by one.
pub(super) const BASE: u64 = 100;

struct Shelf {
    info: Arc<ResourceInfo>,
    log: Arc<ResourceLog>,
}

impl Storage for Shelf {
    fn info(&self) -> &Arc<ResourceInfo> {
        &self.info
    }

    fn log(&self, scope: &Scope) -> Result<Arc<ResourceLog>, ApiError> {
        match scope {
            Scope::None => Ok(self.log.clone()),
            _ => Err(ApiError::unavailable("not read yet", 1)),
        }
    }
}

/// A caller's set of rows; `None` is all of them.
#[derive(Default)]
pub(super) struct Rows {
    names: Option<BTreeSet<String>>,
    pub(super) since: u64,
    pub(super) asked: AtomicUsize,
    pub(super) replaced: CancellationToken,
}

#[async_trait]
impl Access for Rows {
    fn all(&self) -> bool {
        self.names.is_none()
    }

    fn peek(&self, name: &str) -> Option<bool> {
        // Names with a dash are never decided beforehand.
        (!name.contains('-')).then(|| self.names.as_ref().is_none_or(|names| names.contains(name)))
    }

    async fn decide(&self, name: &str) -> Result<bool, ApiError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if name == "re-placed" {
            self.replaced.cancel();
        }
        if name == "un-known" {
            return Err(ApiError::unavailable("nobody can be asked", 1));
        }
        Ok(self.names.as_ref().is_none_or(|names| names.contains(name)))
    }

    fn since(&self) -> u64 {
        self.since
    }

    async fn changed(&self) {
        self.replaced.cancelled().await;
    }
}

struct Door(Arc<Rows>);

#[async_trait]
impl AccessControl for Door {
    async fn access(
        &self,
        _: &Arc<ResourceInfo>,
        _: &Attributes,
        _: &Arc<ResourceLog>,
    ) -> Result<Arc<dyn Access>, ApiError> {
        Ok(self.0.clone())
    }
}

pub(super) struct Fixture {
    pub(super) rest: Rest,
    pub(super) log: Arc<ResourceLog>,
    pub(super) rows: Arc<Rows>,
    state: Mutex<Snapshot>,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::build(&WIDGETS, Rows::default(), 16 << 20, RingLimits::default())
    }

    pub(super) fn namespaced() -> Self {
        Self::build(&NAMESPACED, Rows::default(), 16 << 20, RingLimits::default())
    }

    /// For a caller who sees these names only.
    pub(super) fn seen(names: &[&str], since: u64) -> Self {
        let names = Some(names.iter().map(|name| (*name).to_owned()).collect());
        let rows = Rows { names, since, ..Rows::default() };
        Self::build(&WIDGETS, rows, 16 << 20, RingLimits::default())
    }

    pub(super) fn build(info: &Arc<ResourceInfo>, rows: Rows, cache: u64, ring: RingLimits) -> Self {
        let log = Arc::new(ResourceLog::new(ring));
        log.reset(Snapshot::default(), BASE);
        let rows = Arc::new(rows);
        let shared = Shared {
            access: Arc::new(Door(rows.clone())),
            encoded: Arc::new(EncodedCache::new(cache)),
            observer: Arc::new(()),
            shutdown: CancellationToken::new(),
        };
        let rest = Rest::new(Arc::new(Shelf { info: info.clone(), log: log.clone() }), shared);
        Self { rest, log, rows, state: Mutex::default() }
    }

    pub(super) fn fill(&self, count: usize, size: usize) {
        for number in 0..count {
            self.put("", &format!("w{number:05}"), "blue", size);
        }
    }

    /// Adds or replaces a widget and returns its version.
    pub(super) fn put(&self, namespace: &str, name: &str, color: &str, size: usize) -> u64 {
        let mut state = self.state.lock();
        let version = self.log.head() + 1;
        let object = Arc::new(widget(namespace, name, color, size, version));
        let previous = state.get(&object.key).cloned();
        let kind = if previous.is_some() { EventKind::Modified } else { EventKind::Added };
        state.put(object.clone());
        self.publish(
            &state,
            Event { resource_version: version, kind, object, previous, frame: OnceLock::new() },
        );
        version
    }

    pub(super) fn delete(&self, namespace: &str, name: &str) -> Option<u64> {
        let mut state = self.state.lock();
        let version = self.log.head() + 1;
        let previous = state.remove(&Key { namespace: namespace.into(), name: name.into() })?;
        let object = Arc::new(previous.at(version));
        let event = Event {
            resource_version: version,
            kind: EventKind::Deleted,
            object,
            previous: Some(previous),
            frame: OnceLock::new(),
        };
        self.publish(&state, event);
        Some(version)
    }

    fn publish(&self, state: &Snapshot, event: Event) {
        let version = event.resource_version;
        self.log.publish(vec![event], state.clone(), version);
    }

    pub(super) async fn send(&self, verb: Verb, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send_as("alice", verb, path, headers).await
    }

    /// `path` is `[namespace/][name]?query`.
    pub(super) async fn send_as(
        &self,
        user: &str,
        verb: Verb,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (namespace, name) = path.split_once('/').unwrap_or(("", path));
        let user = Arc::new(User { name: user.into(), ..User::default() });
        let attributes = Attributes {
            user,
            verb: format!("{verb:?}").to_lowercase().into(),
            scope: Scope::None,
            target: Arc::new(Target::NonResource { path: String::new() }),
        };
        let info = Arc::new(RequestInfo {
            scope: Scope::None,
            verb: attributes.verb.clone(),
            target: Arc::new(Target::Resource {
                group: String::new(),
                version: String::new(),
                resource: String::new(),
                subresource: String::new(),
                namespace: namespace.into(),
                name: name.into(),
            }),
            query: Query::parse(query),
            unresolved: None,
        });
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
            .collect();
        let body = Default::default();
        self.rest.handle(ResourceRequest { info, verb, headers, attributes, body }).await
    }

    pub(super) async fn list(&self, path: &str) -> serde_json::Value {
        json(self.send(Verb::List, path, &[]).await).await
    }

    pub(super) async fn open(&self, path: &str) -> Stream {
        Stream::new(self.send(Verb::Watch, path, &[]).await)
    }
}

pub(crate) fn widget(namespace: &str, name: &str, color: &str, size: usize, version: u64) -> Object {
    let namespace_member =
        if namespace.is_empty() { String::new() } else { format!(r#","namespace":"{namespace}""#) };
    let metadata = format!(r#""name":"{name}"{namespace_member},"labels":{{"color":"{color}"}}"#);
    let spec = format!(r#""spec":{{"fill":"{}","empty":[],"none":{{}}}}"#, "x".repeat(size));
    Object::new(Parts {
        api_version: "example.io/v1",
        kind: "Widget",
        key: Key { namespace: namespace.into(), name: name.into() },
        resource_version: version,
        labels: BTreeMap::from([("color".to_owned(), color.to_owned())]),
        cells: vec![
            Cell::Json(format!("\"{name}\"").into()),
            Cell::Json(size.to_string().into()),
            Cell::Age(None),
        ],
        metadata: metadata.as_bytes(),
        rest: spec.as_bytes(),
    })
}
