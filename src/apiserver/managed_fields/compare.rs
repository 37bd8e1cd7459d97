//! What changed between two states of an object, as sets of fields.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    items,
    node::{Node, Shape},
    order,
    path::{Path, Step},
    set::Set,
};

/// No field is in more than one of the sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub removed: Set,
    pub modified: Set,
    pub added: Set,
}

impl Comparison {
    /// Without the given fields and everything below them.
    pub fn without(&self, fields: &Set) -> Self {
        Self {
            removed: self.removed.recursive_difference(fields),
            modified: self.modified.recursive_difference(fields),
            added: self.added.recursive_difference(fields),
        }
    }
}

/// Compares two values that fit the same schema.
pub fn compare(node: Node<'_>, old: &Value, new: &Value) -> Comparison {
    let mut walk = Walk { found: Comparison::default(), path: Path::new() };
    walk.value(node, Some(old), Some(new));
    walk.found
}

struct Walk {
    found: Comparison,
    path: Path,
}

impl Walk {
    /// At least one side is there. What is no leaf is itself added or removed when one side lacks it.
    fn value(&mut self, node: Node<'_>, old: Option<&Value>, new: Option<&Value>) {
        let (old_shapes, new_shapes) = (node.shapes(old), node.shapes(new));
        let leaf = if new.is_none() {
            self.shape(node, old_shapes.chosen(), old, new)
        } else {
            if old.is_some() && old_shapes != new_shapes {
                self.shape(node, old_shapes.chosen(), old, new);
            }
            self.shape(node, new_shapes.chosen(), old, new)
        };
        if !leaf && old.is_none() {
            self.found.added.insert(&self.path);
        } else if !leaf && new.is_none() {
            self.found.removed.insert(&self.path);
        }
    }

    /// Whether it was compared as one.
    fn shape(&mut self, node: Node<'_>, shape: Shape, old: Option<&Value>, new: Option<&Value>) -> bool {
        match shape {
            Shape::Scalar => {}
            Shape::Map => {
                let (old, new) = (old.and_then(Value::as_object), new.and_then(Value::as_object));
                let empty = old.is_none_or(Map::is_empty) && new.is_none_or(Map::is_empty);
                if !node.map_is_atomic() && !empty {
                    self.maps(node, old, new);
                    return false;
                }
            }
            Shape::List => {
                let (old, new) = (old.and_then(Value::as_array), new.and_then(Value::as_array));
                let empty = old.is_none_or(Vec::is_empty) && new.is_none_or(Vec::is_empty);
                if !node.list_is_atomic() && !empty {
                    self.lists(node, old.map_or(&[], Vec::as_slice), new.map_or(&[], Vec::as_slice));
                    return false;
                }
            }
        }
        self.leaf(old, new);
        true
    }

    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (None, _) => self.found.added.insert(&self.path),
            (_, None) => self.found.removed.insert(&self.path),
            (Some(old), Some(new)) if !order::equal(old, new) => self.found.modified.insert(&self.path),
            _ => {}
        }
    }

    fn maps(&mut self, node: Node<'_>, old: Option<&Map<String, Value>>, new: Option<&Map<String, Value>>) {
        let names = old.into_iter().chain(new).flat_map(Map::keys);
        for name in names.collect::<std::collections::BTreeSet<_>>() {
            let Some(below) = node.field(name) else { continue };
            self.path.push(Step::field(name));
            self.value(below, old.and_then(|map| map.get(name)), new.and_then(|map| map.get(name)));
            self.path.pop();
        }
    }

    fn lists(&mut self, node: Node<'_>, old: &[Value], new: &[Value]) {
        let (old, new) = (by_step(node, old), by_step(node, new));
        let steps: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).cloned().collect();
        for step in steps {
            let old = old.get(&step).map_or(&[][..], Vec::as_slice);
            let new = new.get(&step).map_or(&[][..], Vec::as_slice);
            self.path.push(step);
            self.items(node.item(), old, new);
            self.path.pop();
        }
    }

    /// Items of one identity. Where there are several they count as one leaf.
    fn items(&mut self, node: Node<'_>, old: &[&Value], new: &[&Value]) {
        match (old, new) {
            ([] | [_], [] | [_]) => self.value(node, old.first().copied(), new.first().copied()),
            ([_, _, ..], [_, _, ..]) => {
                let same =
                    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| order::equal(old, new));
                if !same {
                    self.found.modified.insert(&self.path);
                }
            }
            ([_, _, ..], _) => {
                if let [new] = new {
                    self.value(node, None, Some(new));
                }
                self.found.removed.insert(&self.path);
            }
            (_, [_, _, ..]) => {
                if let [old] = old {
                    self.value(node, Some(old), None);
                }
                self.found.added.insert(&self.path);
            }
        }
    }
}

fn by_step<'a>(node: Node<'_>, list: &'a [Value]) -> BTreeMap<Step, Vec<&'a Value>> {
    let mut items: BTreeMap<Step, Vec<&Value>> = BTreeMap::new();
    for item in list {
        if let Ok(step) = items::step_to(node, item) {
            items.entry(step).or_default().push(item);
        }
    }
    items
}

#[cfg(test)]
mod tests;
