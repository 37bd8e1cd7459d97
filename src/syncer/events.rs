//! Events in the workspace: what `kubectl describe` says of an object that does not reach the cluster as it is.
//!
//! Told by whoever syncs, written by a task of its own that nobody waits for: what cannot be written in time is dropped,
//! since the report and the object's own sync state say the same. It must not know why something is told.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use moka::sync::Cache;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    api::{Api, Call},
    kind::Kind,
};

/// Notices that wait to be written; more are dropped.
const QUEUE: usize = 256;
/// The same reason of the same object is written again after this.
const AGAIN: Duration = Duration::from_secs(3600);
/// Objects and reasons that are remembered.
const REMEMBERED: u64 = 10_000;
/// Characters of a message.
const MESSAGE: usize = 1_000;
/// Characters that an Event's name takes from its object's.
const NAME: usize = 200;
const CONTROLLER: &str = "workload.kcp.io/syncer";

/// Something that whoever owns an object of the workspace should know. No value of the object is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub kind: Arc<Kind>,
    /// Empty for an object without one.
    pub namespace: String,
    pub name: String,
    pub uid: String,
    /// In CamelCase.
    pub reason: &'static str,
    pub message: String,
    pub at: Timestamp,
}

/// Takes notices.
#[derive(Clone, Debug)]
pub struct Events(mpsc::Sender<Notice>);

/// Writes them.
pub struct Writer {
    notices: mpsc::Receiver<Notice>,
    /// An object's uid and a reason.
    written: Cache<(String, &'static str), ()>,
}

impl Events {
    pub fn new() -> (Self, Writer) {
        let (sender, notices) = mpsc::channel(QUEUE);
        let written = Cache::builder().max_capacity(REMEMBERED).time_to_live(AGAIN).build();
        (Self(sender), Writer { notices, written })
    }

    /// Whose notices nobody writes.
    pub fn silent() -> Self {
        Self(mpsc::channel(1).0)
    }

    pub fn tell(&self, notice: Notice) {
        if self.0.try_send(notice).is_err() {
            tracing::debug!("an Event is not written: too many wait, or none are written");
        }
    }
}

impl Writer {
    /// What was told since, if nobody writes it.
    #[cfg(test)]
    pub fn told(&mut self) -> Vec<Notice> {
        std::iter::from_fn(|| self.notices.try_recv().ok()).collect()
    }

    /// Writes as `target`, the SyncTarget's name, until nobody tells anything any more.
    pub async fn run(mut self, api: impl Api, target: String) {
        let events = kind();
        while let Some(notice) = self.notices.recv().await {
            let what = (notice.uid.clone(), notice.reason);
            if self.written.contains_key(&what) {
                continue;
            }
            let body = event(&notice, &target);
            let namespace = body["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
            match api.call(&Call::create(&events, &namespace, "tmc-syncer", body)).await {
                Ok(_) => self.written.insert(what, ()),
                Err(error) => tracing::debug!(error = error.brief(), "an Event is not written"),
            }
        }
    }
}

fn kind() -> Kind {
    Kind {
        group: String::new(),
        version: "v1".to_owned(),
        resource: "events".to_owned(),
        kind: "Event".to_owned(),
        namespaced: true,
    }
}

/// As controllers of Kubernetes write theirs, so that every kubectl shows it.
fn event(notice: &Notice, target: &str) -> Value {
    let Notice { kind, namespace, name, uid, reason, message, at } = notice;
    let own: String = name.chars().take(NAME).collect();
    let message: String = message.chars().take(MESSAGE).collect();
    let time = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {
            "name": format!("{}.{:x}", own.trim_end_matches(['.', '-']), at.as_nanosecond()),
            "namespace": if namespace.is_empty() { "default" } else { namespace },
        },
        "involvedObject": {"apiVersion": kind.api_version(), "kind": kind.kind, "namespace": namespace, "name": name, "uid": uid},
        "type": "Warning", "reason": reason, "message": message,
        "count": 1, "firstTimestamp": time, "lastTimestamp": time,
        "source": {"component": "syncer", "host": target},
        "reportingComponent": CONTROLLER, "reportingInstance": target,
    })
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use parking_lot::Mutex;

    use super::*;
    use crate::syncer::api::{Answer, ApiError};

    /// An API that takes everything but what it is to refuse.
    #[derive(Clone, Default)]
    struct Kept {
        calls: Arc<Mutex<Vec<Call>>>,
        refuses: Arc<Mutex<bool>>,
    }

    #[async_trait]
    impl Api for Kept {
        async fn call(&self, call: &Call) -> Result<Answer, ApiError> {
            self.calls.lock().push(call.clone());
            match *self.refuses.lock() {
                true => Err(ApiError::status(403, "Forbidden", "no")),
                false => Ok(Answer { code: 201, object: Value::Null }),
            }
        }
    }

    fn notice(name: &str, reason: &'static str) -> Notice {
        let kind = Kind {
            group: "apps".into(),
            version: "v1".into(),
            resource: "deployments".into(),
            kind: "Deployment".into(),
            namespaced: true,
        };
        Notice {
            kind: kind.into(),
            namespace: "shop".into(),
            name: name.into(),
            uid: format!("uid-of-{name}"),
            reason,
            message: "spec.replicas must be a number".repeat(50),
            at: Timestamp::from_second(1_767_225_600).unwrap(),
        }
    }

    #[tokio::test]
    async fn one_reason_of_one_object_is_written_once() {
        let (api, (events, writer)) = (Kept::default(), Events::new());
        let all = [notice("web", "Invalid"), notice("web", "Invalid"), notice("web", "NameTaken")];
        all.into_iter().chain([notice("db", "Invalid")]).for_each(|notice| events.tell(notice));
        drop(events);
        writer.run(api.clone(), "east".to_owned()).await;
        let calls = api.calls.lock();
        let told: Vec<_> =
            calls.iter().map(|call| (&call.body["involvedObject"]["name"], &call.body["reason"])).collect();
        assert_eq!(
            told,
            [
                (&json!("web"), &json!("Invalid")),
                (&json!("web"), &json!("NameTaken")),
                (&json!("db"), &json!("Invalid"))
            ]
        );
        let Call { path, body, .. } = &calls[0];
        assert_eq!(path, "/api/v1/namespaces/shop/events?fieldManager=tmc-syncer");
        assert_eq!(body["metadata"]["name"], format!("web.{:x}", 1_767_225_600_000_000_000_u64));
        assert_eq!(body["firstTimestamp"], "2026-01-01T00:00:00Z");
        assert_eq!(body["source"]["host"], "east");
        assert_eq!(body["message"].as_str().unwrap().len(), MESSAGE);
    }

    #[tokio::test]
    async fn what_was_refused_is_tried_when_it_is_told_again_and_too_many_are_dropped() {
        let (api, (events, writer)) = (Kept::default(), Events::new());
        *api.refuses.lock() = true;
        (0..QUEUE + 10).for_each(|_| events.tell(notice("web", "Invalid")));
        drop(events);
        writer.run(api.clone(), "east".to_owned()).await;
        assert_eq!(api.calls.lock().len(), QUEUE, "each is tried");
        Events::silent().tell(notice("web", "Invalid"));
    }

    #[test]
    fn an_object_of_no_namespace_is_told_of_in_the_default_one() {
        let mut of_cluster = notice(&"a".repeat(253), "Invalid");
        of_cluster.namespace = String::new();
        let event = event(&of_cluster, "east");
        assert_eq!(
            (&event["metadata"]["namespace"], &event["involvedObject"]["namespace"]),
            (&json!("default"), &json!(""))
        );
        assert!(event["metadata"]["name"].as_str().unwrap().len() <= 253);
    }
}
