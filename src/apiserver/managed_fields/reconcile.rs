//! Field sets written under an earlier schema, made to fit the present one.
//!
//! What has become atomic since is owned as a whole by whoever owned a part. The other way round needs nothing.

use super::{
    node::{Node, Shape},
    path::{Path, Step},
    set::Set,
};

/// The set under the present schema, none when it is as before.
pub fn reconcile(node: Node<'_>, set: &Set) -> Option<Set> {
    let mut walk = Walk { atomic: Set::default(), path: Path::new() };
    walk.place(node, Some(set), false);
    (!walk.atomic.is_empty()).then(|| set.recursive_difference(&walk.atomic).union(&walk.atomic))
}

struct Walk {
    /// What is one field now.
    atomic: Set,
    path: Path,
}

impl Walk {
    /// `set` is what is owned below, `as_one` that the place itself is owned and nothing below it.
    fn place(&mut self, node: Node<'_>, set: Option<&Set>, as_one: bool) {
        match node.main_shape() {
            Shape::Scalar => {}
            Shape::List if !as_one && node.list_is_atomic() => self.atomic.insert(&self.path),
            Shape::List => self.below(set, |_| Some(node.item())),
            Shape::Map if node.is_deduced_map() => {}
            Shape::Map if !as_one && node.map_is_atomic() => {
                if set.is_some_and(|set| !set.is_empty()) {
                    self.atomic.insert(&self.path);
                }
            }
            Shape::Map => self.below(set, |step| match step {
                Step::Field(name) => node.field(name),
                _ => node.undeclared(),
            }),
        }
    }

    fn below<'a>(&mut self, set: Option<&Set>, node: impl Fn(&Step) -> Option<Node<'a>>) {
        let Some(set) = set else { return };
        let parents = set.children.keys().filter(|step| !set.members.contains(step));
        for step in parents.chain(&set.members) {
            let Some(node) = node(step) else { continue };
            let below = set.children.get(step);
            let as_one = below.is_none() && set.members.contains(step);
            self.path.push(step.clone());
            self.place(node, below, as_one);
            self.path.pop();
        }
    }
}

#[cfg(test)]
mod tests;
