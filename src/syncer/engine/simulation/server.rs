//! One Kubernetes API in memory: the few verbs that a syncer uses, with the semantics that kube-apiserver was seen to
//! have (`tests/conformance/sequences/syncer.yaml`).

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;

use super::apply;
use crate::syncer::api::{Action, Answer, ApiError, Call, Cause, Details};

/// Which fields each manager has, as JSON pointers.
pub(in crate::syncer) type Managers = BTreeMap<String, BTreeSet<String>>;

#[derive(Default)]
pub(in crate::syncer) struct State {
    /// By path.
    pub(in crate::syncer) objects: BTreeMap<String, Value>,
    pub(super) managers: BTreeMap<String, Managers>,
    /// Every change: path, what is there now.
    pub(super) log: Vec<(String, Value, bool)>,
    pub(super) version: u64,
    pub(super) uids: u64,
    /// Every write that changed something, as `ACTION path`.
    pub(in crate::syncer) writes: Vec<String>,
    /// Collections that are not served.
    pub(in crate::syncer) missing: BTreeSet<String>,
}

/// A server, and a signal of its changes.
pub(in crate::syncer) struct Server {
    pub(in crate::syncer) state: Mutex<State>,
    pub(super) changed: watch::Sender<usize>,
}

/// A path taken apart.
pub(super) struct Place<'a> {
    pub(super) group: &'a str,
    pub(super) namespace: Option<&'a str>,
    pub(super) resource: &'a str,
    pub(super) name: &'a str,
    pub(super) status: bool,
}

impl<'a> Place<'a> {
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let mut parts = path.split('/').skip(1);
        let group = match parts.next()? {
            "api" => "",
            _ => parts.next()?,
        };
        parts.next()?;
        let rest: Vec<&str> = parts.collect();
        let of = |namespace, resource, name, status| Some(Self { group, namespace, resource, name, status });
        match rest.as_slice() {
            ["namespaces", namespace, resource] => of(Some(*namespace), resource, "", false),
            ["namespaces", namespace, resource, name] => of(Some(*namespace), resource, name, false),
            ["namespaces", namespace, resource, name, "status"] => of(Some(*namespace), resource, name, true),
            [resource, name] => of(None, resource, name, false),
            [resource, name, "status"] => of(None, resource, name, true),
            [resource] => of(None, resource, "", false),
            _ => None,
        }
    }

    pub(super) fn not_found(&self) -> ApiError {
        missing(self.group, self.resource, self.name)
    }
}

pub(super) fn missing(group: &str, resource: &str, name: &str) -> ApiError {
    refused(404, "NotFound", "not found", group, resource, name, Vec::new())
}

pub(super) fn refused(
    code: u16,
    reason: &str,
    message: &str,
    group: &str,
    kind: &str,
    name: &str,
    causes: Vec<Cause>,
) -> ApiError {
    let details = Box::new(Details { name: name.into(), group: group.into(), kind: kind.into(), causes });
    ApiError::Status { code, reason: reason.into(), message: message.into(), details, retry_after: None }
}

impl Default for Server {
    fn default() -> Self {
        Self { state: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl Server {
    pub(super) fn call(&self, call: &Call) -> Result<Answer, ApiError> {
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let place = Place::parse(path).expect("a path of the API");
        let mut state = self.state.lock();
        let collection = path.strip_suffix(&format!("/{}", place.name)).unwrap_or(path);
        if state.missing.iter().any(|missing| collection.ends_with(missing)) {
            return Err(ApiError::status(404, "", "404 page not found"));
        }
        let path = path.trim_end_matches("/status");
        let before = state.log.len();
        let answer = match call.action {
            Action::Get => state.get(path, &place),
            Action::List => Ok(state.list(path)),
            Action::Create => state.create(path, &call.body),
            Action::Apply => state.apply(path, &place, query, &call.body),
            Action::Merge => state.merge(path, &place, query, &call.body),
            Action::Delete => state.delete(path, &place, &call.body),
        };
        if state.log.len() > before {
            state.writes.push(format!("{:?} {path}", call.action));
        }
        let length = state.log.len();
        drop(state);
        self.changed.send_replace(length);
        answer
    }

    /// What a person or a controller does with `kubectl edit`.
    pub(in crate::syncer) fn edit(&self, path: &str, manager: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.state.lock();
        let Some(live) = state.objects.get(path).cloned() else { return };
        let mut object = live.clone();
        change(&mut object);
        let touched = apply::changed_leaves(&live, &object);
        apply::own(state.managers.entry(path.to_owned()).or_default(), manager, &touched);
        state.store(path, object);
        let length = state.log.len();
        drop(state);
        self.changed.send_replace(length);
    }

    /// What a person makes with `kubectl create`.
    pub(in crate::syncer) fn create(&self, path: &str, object: Value) -> bool {
        let mut state = self.state.lock();
        if state.objects.contains_key(path) {
            return false;
        }
        let place = Place::parse(path).expect("a path");
        if place.namespace.is_some_and(|namespace| !state.has_namespace(namespace)) {
            return false;
        }
        state.make(path, &place, object);
        let length = state.log.len();
        drop(state);
        self.changed.send_replace(length);
        true
    }

    /// What `kubectl delete` does.
    pub(in crate::syncer) fn delete(&self, path: &str) {
        let mut state = self.state.lock();
        if let Some(place) = Place::parse(path) {
            let _ = state.delete(path, &place, &Value::Null);
        }
        let length = state.log.len();
        drop(state);
        self.changed.send_replace(length);
    }

    pub(in crate::syncer) fn get(&self, path: &str) -> Option<Value> {
        self.state.lock().objects.get(path).cloned()
    }

    pub(in crate::syncer) fn writes(&self) -> usize {
        self.state.lock().writes.len()
    }
}
