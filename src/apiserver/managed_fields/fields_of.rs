//! The set of all fields an object mentions.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    items,
    node::{Node, Shape},
    path::{Path, Step},
    set::Set,
};

/// Every leaf and every item the value mentions. The value fits its schema.
pub fn fields_of(node: Node<'_>, value: &Value) -> Set {
    let mut walk = Walk { set: Set::default(), path: Path::new() };
    walk.value(node, value);
    walk.set
}

struct Walk {
    set: Set,
    path: Path,
}

impl Walk {
    fn value(&mut self, node: Node<'_>, value: &Value) {
        match node.shapes(Some(value)).chosen() {
            Shape::Scalar => self.set.insert(&self.path),
            Shape::List if node.list_is_atomic() => self.set.insert(&self.path),
            Shape::Map if node.map_is_atomic() => self.set.insert(&self.path),
            Shape::List => self.list(node, value.as_array().map_or(&[], Vec::as_slice)),
            Shape::Map => value.as_object().into_iter().for_each(|fields| self.map(node, fields)),
        }
    }

    /// A field nobody declared is a member itself: somebody had the map hold it.
    fn map(&mut self, node: Node<'_>, fields: &Map<String, Value>) {
        for (name, value) in fields {
            let Some(below) = node.field(name) else { continue };
            self.path.push(Step::field(name));
            self.value(below, value);
            let empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
            if empty || node.declared(name).is_none() {
                self.set.insert(&self.path);
            }
            self.path.pop();
        }
    }

    /// Items that share an identity are one member, without what is in them.
    fn list(&mut self, node: Node<'_>, list: &[Value]) {
        let steps: Vec<_> =
            list.iter().filter_map(|item| Some((items::step_to(node, item).ok()?, item))).collect();
        let mut seen = BTreeSet::new();
        let twice: BTreeSet<_> =
            steps.iter().filter(|(step, _)| !seen.insert(step)).map(|(step, _)| step.clone()).collect();
        for (step, item) in steps {
            let alone = !twice.contains(&step);
            self.path.push(step);
            if alone {
                self.value(node.item(), item);
            }
            self.set.insert(&self.path);
            self.path.pop();
        }
    }
}

#[cfg(test)]
mod tests;
