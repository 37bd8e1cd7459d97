//! A cluster in memory, for tests: lists in pages, watches with bookmarks, discovery, and a count of what was asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use crate::{
    informers::{Fetch, FetchBody},
    syncer::kind::Kind,
    upstream::UpstreamError,
};

mod watching;

use watching::Watching;

const BOOKMARK: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(super) struct Change {
    version: u64,
    what: &'static str,
    object: Value,
}

#[derive(Default)]
struct State {
    version: u64,
    kinds: Vec<Kind>,
    /// By the path of the collection.
    changes: BTreeMap<String, Vec<Change>>,
    /// Collection, namespace and name of what there is.
    there: BTreeSet<(String, String, String)>,
    /// Collections that are refused, and how.
    refused: BTreeMap<String, u16>,
    /// Versions that no watch tells of.
    lost: BTreeSet<u64>,
    asked: Vec<(Instant, String)>,
}

pub(super) struct Cluster {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

pub(super) fn kind(group: &str, version: &str, resource: &str, kind: &str) -> Kind {
    let namespaced = !matches!(resource, "nodes" | "namespaces");
    Kind {
        group: group.into(),
        version: version.into(),
        resource: resource.into(),
        kind: kind.into(),
        namespaced,
    }
}

/// What a query says of a member.
fn query<'a>(path: &'a str, member: &str) -> Option<&'a str> {
    let (_, query) = path.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(member)?.strip_prefix('='))
}

fn name_of(object: &Value) -> (String, String) {
    let text = |member: &str| object["metadata"][member].as_str().unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}

impl Cluster {
    /// Namespaces and nodes are always served.
    pub(super) fn new(kinds: &[Kind]) -> Arc<Self> {
        let own = [kind("", "v1", "namespaces", "Namespace"), kind("", "v1", "nodes", "Node")];
        let cluster = Self { state: Mutex::default(), changed: watch::Sender::new(()) };
        own.iter().chain(kinds).for_each(|kind| cluster.serve(kind));
        Arc::new(cluster)
    }

    pub(super) fn serve(&self, kind: &Kind) {
        let mut state = self.state.lock();
        state.kinds.push(kind.clone());
        state.changes.entry(kind.collection("")).or_default();
    }

    /// The kind and its objects are gone; its watches end.
    pub(super) fn remove(&self, kind: &Kind) {
        let mut state = self.state.lock();
        state.kinds.retain(|known| known != kind);
        state.changes.remove(&kind.collection(""));
        drop(state);
        self.changed.send_replace(());
    }

    pub(super) fn refuse(&self, kind: &Kind, code: Option<u16>) {
        let (mut state, path) = (self.state.lock(), kind.collection(""));
        match code {
            Some(code) => drop(state.refused.insert(path, code)),
            None => drop(state.refused.remove(&path)),
        }
        drop(state);
        self.changed.send_replace(());
    }

    /// Makes or changes an object; returns its version.
    pub(super) fn put(&self, kind: &Kind, namespace: &str, name: &str, mut object: Value) -> u64 {
        if object.is_null() {
            object = json!({});
        }
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(name);
        metadata["uid"] = json!(format!("{namespace}/{name}"));
        if !namespace.is_empty() {
            metadata["namespace"] = json!(namespace);
        }
        let there = (kind.collection(""), namespace.to_owned(), name.to_owned());
        let is_new = self.state.lock().there.insert(there);
        self.change(kind, if is_new { "ADDED" } else { "MODIFIED" }, object)
    }

    /// Returns the version of its end; none if it was not there.
    pub(super) fn delete(&self, kind: &Kind, namespace: &str, name: &str) -> u64 {
        let object =
            json!({"metadata": {"name": name, "namespace": namespace, "uid": format!("{namespace}/{name}")}});
        let there = (kind.collection(""), namespace.to_owned(), name.to_owned());
        if !self.state.lock().there.remove(&there) {
            return 0;
        }
        self.change(kind, "DELETED", object)
    }

    /// No watch ever tells of this version.
    pub(super) fn lose(&self, version: u64) {
        self.state.lock().lost.insert(version);
    }

    fn change(&self, kind: &Kind, what: &'static str, mut object: Value) -> u64 {
        let mut state = self.state.lock();
        state.version += 1;
        let version = state.version;
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        if let Some(changes) = state.changes.get_mut(&kind.collection("")) {
            changes.push(Change { version, what, object });
        }
        drop(state);
        self.changed.send_replace(());
        version
    }

    /// What was asked after then, without the time.
    pub(super) fn asked_since(&self, since: Instant) -> Vec<String> {
        let state = self.state.lock();
        state.asked.iter().filter(|(at, _)| *at > since).map(|(_, path)| path.clone()).collect()
    }

    fn groups(&self, core: bool) -> Value {
        let state = self.state.lock();
        let kinds = state.kinds.iter().filter(|kind| kind.group.is_empty() == core);
        let items: Vec<_> = kinds
            .map(|kind| {
                let resource = json!({
                    "resource": kind.resource, "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
                    "responseKind": {"kind": kind.kind}, "verbs": ["get", "list", "watch", "create", "patch", "delete"],
                });
                let version = json!({"version": kind.version, "freshness": "Current", "resources": [resource]});
                json!({"metadata": {"name": kind.group}, "versions": [version]})
            })
            .collect();
        json!({"kind": "APIGroupDiscoveryList", "items": items})
    }

    fn list(&self, path: &str, changes: &[Change], now: u64, metadata_only: bool) -> Value {
        let token = query(path, "continue").map(|token| token.replace("%2F", "/"));
        let (version, from) = match token.as_deref().and_then(|token| token.split_once('/')) {
            Some((version, from)) => (version.parse().unwrap(), from.parse().unwrap()),
            None => (now, 0_usize),
        };
        let selector = query(path, "labelSelector").map(|text| {
            let text = text.replace("%2E", ".").replace("%2F", "/").replace("%3D", "=");
            let (key, value) = text.split_once('=').unwrap();
            (key.to_owned(), value.to_owned())
        });
        let mut objects = at(changes, version);
        if let Some((key, value)) = &selector {
            objects.retain(|object| object["metadata"]["labels"][key] == *value);
        }
        let limit = query(path, "limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
        let (all, mut metadata) = (objects.len(), json!({"resourceVersion": version.to_string()}));
        let page: Vec<_> = objects.drain(from.min(all)..).take(limit).collect();
        let rest = all - from - page.len();
        if rest > 0 {
            metadata["continue"] = json!(format!("{version}/{}", from + page.len()));
            if selector.is_none() {
                metadata["remainingItemCount"] = json!(rest);
            }
        }
        let items: Vec<_> = page.iter().map(|object| shown(object, metadata_only)).collect();
        json!({"metadata": metadata, "items": items})
    }
}

fn shown(object: &Value, metadata_only: bool) -> Value {
    if metadata_only { json!({"metadata": object["metadata"]}) } else { object.clone() }
}

/// What there was at a version.
fn at(changes: &[Change], version: u64) -> Vec<Value> {
    let mut objects = BTreeMap::new();
    for change in changes.iter().filter(|change| change.version <= version) {
        match change.what {
            "DELETED" => drop(objects.remove(&name_of(&change.object))),
            _ => drop(objects.insert(name_of(&change.object), &change.object)),
        }
    }
    objects.into_values().cloned().collect()
}

fn whole(body: &Value) -> Response<FetchBody> {
    let body = Full::new(Bytes::from(body.to_string())).map_err(|never| match never {});
    Response::new(body.boxed_unsync())
}

fn refusal(code: u16) -> Response<FetchBody> {
    let mut response = whole(&json!({"kind": "Status", "code": code}));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}

/// The cluster as it is reached.
pub(super) struct Api(pub(super) Arc<Cluster>);

#[async_trait]
impl Fetch for Api {
    async fn fetch(&self, path: &str, accept: &'static str) -> Result<Response<FetchBody>, UpstreamError> {
        // As on a wire, others get a turn before an answer is there.
        tokio::task::yield_now().await;
        let cluster = &self.0;
        cluster.state.lock().asked.push((Instant::now(), path.to_owned()));
        let collection = path.split('?').next().unwrap_or_default();
        match collection {
            "/version" => return Ok(whole(&json!({"gitVersion": "v1.36.0"}))),
            "/api" | "/apis" => return Ok(whole(&cluster.groups(collection == "/api"))),
            _ => {}
        }
        let state = cluster.state.lock();
        let (changes, now) = (state.changes.get(collection).cloned(), state.version);
        let refused = state.refused.get(collection).copied();
        drop(state);
        if let Some(code) = refused {
            return Ok(refusal(code));
        }
        let Some(changes) = changes else { return Ok(refusal(404)) };
        let metadata_only = accept.contains("PartialObjectMetadata");
        if query(path, "watch").is_none() {
            return Ok(whole(&cluster.list(path, &changes, now, metadata_only)));
        }
        let seconds = query(path, "timeoutSeconds").unwrap().parse().unwrap();
        let watching = Watching {
            cluster: cluster.clone(),
            collection: collection.to_owned(),
            version: query(path, "resourceVersion").unwrap().parse().unwrap(),
            metadata_only,
            end: Instant::now() + Duration::from_secs(seconds),
            bookmark: Instant::now() + BOOKMARK,
            changed: cluster.changed.subscribe(),
        };
        Ok(Response::new(StreamBody::new(stream::unfold(watching, Watching::next)).boxed_unsync()))
    }
}
