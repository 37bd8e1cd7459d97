//! The nodes of a simulated cluster, to be read alone: they are ready while the cluster works.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Mode;
use crate::apiserver::{
    log::{Event, EventKind, ResourceLog, RingLimits},
    object::{Cell, Key, Object, Parts},
    resource::{Column, READ_VERBS, ResourceInfo},
    scope::Scope,
    snapshot::Snapshot,
    status::ApiError,
    storage::Storage,
};

static INFO: LazyLock<Arc<ResourceInfo>> = LazyLock::new(|| {
    Arc::new(ResourceInfo {
        version: "v1".into(),
        resource: "nodes".into(),
        singular: "node".into(),
        kind: "Node".into(),
        list_kind: "NodeList".into(),
        short_names: vec!["no".into()],
        verbs: READ_VERBS.into(),
        reader_role: "view",
        columns: vec![
            Column::new("Name", "string", "name", "Name of the node.", 0),
            Column::new("Status", "string", "", "Whether the node is ready.", 0),
            Column::new("Roles", "string", "", "The roles of the node.", 0),
            Column::new("Age", "string", "", "Time since the node was created.", 0),
            Column::new("Version", "string", "", "Version of its kubelet.", 0),
        ]
        .into(),
        ..ResourceInfo::default()
    })
});

/// What one node has.
const CAPACITY: [(&str, &str); 3] = [("cpu", "8"), ("memory", "32Gi"), ("pods", "110")];
/// What of that is left for workloads.
const ALLOCATABLE: [(&str, &str); 3] = [("cpu", "7500m"), ("memory", "30Gi"), ("pods", "110")];

pub struct Nodes {
    names: Vec<(String, uuid::Uuid)>,
    created: Timestamp,
    /// Of Kubernetes, as each kubelet has it.
    version: &'static str,
    log: Arc<ResourceLog>,
}

impl Nodes {
    /// So many, named after their cluster, and ready.
    pub fn new(cluster: &str, count: usize, version: &'static str, now: Timestamp) -> Self {
        let names = (1..=count).map(|number| (format!("{cluster}-{number}"), uuid::Uuid::new_v4())).collect();
        let log = Arc::new(ResourceLog::new(RingLimits::default()));
        let nodes = Self { names, created: now, version, log };
        let base = u64::try_from(now.as_microsecond()).unwrap_or(1);
        let mut snapshot = Snapshot::default();
        nodes.made(Mode::Healthy, now, base).into_iter().for_each(|node| snapshot.put(node));
        nodes.log.reset(snapshot, base);
        nodes
    }

    /// Follows how the cluster is until nobody is left to change it.
    pub async fn run(self: Arc<Self>, mut mode: watch::Receiver<Mode>) {
        let mut works = true;
        loop {
            let now = *mode.borrow_and_update();
            if now.works() != works {
                works = now.works();
                self.publish(now, Timestamp::now());
            }
            if mode.changed().await.is_err() {
                return;
            }
        }
    }

    fn publish(&self, mode: Mode, now: Timestamp) {
        let mut snapshot = (*self.log.snapshot()).clone();
        let first = self.log.head() + 1;
        let events: Vec<_> = self
            .made(mode, now, first)
            .into_iter()
            .map(|object| {
                let previous = snapshot.get(&object.key).cloned();
                snapshot.put(object.clone());
                Event {
                    resource_version: object.resource_version,
                    kind: EventKind::Modified,
                    object,
                    previous,
                    frame: Default::default(),
                }
            })
            .collect();
        let head = self.log.head() + events.len() as u64;
        self.log.publish(events, snapshot, head);
    }

    /// All of them, each under a version of its own from `first` on.
    fn made(&self, mode: Mode, now: Timestamp, first: u64) -> Vec<Arc<Object>> {
        let one = |((name, uid), version): (&(String, uuid::Uuid), u64)| {
            let metadata = json!({
                "name": name, "uid": uid.to_string(), "creationTimestamp": time(self.created),
                "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
            });
            let status = status(self.version, mode, now);
            let labels = [("kubernetes.io/hostname", &**name), ("kubernetes.io/os", "linux")];
            let labels: BTreeMap<_, _> =
                labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            let text = |text: &str| Cell::Json(Value::from(text).to_string().into());
            let ready = if mode.works() { "Ready" } else { "NotReady" };
            let cells = vec![
                text(name),
                text(ready),
                text("<none>"),
                Cell::Age(Some(self.created)),
                text(self.version),
            ];
            Arc::new(Object::new(Parts {
                api_version: "v1",
                kind: "Node",
                key: Key { namespace: "".into(), name: name.as_str().into() },
                resource_version: version,
                labels,
                cells,
                metadata: members(&metadata).as_bytes(),
                rest: members(&json!({"spec": {}, "status": status})).as_bytes(),
            }))
        };
        self.names.iter().zip(first..).map(one).collect()
    }
}

fn status(version: &str, mode: Mode, now: Timestamp) -> Value {
    let (status, reason, message) = match mode.works() {
        true => ("True", "KubeletReady", "kubelet is posting ready status"),
        false => ("False", "KubeletNotReady", "the simulated cluster fails"),
    };
    let amounts = |amounts: [(&str, &str); 3]| -> Value {
        amounts.into_iter().map(|(name, amount)| (name.to_owned(), json!(amount))).collect()
    };
    json!({
        "capacity": amounts(CAPACITY), "allocatable": amounts(ALLOCATABLE),
        "conditions": [{
            "type": "Ready", "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": time(now), "lastTransitionTime": time(now),
        }],
        "nodeInfo": {
            "kubeletVersion": version, "operatingSystem": "linux", "architecture": "amd64", "machineID": "",
            "systemUUID": "", "bootID": "", "kernelVersion": "", "osImage": "", "containerRuntimeVersion": "",
            "kubeProxyVersion": "",
        },
    })
}

/// The members of an object without its braces.
fn members(object: &Value) -> String {
    let text = object.to_string();
    text[1..text.len() - 1].to_owned()
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Storage for Nodes {
    fn info(&self) -> &Arc<ResourceInfo> {
        &INFO
    }

    fn log(&self, _: &Scope) -> Result<Arc<ResourceLog>, ApiError> {
        Ok(self.log.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(nodes: &Nodes) -> Vec<String> {
        let snapshot = nodes.log.snapshot();
        let read = |object: &Arc<Object>| serde_json::from_slice::<Value>(&object.json()).unwrap();
        let all = snapshot.iter().map(read);
        all.map(|node| node["status"]["conditions"][0]["status"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn they_are_ready_while_their_cluster_works() {
        let now = "2026-03-01T00:00:00Z".parse().unwrap();
        let nodes = Arc::new(Nodes::new("east", 3, "v1.36.3", now));
        assert_eq!(ready(&nodes), ["True"; 3]);
        let (mode, follows) = watch::channel(Mode::Restricted);
        let mut heads = nodes.log.subscribe();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(nodes.clone().run(follows));
        for (next, expected) in [(Mode::Failing, "False"), (Mode::Partitioned, "True")] {
            let before = *heads.borrow_and_update();
            mode.send_replace(next);
            heads.changed().await.unwrap();
            assert_eq!(ready(&nodes), [expected; 3], "{next}");
            let (events, head) = nodes.log.events_after(before, 10).unwrap();
            assert_eq!((events.len(), head), (3, before + 3));
        }
    }
}
