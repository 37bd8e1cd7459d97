//! The live object with an applied configuration laid over it.
//!
//! Nothing is ever removed here. Of a leaf both have, the configuration's value stays. A list keeps the live
//! order where the configuration does not ask for another.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    items,
    node::{Node, Shape},
    path::Step,
};

/// Lays `config` over `live`; both fit the schema, and `config` without duplicates.
pub fn merge(node: Node<'_>, live: &Value, config: &Value) -> Value {
    either(node, Some(live), Some(config)).unwrap_or(Value::Null)
}

fn either(node: Node<'_>, live: Option<&Value>, config: Option<&Value>) -> Option<Value> {
    let shape = match config {
        None => node.shapes(live).chosen(),
        Some(_) => node.shapes(config).chosen(),
    };
    match shape {
        Shape::Scalar => {}
        Shape::Map => {
            let (live, config) = (live.and_then(Value::as_object), config.and_then(Value::as_object));
            let empty = live.is_none_or(Map::is_empty) && config.is_none_or(Map::is_empty);
            if !node.map_is_atomic() && !empty {
                return maps(node, live, config);
            }
        }
        Shape::List => {
            let (live, config) = (live.and_then(Value::as_array), config.and_then(Value::as_array));
            let empty = live.is_none_or(Vec::is_empty) && config.is_none_or(Vec::is_empty);
            if !node.list_is_atomic() && !empty {
                return lists(node, live.map_or(&[], Vec::as_slice), config.map_or(&[], Vec::as_slice));
            }
        }
    }
    config.or(live).cloned()
}

fn maps(
    node: Node<'_>,
    live: Option<&Map<String, Value>>,
    config: Option<&Map<String, Value>>,
) -> Option<Value> {
    let names: BTreeSet<_> = live.into_iter().chain(config).flat_map(Map::keys).collect();
    let merged: Map<_, _> = names
        .into_iter()
        .filter_map(|name| {
            let below = node.field(name)?;
            let value =
                either(below, live.and_then(|map| map.get(name)), config.and_then(|map| map.get(name)))?;
            Some((name.clone(), value))
        })
        .collect();
    (!merged.is_empty()).then_some(Value::Object(merged))
}

fn lists(node: Node<'_>, live: &[Value], config: &[Value]) -> Option<Value> {
    let merged = ListMerge::new(node, live, config).run();
    (!merged.is_empty()).then_some(Value::Array(merged))
}

/// A merge of two associative lists, walking both at once.
struct ListMerge<'a> {
    node: Node<'a>,
    live: Vec<(Step, &'a Value)>,
    config: Vec<(Step, &'a Value)>,
    /// The live item of each identity; null where there are several, which are replaced and not merged into.
    live_items: BTreeMap<Step, &'a Value>,
    config_items: BTreeMap<Step, &'a Value>,
    /// Identities both lists have, in the order of the configuration, last first.
    shared: Vec<Step>,
    merged: BTreeSet<Step>,
    out: Vec<Value>,
}

impl<'a> ListMerge<'a> {
    fn new(node: Node<'a>, live: &'a [Value], config: &'a [Value]) -> Self {
        let (live, config) = (with_steps(node, live), with_steps(node, config));
        let mut live_items = BTreeMap::new();
        for (step, item) in &live {
            live_items.entry(step.clone()).and_modify(|item| *item = &Value::Null).or_insert(*item);
        }
        let config_items = config.iter().cloned().collect();
        let shared =
            config.iter().rev().map(|(step, _)| step.clone()).filter(|step| live_items.contains_key(step));
        let shared = shared.collect();
        let merged = BTreeSet::new();
        Self { node, live, config, live_items, config_items, shared, merged, out: Vec::new() }
    }

    fn run(mut self) -> Vec<Value> {
        let (mut l, mut c) = (0, 0);
        while l < self.live.len() || c < self.config.len() {
            if l < self.live.len() && c < self.config.len() {
                let step = &self.live[l].0;
                if *step == self.config[c].0 {
                    self.take_config(c);
                    self.shared.pop();
                    (l, c) = (l + 1, c + 1);
                    continue;
                }
                // Both have it, but it is not this one's turn.
                let waits = self.shared.last().is_some_and(|next| next != step);
                if waits && self.config_items.contains_key(step) {
                    l += 1;
                    continue;
                }
            }
            if l < self.live.len() {
                let step = &self.live[l].0;
                if !self.config_items.contains_key(step) {
                    self.push(Some(self.live[l].1), None);
                    l += 1;
                    continue;
                }
                if self.merged.contains(step) {
                    l += 1;
                }
            }
            if c < self.config.len() {
                let step = self.take_config(c);
                c += 1;
                if self.shared.last() == Some(&step) {
                    self.shared.pop();
                }
            }
        }
        self.out
    }

    /// Takes an item of the configuration, merged into the live one of the same identity.
    fn take_config(&mut self, index: usize) -> Step {
        let (step, item) = self.config[index].clone();
        self.merged.insert(step.clone());
        self.push(self.live_items.get(&step).copied(), Some(item));
        step
    }

    fn push(&mut self, live: Option<&Value>, config: Option<&Value>) {
        self.out.extend(either(self.node.item(), live, config));
    }
}

fn with_steps<'a>(node: Node<'_>, list: &'a [Value]) -> Vec<(Step, &'a Value)> {
    list.iter().filter_map(|item| Some((items::step_to(node, item).ok()?, item))).collect()
}

#[cfg(test)]
mod tests;
