//! The SyncTarget as the engine follows it: whether it may write, has to leave, and may go on deleting.

use std::collections::BTreeMap;

use serde_json::Value;

use super::object::Object;
use crate::{
    api::workload::{GROUP, RESOURCE, VERSION, condition},
    informers::Change,
    syncer::{
        breaker::ALLOW,
        identity::Identity,
        json::{entries, entry, meta},
        kind::Kind,
    },
};

/// Keeps a SyncTarget until all that was synced for it is released.
pub const FINALIZER: &str = "workload.kcp.io/synctarget";

/// As it was last seen; the default was never seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// It is there, and the one we serve.
    pub ours: bool,
    pub paused: bool,
    pub deleting: bool,
    pub labels: BTreeMap<String, String>,
    pub finalizers: Vec<String>,
    pub resource_version: String,
    /// What resumes deletions.
    pub allow: Option<String>,
    /// What is reported of deletions that are paused.
    pub reported: Option<String>,
}

/// The kind SyncTarget.
pub fn kind() -> Kind {
    Kind {
        group: GROUP.to_owned(),
        version: VERSION.to_owned(),
        resource: RESOURCE.to_owned(),
        kind: "SyncTarget".to_owned(),
        namespaced: false,
    }
}

impl Target {
    /// Of the object there is under the name, if it has the uid we serve.
    pub fn read(object: &Value, uid: &str) -> Self {
        if meta(object, "uid") != uid {
            return Self::default();
        }
        let finalizers = object["metadata"]["finalizers"].as_array().into_iter().flatten();
        let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
        let synced = conditions.into_iter().find(|found| found["type"] == condition::RESOURCES_SYNCED);
        Self {
            ours: true,
            paused: object["spec"]["syncMode"] == "Paused",
            deleting: !meta(object, "deletionTimestamp").is_empty(),
            labels: entries(object, "labels"),
            finalizers: finalizers.filter_map(|finalizer| Some(finalizer.as_str()?.to_owned())).collect(),
            resource_version: meta(object, "resourceVersion").to_owned(),
            allow: entry(object, "annotations", ALLOW).map(str::to_owned),
            reported: synced
                .filter(|condition| condition["reason"] == "DeletionsPaused")
                .and_then(|condition| Some(condition["message"].as_str()?.to_owned())),
        }
    }

    /// What a source tells of it; none if that is nothing.
    pub fn told(change: Change<Object>, identity: &Identity) -> Option<Self> {
        let is_ours = |object: &Object| *object.name == *identity.name;
        let read = |object: Object| Self::read(&object.kept.read(), &identity.uid);
        Some(match change {
            Change::Reset(objects) => objects.into_iter().find(is_ours).map(read).unwrap_or_default(),
            Change::Apply(object) if is_ours(&object) => read(object),
            Change::Delete(object) if is_ours(&object) => Self::default(),
            // Its kind is gone: nobody says any more that it is ours.
            Change::NotInstalled => Self::default(),
            _ => return None,
        })
    }

    /// Ordered within one upstream.
    pub fn version(&self) -> u64 {
        self.resource_version.parse().unwrap_or_default()
    }

    pub fn has_finalizer(&self) -> bool {
        self.finalizers.iter().any(|finalizer| finalizer == FINALIZER)
    }
}
