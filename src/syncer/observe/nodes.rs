//! The nodes of the cluster, and what they have in all. Pure.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Shown;
use serde::Deserialize;
use serde_json::Value;

use crate::{api::workload::NodeSummary, apiserver::quantity::Quantity, informers::RawObject};

/// Resources that are summed, by name; what a node says beyond that is left out.
const RESOURCES: usize = 64;

/// An amount of each resource.
pub(super) type Amounts = BTreeMap<String, Shown>;

/// What is kept of one node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    name: Box<str>,
    ready: bool,
    /// It takes pods.
    schedulable: bool,
    capacity: Vec<(Box<str>, Quantity)>,
    allocatable: Vec<(Box<str>, Quantity)>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Value,
}

impl Node {
    pub(super) fn read(object: RawObject) -> Self {
        let body = serde_json::from_str(object.json.get());
        let Body { spec, status } = body.unwrap_or(Body { spec: Value::Null, status: Value::Null });
        let conditions = status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ready = conditions.iter().any(|found| found["type"] == "Ready" && found["status"] == "True");
        Self {
            name: object.meta.name.into(),
            ready,
            schedulable: ready && spec["unschedulable"] != true,
            capacity: amounts(&status["capacity"]),
            allocatable: amounts(&status["allocatable"]),
        }
    }
}

fn amounts(list: &Value) -> Vec<(Box<str>, Quantity)> {
    let all = list.as_object().into_iter().flatten().take(RESOURCES);
    all.filter_map(|(name, amount)| Some((name.as_str().into(), Quantity::parse(amount.as_str()?).ok()?)))
        .collect()
}

#[derive(Debug, Default)]
pub(super) struct Nodes(BTreeMap<Box<str>, Node>);

impl Nodes {
    pub(super) fn reset(&mut self, nodes: Vec<Node>) {
        self.0 = nodes.into_iter().map(|node| (node.name.clone(), node)).collect();
    }

    pub(super) fn apply(&mut self, node: Node) {
        self.0.insert(node.name.clone(), node);
    }

    pub(super) fn delete(&mut self, node: &Node) {
        self.0.remove(&node.name);
    }

    pub(super) fn summary(&self) -> NodeSummary {
        let ready = self.0.values().filter(|node| node.ready).count();
        NodeSummary { total: self.0.len() as u64, ready: ready as u64 }
    }

    /// Of all nodes.
    pub(super) fn capacity(&self) -> Amounts {
        sum(self.0.values().map(|node| &node.capacity))
    }

    /// Of the nodes that are ready and take pods: what workloads can use.
    pub(super) fn allocatable(&self) -> Amounts {
        sum(self.0.values().filter(|node| node.schedulable).map(|node| &node.allocatable))
    }
}

fn sum<'a>(lists: impl Iterator<Item = &'a Vec<(Box<str>, Quantity)>>) -> Amounts {
    let mut sums: BTreeMap<&str, Quantity> = BTreeMap::new();
    for (name, amount) in lists.flatten() {
        let is_full = sums.len() >= RESOURCES;
        match sums.get_mut(&**name) {
            Some(sum) => sum.add(amount),
            None if !is_full => drop(sums.insert(name, amount.clone())),
            None => {}
        }
    }
    sums.into_iter().map(|(name, sum)| (name.to_owned(), Shown(sum.shown()))).collect()
}

#[cfg(test)]
mod tests;
