//! The SyncTarget of this syncer as it is now, or that it is gone for good.
//!
//! Fed by an informer of that one object. That something cannot be read, or is not served any more, is no proof
//! that the target is gone: only its own 404 is, or another uid under its name.

use std::{collections::BTreeMap, sync::Arc};

use http::StatusCode;
use serde_json::Value;
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use crate::{
    api::workload::{GROUP, RESOURCE, VERSION},
    informers::{Backoff, Change, Event},
    reconcilers::call::{Action, Call, Caller, segment},
    upstream::UpstreamError,
};

/// One version of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    pub uid: String,
    /// Ordered within one upstream.
    pub version: u64,
    pub generation: Option<i64>,
    /// `spec.syncMode` is `Paused`: nothing is written but the report.
    pub paused: bool,
    pub kcp_cluster: Option<String>,
    /// Placements choose by them.
    pub labels: BTreeMap<String, String>,
    /// The logical cluster it is in, as the server says; empty on a Kubernetes.
    pub cluster: String,
    /// `Hashed` unless it says otherwise.
    pub preserves_namespaces: bool,
    pub status: Value,
}

impl Target {
    pub fn read(object: &Value) -> Self {
        let (metadata, spec) = (&object["metadata"], &object["spec"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            uid: text(&metadata["uid"]),
            version: text(&metadata["resourceVersion"]).parse().unwrap_or_default(),
            generation: metadata["generation"].as_i64(),
            paused: spec["syncMode"] == "Paused",
            kcp_cluster: spec["kcpCluster"].as_str().map(str::to_owned),
            labels: serde_json::from_value(metadata["labels"].clone()).unwrap_or_default(),
            cluster: text(&metadata["annotations"]["kcp.io/cluster"]),
            preserves_namespaces: spec["namespaceMapping"] == "Preserve",
            status: object["status"].clone(),
        }
    }
}

/// Why nothing may be written any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    #[error("SyncTarget {0:?} was deleted")]
    Deleted(String),
    #[error("SyncTarget {0:?} was deleted and made again: its uid is {1} now")]
    Replaced(String, String),
}

/// What is known of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Seen {
    #[default]
    Unknown,
    Here(Arc<Target>),
    Gone(Gone),
}

/// A `GET` of the target.
pub fn get(name: &str) -> Call {
    Call {
        action: Action::Get,
        path: format!("/apis/{GROUP}/{VERSION}/{RESOURCE}/{}", segment(name)),
        body: Value::Null,
        resource: "synctargets.workload.kcp.io",
        namespace: "",
    }
}

/// Whether an answer says that the object of this name is not there, and not only that its kind is not served.
pub fn is_missing(error: &UpstreamError, name: &str) -> bool {
    let named = format!("{name:?} not found");
    matches!(error, UpstreamError::Status { code: StatusCode::NOT_FOUND, message, .. } if message.ends_with(&named))
}

/// Follows the target with this name and uid.
pub struct Follower {
    name: String,
    uid: String,
    caller: Caller,
    seen: watch::Sender<Seen>,
}

impl Follower {
    pub fn new(name: String, uid: String, caller: Caller) -> Self {
        Self { name, uid, caller, seen: watch::Sender::default() }
    }

    pub fn seen(&self) -> watch::Receiver<Seen> {
        self.seen.subscribe()
    }

    /// Until the target is gone, or its source has ended.
    pub async fn run(self, mut events: mpsc::Receiver<Event>) {
        while let Some(event) = events.recv().await {
            let there = match event.change {
                Change::Reset(objects) => objects.into_iter().find(|object| object.meta.name == self.name),
                Change::Apply(object) if object.meta.name == self.name => Some(object),
                Change::Delete(object) if object.meta.name == self.name => None,
                _ => continue,
            };
            match there.and_then(|object| serde_json::from_str(object.json.get()).ok()) {
                Some(object) => self.see(&object),
                None => self.confirm().await,
            }
            if matches!(*self.seen.borrow(), Seen::Gone(_)) {
                return;
            }
        }
    }

    fn see(&self, object: &Value) {
        let target = Target::read(object);
        let seen = match target.uid == self.uid {
            true => Seen::Here(Arc::new(target)),
            false => Seen::Gone(Gone::Replaced(self.name.clone(), target.uid)),
        };
        self.seen.send_if_modified(|now| std::mem::replace(now, seen.clone()) != seen);
    }

    /// Asks for the target itself until there is an answer that tells something.
    async fn confirm(&self) {
        let mut backoff = Backoff::default();
        loop {
            match self.caller.call(&get(&self.name)).await {
                Ok(object) => return self.see(&object),
                Err(error) if is_missing(&error, &self.name) => {
                    self.seen.send_replace(Seen::Gone(Gone::Deleted(self.name.clone())));
                    return;
                }
                // Its kind or its workspace is not served, or we are not let in: who knows. A list may tell later.
                Err(error) if error.code().is_some_and(is_refusal) => return,
                Err(_) => sleep(backoff.next_wait()).await,
            }
        }
    }
}

fn is_refusal(code: StatusCode) -> bool {
    code.is_client_error() && code != StatusCode::TOO_MANY_REQUESTS
}

#[cfg(test)]
mod tests;
