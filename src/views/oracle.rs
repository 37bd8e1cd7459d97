//! What the views must be, recomputed from the plain history of events with loops over everything.
//!
//! It shares with the index the pure functions of health and workspace, and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    health::{Says, Signs, health},
    workspace::{workspace_of, workspace_within},
};

mod sums;
mod tests;

/// One thing that happened, at a time since the start.
#[derive(Clone, Debug)]
pub enum Happened {
    Apply(Value),
    Delete(Value),
    Reset(Vec<Value>),
    Lease(Value),
    LeaseDelete(Value),
    LeaseReset(Vec<Value>),
    HeardTargets,
    HeardLeases,
}

pub type History = Vec<(Duration, Happened)>;

/// The paths of logical clusters by id; `None` for a Kubernetes source.
pub type Clusters = Option<BTreeMap<&'static str, &'static str>>;

/// Logical cluster, and uid or name there.
type Id = (String, String);

#[derive(Default)]
struct World {
    clusters: Clusters,
    /// Objects and last known workspaces.
    targets: BTreeMap<Id, (Value, Option<String>)>,
    /// By the target they are about.
    leases: BTreeMap<Id, Lease>,
    heard: [Option<Duration>; 2],
}

#[derive(Default)]
struct Lease {
    exists: bool,
    renewed: Option<Timestamp>,
    /// When the target was last alive, in seconds since the start; before it when negative.
    alive: f64,
}

/// The calendar at the start of every history.
pub fn epoch() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

/// The content of every view (`false`) and tree (`true`) by name, times and messages left out.
pub fn expected(history: &History, now: Duration, clusters: &Clusters) -> BTreeMap<(bool, String), Value> {
    let mut world = World { clusters: clusters.clone(), ..World::default() };
    for (at, happened) in history {
        world.replay(*at, happened.clone());
    }
    let unseen = world.heard.iter().flatten().any(|heard| now - *heard > Duration::from_secs(30));
    let mut names = BTreeSet::new();
    for (_, workspace) in world.targets.values() {
        let Some(workspace) = workspace else { continue };
        names.insert((false, workspace.clone()));
        let parts: Vec<_> = workspace.split(':').collect();
        names.extend((1..=parts.len()).map(|n| (true, parts[..n].join(":"))));
    }
    names.into_iter().map(|name| (name.clone(), world.content(&name, unseen, now))).collect()
}

impl World {
    fn replay(&mut self, at: Duration, happened: Happened) {
        match happened {
            Happened::Apply(target) => self.apply(target),
            Happened::Delete(target) => self.delete(&id_of(&target)),
            Happened::Reset(targets) => {
                let ids: Vec<_> = targets.iter().map(id_of).collect();
                let gone: Vec<_> = self.targets.keys().filter(|id| !ids.contains(id)).cloned().collect();
                gone.iter().for_each(|id| self.delete(id));
                targets.into_iter().for_each(|target| self.apply(target));
            }
            Happened::Lease(lease) => self.renew(at, &lease),
            Happened::LeaseDelete(lease) => self.release(&lease_target(&lease)),
            Happened::LeaseReset(leases) => {
                let ids: Vec<_> = leases.iter().map(lease_target).collect();
                let gone: Vec<_> = self.leases.keys().filter(|id| !ids.contains(id)).cloned().collect();
                gone.iter().for_each(|id| self.release(id));
                leases.iter().for_each(|lease| self.renew(at, lease));
            }
            Happened::HeardTargets => self.heard[0] = Some(at),
            Happened::HeardLeases => self.heard[1] = Some(at),
        }
    }

    fn apply(&mut self, target: Value) {
        let (id, name) = (id_of(&target), target["metadata"]["name"].clone());
        let others =
            self.targets.iter().filter(|(other, (t, _))| other.0 == id.0 && t["metadata"]["name"] == name);
        let others: Vec<_> = others.map(|(id, _)| id.clone()).filter(|other| *other != id).collect();
        others.iter().for_each(|other| self.delete(other));
        let before = self.targets.get(&id).and_then(|(_, workspace)| workspace.clone());
        let workspace = match &target["spec"]["kcpCluster"] {
            Value::String(path) => self.belongs(&id.0, Some(path)),
            _ if broken(&target) => before.or_else(|| self.belongs(&id.0, None)),
            _ => self.belongs(&id.0, None),
        };
        self.targets.insert(id, (target, workspace));
    }

    fn belongs(&self, cluster: &str, says: Option<&str>) -> Option<String> {
        match &self.clusters {
            None => workspace_of(says).map(str::to_owned),
            Some(paths) => paths.get(cluster).map(|stored| workspace_within(stored, says).to_owned()),
        }
    }

    fn delete(&mut self, id: &Id) {
        self.targets.remove(id);
        if self.leases.get(id).is_some_and(|lease| !lease.exists) {
            self.leases.remove(id);
        }
    }

    fn renew(&mut self, at: Duration, lease: &Value) {
        let entry = self.leases.entry(lease_target(lease)).or_default();
        entry.exists = true;
        let time: Timestamp = lease["spec"]["renewTime"].as_str().unwrap().parse().unwrap();
        let wall = epoch().as_second() as f64 + at.as_secs_f64();
        if entry.renewed.is_none() {
            entry.alive = at.as_secs_f64() - (wall - time.as_second() as f64).max(0.0);
            entry.renewed = Some(time);
        } else if entry.renewed != Some(time) && lease["spec"]["holderIdentity"] != "" {
            entry.alive = at.as_secs_f64();
            entry.renewed = Some(time);
        }
    }

    fn release(&mut self, id: &Id) {
        match self.leases.get_mut(id) {
            Some(lease) if self.targets.contains_key(id) => lease.exists = false,
            _ => drop(self.leases.remove(id)),
        }
    }

    fn age(&self, id: &Id, now: Duration) -> Option<Duration> {
        let lease = self.leases.get(id)?;
        lease.renewed.map(|_| Duration::from_secs_f64(now.as_secs_f64() - lease.alive))
    }

    fn content(&self, (tree, name): &(bool, String), unseen: bool, now: Duration) -> Value {
        let within = |workspace: &str| match tree {
            true => workspace == name || workspace.starts_with(&format!("{name}:")),
            false => workspace == name,
        };
        let mut members: Vec<_> =
            self.targets.iter().filter(|(_, (_, w))| w.as_deref().is_some_and(within)).collect();
        members.sort_by_key(|(id, (target, _))| (target["metadata"]["name"].to_string(), id.1.clone()));
        let mut health_status =
            BTreeMap::from(["healthy", "degraded", "unhealthy", "unknown"].map(|k| (k, 0)));
        let (mut states, mut resources, mut problems) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        let (mut shown, mut unreadable) = (Vec::new(), Vec::new());
        for (id, (target, _)) in &members {
            let age = self.age(id, now);
            let silent = age.is_none_or(|age| age > Duration::from_secs(40));
            let is_broken = broken(target);
            let state =
                if is_broken { "Unknown".to_owned() } else { format!("{:?}", health(signs(target), age)) };
            *health_status.get_mut(state.to_lowercase().as_str()).unwrap() += 1;
            shown.push(pruned(target));
            if is_broken {
                unreadable.push(target["metadata"]["name"].as_str().unwrap().to_owned());
                states.insert("1 Partial");
                continue;
            }
            let rows = target["status"]["resources"].as_array().cloned().unwrap_or_default();
            states.insert(match (rows.is_empty(), silent) {
                (true, _) => "1 Partial",
                (false, true) => "2 Stale",
                (false, false) => "3 Complete",
            });
            rows.iter().for_each(|row| sum(&mut resources, row));
            problems.extend(problems_of(target, &id.1));
        }
        if unseen {
            states.insert("2 Stale");
        }
        problems.sort_by_key(|(rank, name, uid, _)| (*rank, name.clone(), uid.clone()));
        let oldest =
            members.iter().filter_map(|(_, (t, _))| t["metadata"]["creationTimestamp"].as_str()).min();
        let mut content = json!({
            "created": oldest,
            "targetCount": members.len(),
            "healthStatus": health_status,
            "data": states.first().unwrap()[2..],
            "resources": resources.into_values().map(Value::Object).collect::<Vec<_>>(),
            "problems": problems.into_iter().map(|(.., problem)| problem).collect::<Vec<_>>(),
            "unreadable": unreadable,
        });
        if !tree {
            content["syncTargets"] = Value::Array(shown);
        }
        content
    }
}

fn sum(resources: &mut BTreeMap<(String, String), Map<String, Value>>, row: &Value) {
    let text = |field: &str| row[field].as_str().unwrap().to_owned();
    let into = resources.entry((text("group"), text("resource"))).or_default();
    for (field, value) in row.as_object().unwrap() {
        let sum = match value.as_u64() {
            Some(number) => json!(number + into.get(field).and_then(Value::as_u64).unwrap_or(0)),
            None => value.clone(),
        };
        into.insert(field.clone(), sum);
    }
}

fn problems_of(target: &Value, uid: &str) -> Vec<(usize, String, String, Value)> {
    let name = target["metadata"]["name"].as_str().unwrap();
    let problems = target["status"]["problems"].as_array().cloned().unwrap_or_default();
    let numbered = problems.into_iter().enumerate().map(|(rank, mut problem)| {
        problem["syncTarget"] = json!(name);
        (rank, name.to_owned(), uid.to_owned(), problem)
    });
    numbered.collect()
}

fn signs(target: &Value) -> Signs {
    let says = |kind: &str| {
        let conditions = target["status"]["conditions"].as_array()?;
        let condition = conditions.iter().find(|condition| condition["type"] == kind)?;
        Some(match condition["status"].as_str()? {
            "True" => Says::True,
            "False" => Says::False,
            _ => Says::Unknown,
        })
    };
    Signs { ready: says("Ready"), impaired: says("ResourcesSynced") == Some(Says::False) }
}

/// The histories break a target in these two ways.
fn broken(target: &Value) -> bool {
    target["status"].is_string() || target["spec"]["kcpCluster"].is_number()
}

fn pruned(target: &Value) -> Value {
    let mut shown = target.clone();
    shown["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    if broken(target) {
        shown["metadata"].as_object_mut().unwrap().remove("annotations");
        let shown = shown.as_object_mut().unwrap();
        shown.retain(|key, _| key != "spec" && key != "status");
    }
    shown
}

fn id_of(object: &Value) -> Id {
    (cluster_of(object), object["metadata"]["uid"].as_str().unwrap().to_owned())
}

fn lease_target(lease: &Value) -> Id {
    let uid = lease["metadata"]["name"].as_str().unwrap().trim_start_matches("synctarget-").to_owned();
    (cluster_of(lease), uid)
}

fn cluster_of(object: &Value) -> String {
    object["metadata"]["annotations"]["kcp.io/cluster"].as_str().unwrap_or_default().to_owned()
}
