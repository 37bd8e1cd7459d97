//! What a syncer in mode `observe` writes into the status of its SyncTarget: counts, problems and its own
//! conditions, and nothing of what the server writes. Pure.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Mode, objects::Kind, problems};

/// Never looked into.
const SYSTEM: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "kcp-system"];
/// `lastSyncerHeartbeatTime` follows at most so often, in seconds.
const HEARTBEAT: i64 = 60;

/// What a syncer knows of its cluster beside the objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub syncer_version: String,
    pub kubernetes_version: String,
    /// Who holds the Lease.
    pub holder: String,
    pub nodes: u64,
}

/// `objects` by kind; `previous` is the status that was written last; `generation` that of the target.
pub fn status(
    objects: &[(Kind, Vec<&Value>)],
    facts: &Facts,
    mode: Mode,
    generation: Option<i64>,
    previous: &Value,
    now: Timestamp,
) -> Value {
    let seen: Vec<(Kind, Vec<&Value>)> = objects
        .iter()
        .filter(|(kind, _)| may_read(*kind, mode))
        .map(|(kind, objects)| {
            (*kind, objects.iter().copied().filter(|object| is_seen(*kind, object)).collect())
        })
        .collect();
    let resources = rows(&seen);
    let now_text = json!(time(now));
    let kept = |member: &str, same: bool| match &previous[member] {
        Value::Null => now_text.clone(),
        known if same => known.clone(),
        _ => now_text.clone(),
    };
    let heard = previous["lastSyncerHeartbeatTime"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let fresh = heard.is_some_and(|heard| now.duration_since(heard).as_secs() < HEARTBEAT);
    let workloads: Vec<_> = seen
        .iter()
        .filter(|(kind, _)| matches!(kind, Kind::Deployment | Kind::StatefulSet))
        .map(|(kind, objects)| (*kind, objects.as_slice()))
        .collect();
    let mut status = Map::new();
    let mut put = |member: &str, value: Value| drop(status.insert(member.to_owned(), value));
    put("resourcesObservedTime", kept("resourcesObservedTime", previous["resources"] == resources));
    put("resources", resources);
    put("lastSyncerHeartbeatTime", kept("lastSyncerHeartbeatTime", fresh));
    put("problems", problems::all(&workloads, now).into());
    put("mode", json!("observe"));
    put("syncerVersion", json!(facts.syncer_version));
    put("syncerHolder", json!(facts.holder));
    put("kubernetesVersion", json!(facts.kubernetes_version));
    put("nodeSummary", json!({"total": facts.nodes, "ready": if mode.works() { facts.nodes } else { 0 }}));
    if let Some(generation) = generation {
        put("observedGeneration", json!(generation));
    }
    put("conditions", conditions(mode, generation, previous, now));
    Value::Object(status)
}

fn may_read(kind: Kind, mode: Mode) -> bool {
    kind != Kind::Secret || mode != Mode::Restricted
}

/// What a cluster has of itself is no workload.
fn is_seen(kind: Kind, object: &Value) -> bool {
    let metadata = &object["metadata"];
    let (namespace, name) = (metadata["namespace"].as_str().unwrap_or_default(), metadata["name"].as_str());
    let own = match kind {
        Kind::ConfigMap => name == Some("kube-root-ca.crt"),
        Kind::Service => namespace == "default" && name == Some("kubernetes"),
        _ => false,
    };
    !own && !SYSTEM.contains(&namespace)
}

/// Sorted by group and resource.
fn rows(objects: &[(Kind, Vec<&Value>)]) -> Value {
    let mut rows: Vec<_> = objects
        .iter()
        .map(|(kind, objects)| {
            let mut row = json!({"group": kind.group(), "resource": kind.resource(), "total": objects.len()});
            if matches!(kind, Kind::Deployment | Kind::StatefulSet) {
                row["ready"] = json!(objects.iter().filter(|object| problems::is_ready(object)).count());
            }
            ((kind.group(), kind.resource()), row)
        })
        .collect();
    rows.sort_by_key(|(key, _)| *key);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn conditions(mode: Mode, generation: Option<i64>, previous: &Value, now: Timestamp) -> Value {
    let reachable = match mode {
        Mode::Failing => ("False", "NotReady", "the API server of the cluster says that it is not ready"),
        _ => ("True", "Reachable", ""),
    };
    let authorized = match mode {
        Mode::Restricted => {
            ("False", "SyncerUnauthorized", "the syncer may not: secrets:list, secrets:watch")
        }
        _ => ("True", "SyncerAuthorized", ""),
    };
    let all = [
        ("DownstreamReachable", reachable),
        ("ResourcesSynced", ("True", "ResourcesSynced", "")),
        ("SecurityContextValid", ("True", "SecurityContextValid", "")),
        ("SyncerAuthorized", authorized),
        ("SyncerReady", ("True", "SyncerReady", "")),
    ];
    let known = previous["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    all.into_iter()
        .map(|(kind, (status, reason, message))| {
            let same = known.iter().find(|known| known["type"] == kind && known["status"] == status);
            let since = same.map_or_else(|| json!(time(now)), |known| known["lastTransitionTime"].clone());
            let mut condition = json!({
                "type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since,
            });
            if let Some(generation) = generation {
                condition["observedGeneration"] = json!(generation);
            }
            condition
        })
        .collect()
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
