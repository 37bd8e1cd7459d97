//! The controllers of one simulated cluster: they look at what changed and at what time has changed.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{sync::watch, time::sleep};

use super::{
    Mode, deployment,
    objects::{Kind, Objects},
    stateful_set,
};
use crate::liveness::clock::Clock;

const REVISION: &str = "deployment.kubernetes.io/revision";
/// Changes within this time are looked at together.
const TOGETHER: Duration = Duration::from_millis(20);

/// What the cluster has of one workload.
enum Pods {
    Deployment(deployment::Rollout),
    StatefulSet(stateful_set::Pods),
}

struct Known {
    version: String,
    mode: Mode,
    pods: Option<Pods>,
    wake: Option<Timestamp>,
}

/// The workloads of one cluster.
pub struct Workloads {
    objects: Arc<dyn Objects>,
    clock: Arc<dyn Clock>,
    mode: watch::Receiver<Mode>,
    /// By uid.
    known: HashMap<String, Known>,
}

impl Workloads {
    pub fn new(objects: Arc<dyn Objects>, clock: Arc<dyn Clock>, mode: watch::Receiver<Mode>) -> Self {
        Self { objects, clock, mode, known: HashMap::new() }
    }

    /// Until it is dropped, or nobody is left to change anything.
    pub async fn run(mut self) {
        let mut changes = self.objects.changes();
        loop {
            changes.mark_unchanged();
            self.look();
            let wake = self.wake();
            tokio::select! {
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    sleep(TOGETHER).await;
                }
                changed = self.mode.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = sleep_for(wake) => {}
            }
        }
    }

    fn look(&mut self) {
        let mode = *self.mode.borrow_and_update();
        let mut there = Vec::new();
        for kind in [Kind::Deployment, Kind::StatefulSet] {
            for object in self.objects.list(kind) {
                let uid = text(&object["metadata"]["uid"]);
                self.judge(kind, &object, &uid, mode);
                there.push(uid);
            }
        }
        let there: std::collections::HashSet<_> = there.into_iter().collect();
        self.known.retain(|uid, _| there.contains(uid));
    }

    fn judge(&mut self, kind: Kind, object: &Value, uid: &str, mode: Mode) {
        let now = self.clock.now().wall;
        let version = text(&object["metadata"]["resourceVersion"]);
        let known = self.known.get(uid);
        let due = known.is_none_or(|known| {
            known.version != version || known.mode != mode || known.wake.is_some_and(|at| at <= now)
        });
        if !due || !object["metadata"]["deletionTimestamp"].is_null() {
            return;
        }
        let pods = self.known.remove(uid).and_then(|known| known.pods);
        let (pods, step, revision) = match (kind, pods) {
            (Kind::StatefulSet, pods) => {
                let pods =
                    pods.and_then(|pods| if let Pods::StatefulSet(pods) = pods { Some(pods) } else { None });
                let (pods, step) = stateful_set::step(pods, object, mode, now);
                (Pods::StatefulSet(pods), step, None)
            }
            (_, pods) => {
                let pods =
                    pods.and_then(|pods| if let Pods::Deployment(pods) = pods { Some(pods) } else { None });
                let (rollout, step) = deployment::step(pods, object, mode, now);
                let revision = rollout.revision;
                (Pods::Deployment(rollout), step, Some(revision))
            }
        };
        let deployment::Step { status, wake } = step;
        self.known.insert(uid.to_owned(), Known { version, mode, pods: Some(pods), wake });
        self.write(kind, object, &status, revision);
    }

    /// Only what still is as it was looked at: of what came in between there is another look.
    fn write(&self, kind: Kind, object: &Value, status: &Value, revision: Option<u64>) {
        let metadata = &object["metadata"];
        let revision = revision.filter(|revision| *revision > 0).map(|revision| json!(revision.to_string()));
        let marked = revision.as_ref().is_none_or(|revision| metadata["annotations"][REVISION] == *revision);
        if object["status"] == *status && marked {
            return;
        }
        let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
        self.objects.edit(kind, &namespace, &name, &mut |now| {
            let same = |member: &str| now["metadata"][member] == metadata[member];
            if !same("uid") || !same("generation") || now["status"] != object["status"] {
                return false;
            }
            now["status"] = status.clone();
            if let Some(revision) = &revision {
                now["metadata"]["annotations"][REVISION] = revision.clone();
            }
            true
        });
    }

    fn wake(&self) -> Option<Duration> {
        let next = self.known.values().filter_map(|known| known.wake).min()?;
        let wait = next.duration_since(self.clock.now().wall);
        Some(Duration::try_from(wait).unwrap_or_default().max(Duration::from_millis(1)))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn sleep_for(wait: Option<Duration>) {
    match wait {
        Some(wait) => sleep(wait).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
