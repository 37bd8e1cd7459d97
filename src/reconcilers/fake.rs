//! An upstream in the test's own process: objects by path with lists and watches, creation, merge patch and
//! the apply of a status. What it refuses is the test's to set.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use http::{Method, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use super::call::Requests;
use crate::{
    informers::{Fetch, FetchBody},
    upstream::UpstreamError,
};

/// How long a watch lasts, as its reader asks for.
const WATCH: Duration = Duration::from_secs(20);

pub(crate) const TARGETS: &str = "/apis/workload.kcp.io/v1alpha1/synctargets";
pub(crate) const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/tmc-system/leases";

#[derive(Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Value>,
    /// Every change: the path of the object, its kind, the object.
    log: Vec<(String, &'static str, Value)>,
    /// Every request that is no read, with when it came.
    pub(crate) writes: Vec<(Instant, String)>,
    /// Beginnings of `METHOD path`, and what they are answered.
    pub(crate) refused: Vec<(String, u16)>,
}

pub(crate) struct Fake {
    pub(crate) state: Arc<Mutex<State>>,
    changed: watch::Sender<usize>,
}

impl Default for Fake {
    fn default() -> Self {
        let fake = Self { state: Arc::default(), changed: watch::Sender::new(0) };
        fake.put("/api/v1/namespaces/tmc-system", json!({"metadata": {"name": "tmc-system"}}));
        fake
    }
}

impl Fake {
    /// Makes an object or replaces it.
    pub(crate) fn put(&self, path: &str, mut object: Value) -> Value {
        let mut state = self.state.lock();
        let version = state.log.len() + 1;
        let known = state.objects.get(path).map(|known| known["metadata"]["uid"].clone());
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = known.clone().unwrap_or_else(|| json!(format!("uid-{version}")));
        }
        let kind = if known.is_some() { "MODIFIED" } else { "ADDED" };
        state.objects.insert(path.to_owned(), object.clone());
        state.log.push((path.to_owned(), kind, object.clone()));
        drop(state);
        self.changed.send_replace(version);
        object
    }

    pub(crate) fn remove(&self, path: &str) {
        let mut state = self.state.lock();
        let Some(mut object) = state.objects.remove(path) else { return };
        let version = state.log.len() + 1;
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        state.log.push((path.to_owned(), "DELETED", object));
        drop(state);
        self.changed.send_replace(version);
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.state.lock().objects.get(path).cloned().unwrap_or_default()
    }

    /// Writes so far, and how many of them are about `part`.
    pub(crate) fn writes(&self, part: &str) -> usize {
        self.state.lock().writes.iter().filter(|(_, write)| write.contains(part)).count()
    }

    pub(crate) fn refuse(&self, what: &str, code: u16) {
        self.state.lock().refused.push((what.to_owned(), code));
    }

    fn refusal(&self, request: &str) -> Option<u16> {
        let state = self.state.lock();
        state.refused.iter().find(|(refused, _)| request.starts_with(refused)).map(|(_, code)| *code)
    }

    fn list(&self, path: &str) -> Response<FetchBody> {
        let state = self.state.lock();
        let under = format!("{path}/");
        let items: Vec<_> = state
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(&under))
            .map(|(_, object)| object)
            .collect();
        let version = state.log.len().to_string();
        let list = json!({"metadata": {"resourceVersion": version}, "items": items});
        Response::new(Full::from(list.to_string()).map_err(|never| match never {}).boxed_unsync())
    }
}

/// The first change of an object under `path` from the `from`th on, and where to look next.
fn frame(state: &Mutex<State>, path: &str, from: usize) -> (usize, Option<String>) {
    let state = state.lock();
    let under = format!("{path}/");
    let found = state.log.iter().enumerate().skip(from).find(|(_, (key, ..))| key.starts_with(&under));
    match found {
        Some((index, (_, kind, object))) => {
            (index + 1, Some(json!({"type": kind, "object": object}).to_string() + "\n"))
        }
        None => (state.log.len(), None),
    }
}

/// What `path` asks for under `key`.
fn query<'a>(path: &'a str, key: &str) -> Option<&'a str> {
    let (_, query) = path.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

fn status(code: u16) -> UpstreamError {
    let code = StatusCode::from_u16(code).unwrap();
    let reason = match code {
        StatusCode::CONFLICT => "AlreadyExists".to_owned(),
        code => code.canonical_reason().unwrap_or_default().replace(' ', ""),
    };
    UpstreamError::Status { code, reason, message: "the fake says no".into(), retry_after: None }
}

/// As kube-apiserver says that one object is not there.
fn missing(path: &str) -> UpstreamError {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (code, message) = (StatusCode::NOT_FOUND, format!("things.example.com {name:?} not found"));
    UpstreamError::Status { code, reason: "NotFound".into(), message, retry_after: None }
}

#[async_trait]
impl Fetch for Fake {
    async fn fetch(&self, path: &str, _accept: &'static str) -> Result<Response<FetchBody>, UpstreamError> {
        tokio::task::yield_now().await;
        let resource = path.split('?').next().unwrap_or_default().to_owned();
        if let Some(code) = self.refusal(&format!("GET {resource}")) {
            let mut response = Response::new(Full::default().map_err(|never| match never {}).boxed_unsync());
            *response.status_mut() = StatusCode::from_u16(code).unwrap();
            return Ok(response);
        }
        if query(path, "watch").is_none() {
            return Ok(self.list(&resource));
        }
        let from: usize = query(path, "resourceVersion").unwrap_or_default().parse().unwrap();
        let (state, changed) = (self.state.clone(), self.changed.subscribe());
        let end = Instant::now() + WATCH;
        let frames = stream::unfold((from, changed), move |(from, mut changed)| {
            let (state, resource) = (state.clone(), resource.clone());
            async move {
                let mut from = from;
                loop {
                    let (next, found) = frame(&state, &resource, from);
                    if let Some(found) = found {
                        return Some((Ok(Frame::data(Bytes::from(found))), (next, changed)));
                    }
                    from = next;
                    let news = tokio::time::timeout_at(end, changed.changed()).await;
                    news.ok()?.ok()?;
                }
            }
        });
        Ok(Response::new(StreamBody::new(frames).boxed_unsync()))
    }
}

#[async_trait]
impl Requests for Fake {
    async fn request(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Value, UpstreamError> {
        tokio::task::yield_now().await;
        let path = path.split('?').next().unwrap_or_default();
        let request = format!("{method} {path}");
        if method != Method::GET {
            self.state.lock().writes.push((Instant::now(), request.clone()));
        }
        if let Some(code) = self.refusal(&request) {
            return Err(status(code));
        }
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let found = |path: &str| self.state.lock().objects.get(path).cloned().ok_or_else(|| missing(path));
        match (method, content_type) {
            (Method::GET, _) => found(path),
            (Method::POST, _) => self.create(path, body),
            (_, Some("application/merge-patch+json")) if path.ends_with("/status") => {
                let path = path.strip_suffix("/status").unwrap();
                let mut object = found(path)?;
                if object["metadata"]["uid"] != body["metadata"]["uid"] {
                    return Err(status(409));
                }
                json_patch::merge(&mut object["status"], &body["status"]);
                Ok(self.put(path, object))
            }
            (_, Some("application/merge-patch+json")) => {
                let mut object = found(path)?;
                if body["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"] {
                    return Err(status(409));
                }
                object["spec"] = body["spec"].clone();
                Ok(self.put(path, object))
            }
            _ => {
                let path = path.strip_suffix("/status").unwrap();
                let object = found(path)?;
                if object["metadata"]["uid"] != body["metadata"]["uid"] {
                    return Err(status(422));
                }
                Ok(self.put(path, applied(object, &body["status"])))
            }
        }
    }
}

impl Fake {
    fn create(&self, path: &str, object: Value) -> Result<Value, UpstreamError> {
        let namespace = path.split("/namespaces/").nth(1).and_then(|rest| rest.split('/').next());
        let path = format!("{path}/{}", object["metadata"]["name"].as_str().unwrap());
        let state = self.state.lock();
        let missing = |name: &str| !state.objects.contains_key(&format!("/api/v1/namespaces/{name}"));
        if namespace.is_some_and(missing) {
            return Err(status(404));
        }
        if state.objects.contains_key(&path) {
            return Err(status(409));
        }
        drop(state);
        Ok(self.put(&path, object))
    }
}

/// Conditions are a map by type: those of others stay.
fn applied(mut object: Value, status: &Value) -> Value {
    let ours = status["conditions"].as_array().cloned().unwrap_or_default();
    let theirs = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let is_ours = |condition: &Value| ours.iter().any(|our| our["type"] == condition["type"]);
    let kept = theirs.into_iter().filter(|condition| !is_ours(condition)).collect::<Vec<_>>();
    object["status"]["conditions"] = [kept, ours.clone()].concat().into();
    for (member, value) in status.as_object().into_iter().flatten() {
        if member != "conditions" {
            object["status"][member] = value.clone();
        }
    }
    object
}
