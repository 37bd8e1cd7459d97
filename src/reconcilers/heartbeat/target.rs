//! What the heartbeat depends on of one SyncTarget. One that does not decode is nobody's to write to.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde::Deserialize;

use crate::informers::ObjectMeta;

/// The parts of a SyncTarget that are read here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    pub name: String,
    pub uid: String,
    /// The logical cluster it is in; empty where there are none.
    pub cluster: String,
    /// The path of that logical cluster, where it is known.
    pub stored: Option<Arc<str>>,
    pub resource_version: String,
    pub generation: Option<i64>,
    /// It is being deleted: nothing new is made for it.
    pub deleting: bool,
    pub kcp_cluster: Option<String>,
    pub key: Option<String>,
    pub conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Raw {
    metadata: Metadata,
    #[serde(default)]
    spec: Option<Spec>,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    uid: String,
    resource_version: String,
    #[serde(default)]
    generation: Option<i64>,
    #[serde(default)]
    deletion_timestamp: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    kcp_cluster: Option<String>,
}

#[derive(Default, Deserialize)]
struct Status {
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    conditions: Vec<Condition>,
}

impl Target {
    pub fn read(json: &str, cluster: &str) -> Option<Self> {
        let Raw { metadata, spec, status } = serde_json::from_str(json).ok()?;
        let Status { key, conditions } = status.unwrap_or_default();
        Some(Self {
            name: metadata.name,
            uid: metadata.uid,
            cluster: cluster.to_owned(),
            stored: None,
            resource_version: metadata.resource_version,
            generation: metadata.generation,
            deleting: metadata.deletion_timestamp.is_some(),
            kcp_cluster: spec.unwrap_or_default().kcp_cluster,
            key,
            conditions,
        })
    }

    /// Its uid within its logical cluster, as [`ObjectMeta::id`].
    pub fn id(&self) -> Arc<str> {
        let (uid, cluster) = (self.uid.clone(), self.cluster.clone());
        (*ObjectMeta { uid, cluster, ..ObjectMeta::default() }.id()).into()
    }

    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.type_ == kind)
    }

    /// Whether `other` is a later version of the same object.
    pub fn is_before(&self, other: &Self) -> bool {
        let number = |target: &Self| target.resource_version.parse::<u64>().unwrap_or(0);
        self.uid == other.uid && number(self) < number(other)
    }
}
