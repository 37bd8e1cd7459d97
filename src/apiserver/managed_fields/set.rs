//! Sets of fields: which parts of an object somebody manages, and the algebra on them.
//!
//! A member is a part of the object itself; a child holds members further down. Being a child does not make a
//! step a member. The rules are those of structured-merge-diff's `fieldpath.Set`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    node::Node,
    path::{Path, Step},
};

/// A set of paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    pub members: BTreeSet<Step>,
    pub children: BTreeMap<Step, Set>,
}

impl Set {
    /// Of paths whose steps are all fields: `&[&["metadata", "name"]]`.
    pub fn of_fields(paths: &[&[&str]]) -> Self {
        let mut set = Self::default();
        for path in paths {
            let path: Path = path.iter().map(|name| Step::field(name)).collect();
            set.insert(&path);
        }
        set
    }

    /// Nobody tracks the whole object, so the empty path is not taken in.
    pub fn insert(&mut self, path: &[Step]) {
        let Some((last, way)) = path.split_last() else { return };
        let mut set = self;
        for step in way {
            set = set.children.entry(step.clone()).or_default();
        }
        set.members.insert(last.clone());
    }

    pub fn contains(&self, path: &[Step]) -> bool {
        let Some((last, way)) = path.split_last() else { return false };
        let mut set = self;
        for step in way {
            match set.children.get(step) {
                Some(child) => set = child,
                None => return false,
            }
        }
        set.members.contains(last)
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.values().all(Self::is_empty)
    }

    pub fn union(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.extend(other);
        out
    }

    /// Takes in every member of the other.
    pub fn extend(&mut self, other: &Self) {
        self.members.extend(other.members.iter().cloned());
        for (step, child) in &other.children {
            match self.children.get_mut(step) {
                Some(mine) => mine.extend(child),
                None => {
                    self.children.insert(step.clone(), child.clone());
                }
            }
        }
    }

    pub fn intersection(&self, other: &Self) -> Self {
        let members = self.members.intersection(&other.members).cloned().collect();
        let children = self
            .children
            .iter()
            .filter_map(|(step, child)| {
                let both = child.intersection(other.children.get(step)?);
                (!both.is_empty()).then(|| (step.clone(), both))
            })
            .collect();
        Self { members, children }
    }

    /// What is in here only. Taking away a parent leaves its children.
    pub fn difference(&self, other: &Self) -> Self {
        let members = self.members.difference(&other.members).cloned().collect();
        let children = self
            .children
            .iter()
            .filter_map(|(step, child)| {
                let Some(theirs) = other.children.get(step) else {
                    return Some((step.clone(), child.clone()));
                };
                let rest = child.difference(theirs);
                (!rest.is_empty()).then(|| (step.clone(), rest))
            })
            .collect();
        Self { members, children }
    }

    /// What is in here only, where taking away a parent takes its children with it.
    pub fn recursive_difference(&self, other: &Self) -> Self {
        let members = self.members.difference(&other.members).cloned().collect();
        let children = self
            .children
            .iter()
            .filter(|(step, _)| !other.members.contains(step))
            .filter_map(|(step, child)| {
                let Some(theirs) = other.children.get(step) else {
                    return Some((step.clone(), child.clone()));
                };
                let rest = child.recursive_difference(theirs);
                (!rest.is_empty()).then(|| (step.clone(), rest))
            })
            .collect();
        Self { members, children }
    }

    /// With every field of a struct that leads to a member as a member too. Maps and items stay as they are.
    pub fn with_named_fields(&self, node: Option<Node<'_>>) -> Self {
        let mut members = self.members.clone();
        let mut children = BTreeMap::new();
        for (step, child) in &self.children {
            let declared = match step {
                Step::Field(name) => node.and_then(|node| node.declared(name)),
                _ => None,
            };
            if declared.is_some() {
                members.insert(step.clone());
            }
            let below = declared.or_else(|| node.and_then(|node| node.below(step)));
            children.insert(step.clone(), child.with_named_fields(below));
        }
        Self { members, children }
    }

    /// Every member, parents' members before those of their children.
    pub fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        self.collect(&mut Vec::new(), &mut paths);
        paths
    }

    fn collect(&self, prefix: &mut Path, paths: &mut Vec<Path>) {
        for step in &self.members {
            let mut path = prefix.clone();
            path.push(step.clone());
            paths.push(path);
        }
        for (step, child) in &self.children {
            prefix.push(step.clone());
            child.collect(prefix, paths);
            prefix.pop();
        }
    }
}

#[cfg(test)]
pub mod tests;
