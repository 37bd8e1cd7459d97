//! The SyncTargets there are, by their keys: whose share counts, and what it is called.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::Deserialize;

use super::combine;
use crate::{
    api::{
        workload::{condition, key},
        workspace::workspace_of,
    },
    informers::RawObject,
};

/// What is read of one SyncTarget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    key: String,
    known: combine::Target,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    kcp_cluster: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    spec: Option<Spec>,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    conditions: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

impl Target {
    /// By the same rule as its syncer makes its key.
    pub fn read(object: &RawObject) -> Option<Self> {
        let Raw { spec, status } = serde_json::from_str(object.json.get()).ok()?;
        let kcp_cluster = spec.and_then(|spec| spec.kcp_cluster);
        let cluster = match object.meta.cluster.as_str() {
            "" => workspace_of(kcp_cluster.as_deref())?,
            cluster => cluster,
        };
        let heard = |said: &Said| said.kind == condition::HEARTBEAT_HEALTHY;
        let heard = status.as_ref().and_then(|status| status.conditions.iter().find(|said| heard(said)));
        // Where nobody judges heartbeats nobody is called silent.
        let silent = heard.is_some_and(|said| said.status != "True");
        let name = object.meta.name.clone();
        Some(Self { key: key(cluster, &name), known: combine::Target { name, silent } })
    }
}

#[derive(Debug, Default)]
pub(super) struct Targets {
    by_id: HashMap<Arc<str>, Target>,
    by_key: Arc<BTreeMap<String, combine::Target>>,
    pub listed: bool,
}

impl Targets {
    /// As of now. What is read of it later is not changed by what comes.
    pub fn known(&self) -> Arc<BTreeMap<String, combine::Target>> {
        self.by_key.clone()
    }

    /// The keys of which something else is known now.
    pub fn set(&mut self, id: &Arc<str>, target: Option<Target>) -> Vec<String> {
        let before = match &target {
            Some(target) => self.by_id.insert(id.clone(), target.clone()),
            None => self.by_id.remove(id),
        };
        if before == target {
            return Vec::new();
        }
        let by_key = Arc::make_mut(&mut self.by_key);
        let mut changed = Vec::new();
        if let Some(before) = before {
            by_key.remove(&before.key);
            changed.push(before.key);
        }
        if let Some(target) = target {
            by_key.insert(target.key.clone(), target.known);
            changed.push(target.key);
        }
        changed
    }

    /// These are all there are.
    pub fn reset(&mut self, all: Vec<(Arc<str>, Option<Target>)>) -> Vec<String> {
        self.listed = true;
        let gone: Vec<_> =
            self.by_id.keys().filter(|id| !all.iter().any(|(there, _)| there == *id)).cloned().collect();
        let mut changed: Vec<_> = gone.iter().flat_map(|id| self.set(id, None)).collect();
        changed.extend(all.into_iter().flat_map(|(id, target)| self.set(&id, target)));
        changed
    }
}
