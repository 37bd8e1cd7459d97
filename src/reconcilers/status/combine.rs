//! One status made of the shares of several targets, by the rule of each kind. Pure.
//!
//! What a target has not told is not made up: the condition `workload.kcp.io/StatusComplete` says so. It must not
//! know how shares come here, nor who writes what it makes.

mod conditions;
mod counters;
mod job;
mod lists;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::api::share::{
    self, Form, Share,
    clean::clean,
    hold,
    patch::is_same,
    shape::{Part, Shape, shape},
};

/// A target that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Of the SyncTarget.
    pub name: String,
    /// Nobody has heard of it for a while: what it told last still counts.
    pub silent: bool,
}

/// What is read of the share of a kind that is not known here.
const CUSTOM: &Shape = &Shape {
    group: "",
    resource: "",
    members: &[("observedGeneration", Part::Generation), ("conditions", Part::Conditions)],
    condition: &["observedGeneration"],
    bounded: &[],
};

/// A share that can be read.
struct Told<'a> {
    target: &'a str,
    status: Map<String, Value>,
}

/// The object, and what is known of its shares.
struct Shares<'a> {
    object: &'a Value,
    shape: &'static Shape,
    /// In the order of the keys.
    told: Vec<Told<'a>>,
    /// Names of targets that told nothing that can be read.
    missing: Vec<&'a str>,
    silent: Vec<&'a str>,
    now: Timestamp,
}

/// The status that an object of that kind should have; `None` if it has that, or if its status is not to be made of
/// shares. `targets` are all that there are, by key.
pub fn combine(
    group: &str,
    resource: &str,
    object: &Value,
    targets: &BTreeMap<String, Target>,
    now: Timestamp,
) -> Option<Map<String, Value>> {
    let known = shape(group, resource);
    let there = &object["status"];
    if share::targets(object).len() < 2 || hold::is_final(known, there) {
        return None;
    }
    let shares = Shares::new(object, known.unwrap_or(CUSTOM), targets, now);
    let mut wanted = match (group, resource) {
        _ if shares.told.is_empty() => there.as_object().cloned().unwrap_or_default(),
        ("apps", _) if known.is_some() => counters::sum(&shares),
        ("batch", "jobs") => job::combine(&shares),
        ("batch", "cronjobs") => lists::cron_job(&shares),
        ("" | "networking.k8s.io", _) if known.is_some() => lists::network_or_claim(&shares),
        _ => shares.custom(),
    };
    if known.map_or_else(|| wanted.contains_key("conditions"), Shape::has_conditions) {
        shares.say_whether_complete(&mut wanted);
    }
    hold::hold(known, there, object["spec"]["suspend"] == true, &mut wanted);
    (!is_same(known, &wanted, there)).then_some(wanted)
}

impl<'a> Shares<'a> {
    fn new(
        object: &'a Value,
        shape: &'static Shape,
        targets: &'a BTreeMap<String, Target>,
        now: Timestamp,
    ) -> Self {
        let mut shares =
            Self { object, shape, told: Vec::new(), missing: Vec::new(), silent: Vec::new(), now };
        let mut known = share::shares(object);
        for key in share::targets(object) {
            let share = known.remove(key).flatten();
            // Whoever is no target here has no share: anybody can write such an annotation.
            let Some(target) = targets.get(key) else {
                shares.missing.push(key);
                continue;
            };
            if target.silent {
                shares.silent.push(&target.name);
            }
            match share.and_then(|share| shares.read(&target.name, share)) {
                Some(told) => shares.told.push(told),
                None => shares.missing.push(&target.name),
            }
        }
        shares
    }

    fn read(&self, target: &'a str, share: Share) -> Option<Told<'a>> {
        // A list without some of its elements is none.
        let has_lists =
            self.shape.members.iter().any(|(_, part)| matches!(part, Part::List(_) | Part::Members(_)));
        if share.form == Form::Digest || (share.partial && has_lists) {
            return None;
        }
        let status = clean(Some(self.shape), &Value::Object(share.status)).ok()?.status;
        Some(Told { target, status })
    }

    fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    fn generation(&self) -> Option<i64> {
        self.object["metadata"]["generation"].as_i64()
    }

    /// The generation upstream if every target has applied and seen it, else what was said before.
    fn observed(&self, there: &Value, told: impl Fn(&Told<'a>) -> Option<i64>) -> Option<i64> {
        let generation = self.generation()?;
        let all = self.is_complete() && self.told.iter().all(|share| told(share) == Some(generation));
        let before = || there["observedGeneration"].as_i64().filter(|before| *before <= generation);
        all.then_some(generation).or_else(before)
    }

    fn set_observed(&self, wanted: &mut Map<String, Value>) {
        let observed =
            self.observed(&self.object["status"], |share| share.status.get("observedGeneration")?.as_i64());
        if let Some(observed) = observed {
            wanted.insert("observedGeneration".to_owned(), observed.into());
        }
    }

    /// Of a kind that is not known: its conditions and its generation; the rest is for somebody who knows it.
    fn custom(&self) -> Map<String, Value> {
        let mut wanted = self.object["status"].as_object().cloned().unwrap_or_default();
        let tells = |member: &str| self.told.iter().any(|share| share.status.contains_key(member));
        if tells("observedGeneration") {
            wanted.remove("observedGeneration");
            self.set_observed(&mut wanted);
        }
        if tells("conditions") {
            wanted.insert("conditions".to_owned(), conditions::merge(self, |_| false).into());
        }
        wanted
    }

    fn say_whether_complete(&self, wanted: &mut Map<String, Value>) {
        let list = |names: &[&str]| {
            let more = names.len().saturating_sub(5);
            let first = names[..names.len() - more].join(", ");
            if more > 0 { format!("{first} and {more} more") } else { first }
        };
        let (status, reason, message) = match (&self.missing[..], &self.silent[..]) {
            ([], []) => ("True", "AllTargetsReported", String::new()),
            ([], silent) => ("False", "TargetsSilent", format!("not heard of for a while: {}", list(silent))),
            (missing, _) => {
                ("False", "TargetsMissing", format!("no share of the status from {}", list(missing)))
            }
        };
        let condition = conditions::dated(self, share::COMPLETE, status, reason, &message, &[]);
        let conditions = wanted.entry("conditions").or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(conditions) = conditions {
            conditions.retain(|known| known["type"] != share::COMPLETE);
            conditions.push(condition);
        }
    }
}

#[cfg(test)]
mod tests;
