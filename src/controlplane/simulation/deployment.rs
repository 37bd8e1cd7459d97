//! What kube-controller-manager's deployment controller makes of a Deployment, its ReplicaSets and pods included.

mod conditions;
mod spec;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::{conditions::Conditions, spec::Spec};
use super::{
    Mode,
    pods::{Moment, Pod},
    template,
};

/// What the cluster has of one Deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// Hash of the template that the new pods are made from.
    template: String,
    pub revision: u64,
    new: Vec<Pod>,
    old: Vec<Pod>,
    worked: bool,
}

/// What is to be written, and when to look again though nothing was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub status: Value,
    pub wake: Option<Timestamp>,
}

/// One look at a Deployment: pods come and go as the strategy lets them.
pub fn step(known: Option<Rollout>, deployment: &Value, mode: Mode, now: Timestamp) -> (Rollout, Step) {
    let spec = Spec::read(deployment);
    let moment = Moment { mode, now, min_ready: spec.min_ready };
    let hash = template::hash(&deployment["spec"]["template"]);
    let mut conditions = Conditions::of(deployment, now);
    let mut rollout = known.unwrap_or_else(|| Rollout {
        template: String::new(),
        revision: 0,
        new: Vec::new(),
        old: Vec::new(),
        worked: true,
    });
    rollout.restart(&moment);
    if spec.deadline.is_some() {
        conditions.pause(spec.paused);
    }
    if rollout.template != hash && !spec.paused {
        rollout.replace(&hash);
        if spec.deadline.is_some() {
            let name = rollout.replica_set(deployment);
            conditions.set(
                "Progressing",
                "True",
                "NewReplicaSetCreated",
                format!("Created new replica set {name:?}"),
            );
        }
    }
    if !rollout.template.is_empty() {
        let pulls = template::pulls(&deployment["spec"]["template"]) || rollout.template != hash;
        rollout.scale(&spec, pulls, &moment);
    }
    let status = rollout.status(deployment, &spec, conditions, &moment);
    let deadline = conditions::deadline(&status, spec.deadline).filter(|at| *at > now);
    let wake = moment.next(rollout.new.iter().chain(&rollout.old)).into_iter().chain(deadline).min();
    (rollout, Step { status, wake })
}

impl Rollout {
    /// Nodes that come back start their pods anew.
    fn restart(&mut self, moment: &Moment) {
        if moment.mode.works() && !self.worked {
            let all = self.new.iter_mut().chain(&mut self.old);
            all.enumerate().for_each(|(index, pod)| pod.restart(index, moment.now));
        }
        self.worked = moment.mode.works();
    }

    /// Another template: the pods that are there are old ones now.
    fn replace(&mut self, template: &str) {
        self.old.append(&mut self.new);
        template.clone_into(&mut self.template);
        self.revision += 1;
    }

    fn replica_set(&self, deployment: &Value) -> String {
        format!("{}-{}", deployment["metadata"]["name"].as_str().unwrap_or_default(), self.template)
    }

    fn scale(&mut self, spec: &Spec, pulls: bool, moment: &Moment) {
        if spec.paused && !self.old.is_empty() {
            return;
        }
        self.shrink(spec, moment);
        let room = match spec.rolling {
            // All old ones end before a new one starts.
            None if !self.old.is_empty() => {
                self.old.clear();
                spec.replicas
            }
            None => spec.replicas,
            Some(_) => (spec.replicas + spec.surge()).saturating_sub(self.old.len() + self.new.len()),
        };
        let missing = spec.replicas.saturating_sub(self.new.len()).min(room);
        self.new.extend((0..missing).map(|index| Pod::start(index, pulls, moment.now)));
        self.retire(spec, moment);
    }

    /// Fewer replicas are wanted: those go first that are not ready.
    fn shrink(&mut self, spec: &Spec, moment: &Moment) {
        let excess = self.new.len().saturating_sub(spec.replicas);
        self.new.sort_by_key(|pod| !moment.is_ready(pod));
        self.new.truncate(self.new.len() - excess);
    }

    /// Takes old pods away, as many as the strategy lets go: first those that serve nobody.
    fn retire(&mut self, spec: &Spec, moment: &Moment) {
        let least = spec.replicas.saturating_sub(spec.unavailable());
        let starting = self.new.len() - moment.available(&self.new);
        let mut may_go = (self.new.len() + self.old.len()).saturating_sub(least + starting);
        self.old.retain(|pod| {
            let goes = may_go > 0 && !moment.is_available(pod);
            may_go -= usize::from(goes);
            !goes
        });
        let spare = (moment.available(&self.new) + moment.available(&self.old)).saturating_sub(least);
        self.old.truncate(self.old.len() - spare.min(may_go).min(self.old.len()));
    }

    fn status(&self, deployment: &Value, spec: &Spec, mut conditions: Conditions, moment: &Moment) -> Value {
        let all = self.new.len() + self.old.len();
        let ready = moment.ready(&self.new) + moment.ready(&self.old);
        let available = moment.available(&self.new) + moment.available(&self.old);
        let counts = [
            ("replicas", all),
            ("updatedReplicas", self.new.len()),
            ("readyReplicas", ready),
            ("availableReplicas", available),
            ("unavailableReplicas", all - available),
        ];
        let mut status: Map<String, Value> = counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (name.to_owned(), json!(count)))
            .collect();
        status.insert("observedGeneration".into(), deployment["metadata"]["generation"].clone());
        status.insert("terminatingReplicas".into(), json!(0));
        conditions.available(available + spec.max_unavailable() >= spec.replicas);
        let old = &deployment["status"];
        let name = self.replica_set(deployment);
        conditions.progress(old, &status, spec, &name);
        status.insert("conditions".into(), conditions.into());
        for kept in ["collisionCount"].into_iter().filter(|kept| !old[*kept].is_null()) {
            status.insert(kept.into(), old[kept].clone());
        }
        Value::Object(status)
    }
}

#[cfg(test)]
mod tests;
