//! What stands in the Lease of a leader.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) version: String,
    /// Empty: nobody.
    pub(super) holder: String,
    seconds: Option<u64>,
    acquired: String,
    renewed: String,
    transitions: u64,
}

impl Record {
    pub(super) fn read(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let spec = &object["spec"];
        Self {
            version: text(&object["metadata"]["resourceVersion"]),
            holder: text(&spec["holderIdentity"]),
            seconds: spec["leaseDurationSeconds"].as_u64(),
            acquired: text(&spec["acquireTime"]),
            renewed: text(&spec["renewTime"]),
            transitions: spec["leaseTransitions"].as_u64().unwrap_or_default(),
        }
    }

    /// Whether nobody has renewed or taken it in between.
    fn same_claim(&self, other: &Self) -> bool {
        let claim = |record: &Self| (record.holder.clone(), record.renewed.clone(), record.transitions);
        claim(self) == claim(other)
    }

    /// How long it holds without a renewal, by what its holder wrote, and never shorter than usual: who wrote
    /// that need not be its holder.
    pub(super) fn duration(&self, usual: Duration) -> Duration {
        self.seconds.map_or(usual, Duration::from_secs).max(usual)
    }

    /// Held by `identity` from now on.
    pub(super) fn claimed(&self, identity: &str, lease: Duration) -> Self {
        let now = now();
        let mine = self.holder == identity;
        Self {
            version: String::new(),
            holder: identity.to_owned(),
            seconds: Some(lease.as_secs().max(1)),
            acquired: if mine && !self.acquired.is_empty() { self.acquired.clone() } else { now.clone() },
            renewed: now,
            transitions: self.transitions + u64::from(!mine && !self.version.is_empty()),
        }
    }

    pub(super) fn released(&self) -> Self {
        let now = now();
        Self { holder: String::new(), seconds: Some(1), acquired: now.clone(), renewed: now, ..self.clone() }
    }

    fn spec(&self) -> Value {
        json!({
            "holderIdentity": self.holder, "leaseDurationSeconds": self.seconds,
            "acquireTime": self.acquired, "renewTime": self.renewed, "leaseTransitions": self.transitions,
        })
    }

    pub(super) fn object(&self, namespace: &str, name: &str) -> Value {
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"namespace": namespace, "name": name}, "spec": self.spec(),
        })
    }

    /// A merge patch of version `version` alone.
    pub(super) fn patch(&self, version: &str) -> Value {
        json!({"metadata": {"resourceVersion": version}, "spec": self.spec()})
    }
}

/// The Lease as it was seen last, and since when it has been so.
#[derive(Default)]
pub(super) struct Watched(Option<(Record, Instant)>);

impl Watched {
    pub(super) fn see(&mut self, record: &Record, now: Instant) -> Instant {
        match &self.0 {
            Some((known, since)) if known.same_claim(record) => *since,
            _ => {
                self.0 = Some((record.clone(), now));
                now
            }
        }
    }
}

/// As a MicroTime.
fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
