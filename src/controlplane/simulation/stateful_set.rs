//! What kube-controller-manager's StatefulSet controller makes of a StatefulSet, its pods included.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Mode,
    deployment::Step,
    pods::{Moment, Pod},
    template,
};

/// What the cluster has of one StatefulSet: its pods by ordinal, each of a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Pods {
    current: String,
    update: String,
    pods: Vec<(String, Pod)>,
    worked: bool,
}

struct Spec {
    replicas: usize,
    /// One after the other.
    ordered: bool,
    /// The first ordinal that gets the update; `None`: pods are replaced only when they are deleted.
    partition: Option<usize>,
    pulls: bool,
}

impl Spec {
    fn read(set: &Value) -> Self {
        let spec = &set["spec"];
        let strategy = &spec["updateStrategy"];
        let partition = strategy["rollingUpdate"]["partition"].as_u64().unwrap_or_default() as usize;
        Self {
            replicas: spec["replicas"].as_u64().unwrap_or(1) as usize,
            ordered: spec["podManagementPolicy"] != "Parallel",
            partition: (strategy["type"] != "OnDelete").then_some(partition),
            pulls: template::pulls(&spec["template"]),
        }
    }
}

/// One look at a StatefulSet.
pub fn step(known: Option<Pods>, set: &Value, mode: Mode, now: Timestamp) -> (Pods, Step) {
    let spec = Spec::read(set);
    let min_ready = Duration::from_secs(set["spec"]["minReadySeconds"].as_u64().unwrap_or_default());
    let moment = Moment { mode, now, min_ready };
    let name = set["metadata"]["name"].as_str().unwrap_or_default();
    let revision = format!("{name}-{}", template::hash(&set["spec"]["template"]));
    let mut pods = known.unwrap_or_else(|| Pods {
        current: revision.clone(),
        update: revision.clone(),
        pods: Vec::new(),
        worked: true,
    });
    pods.update = revision;
    pods.restart(&moment);
    pods.scale(&spec, &moment);
    let status = pods.status(set, &spec, &moment);
    let wake = moment.next(pods.pods.iter().map(|(_, pod)| pod));
    (pods, Step { status, wake })
}

impl Pods {
    /// Nodes that come back start their pods anew.
    fn restart(&mut self, moment: &Moment) {
        if moment.mode.works() && !self.worked {
            let all = self.pods.iter_mut().enumerate();
            all.for_each(|(index, (_, pod))| pod.restart(index, moment.now));
        }
        self.worked = moment.mode.works();
    }

    fn scale(&mut self, spec: &Spec, moment: &Moment) {
        self.pods.truncate(spec.replicas);
        let all_available = self.pods.iter().all(|(_, pod)| moment.is_available(pod));
        let missing = spec.replicas - self.pods.len();
        if missing > 0 {
            let starts = match spec.ordered {
                true => usize::from(all_available),
                false => missing,
            };
            for index in 0..starts {
                let revision = self.revision(self.pods.len(), spec).to_owned();
                let pulls = spec.pulls || revision != self.update;
                self.pods.push((revision, Pod::start(index, pulls, moment.now)));
            }
        } else if all_available && let Some(partition) = spec.partition {
            // The highest ordinal first, one at a time.
            let outdated = self.pods.iter().rposition(|(revision, _)| *revision != self.update);
            if let Some(ordinal) = outdated.filter(|ordinal| *ordinal >= partition) {
                self.pods[ordinal] = (self.update.clone(), Pod::start(0, spec.pulls, moment.now));
            }
        }
    }

    /// What a pod that is made now is of.
    fn revision(&self, ordinal: usize, spec: &Spec) -> &str {
        if spec.partition.is_some_and(|partition| ordinal < partition) { &self.current } else { &self.update }
    }

    fn status(&mut self, set: &Value, spec: &Spec, moment: &Moment) -> Value {
        let count =
            |counts: &dyn Fn(&(String, Pod)) -> bool| self.pods.iter().filter(|pod| counts(pod)).count();
        let ready = count(&|(_, pod)| moment.is_ready(pod));
        let available = count(&|(_, pod)| moment.is_available(pod));
        let updated = count(&|(revision, _)| *revision == self.update);
        let mut current = count(&|(revision, _)| *revision == self.current);
        if spec.partition.is_some() && [updated, ready, self.pods.len()] == [spec.replicas; 3] {
            self.current.clone_from(&self.update);
            current = updated;
        }
        let mut status = Map::new();
        status.insert("observedGeneration".into(), set["metadata"]["generation"].clone());
        status.insert("replicas".into(), json!(self.pods.len()));
        status.insert("availableReplicas".into(), json!(available));
        status.insert("collisionCount".into(), json!(0));
        status.insert("currentRevision".into(), json!(self.current));
        status.insert("updateRevision".into(), json!(self.update));
        for (name, count) in
            [("readyReplicas", ready), ("currentReplicas", current), ("updatedReplicas", updated)]
        {
            if count > 0 {
                status.insert(name.into(), json!(count));
            }
        }
        Value::Object(status)
    }
}

#[cfg(test)]
mod tests;
