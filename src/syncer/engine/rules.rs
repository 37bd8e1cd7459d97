//! Which transforms hold on the target as it is labelled now: those of the configuration, and those of Placements.
//!
//! Fed by events of the SyncTarget and of Placements. It must not know how an object is changed.

use std::collections::BTreeMap;

use super::plan::Plan;
use crate::{
    api::placement::Override,
    syncer::{
        assignment::Placed,
        transform::{Finding, Transforms},
    },
};

/// Rules ready for use, or what is wrong with them.
pub type Compiled = Result<Transforms, String>;

#[derive(Debug)]
pub struct Rules {
    of_configuration: Compiled,
    of_placements: BTreeMap<String, Compiled>,
    /// Of the SyncTarget: rules choose targets by them.
    labels: BTreeMap<String, String>,
    generation: u64,
}

impl Rules {
    /// For a target without labels, until it is seen.
    pub fn new(plan: &Plan) -> Self {
        let labels = BTreeMap::new();
        Self {
            of_configuration: configured(plan, &labels),
            of_placements: BTreeMap::new(),
            labels,
            generation: 0,
        }
    }

    /// Another one for other rules.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Takes the labels of the target, and the Placements there are. True if they are others than before.
    pub fn relabel(
        &mut self,
        plan: &Plan,
        labels: &BTreeMap<String, String>,
        placements: &BTreeMap<String, Placed>,
    ) -> bool {
        if *labels == self.labels {
            return false;
        }
        self.generation += 1;
        self.of_configuration = configured(plan, labels);
        self.labels.clone_from(labels);
        placements.iter().for_each(|(name, placed)| self.place(name, &placed.overrides));
        true
    }

    /// Takes the overrides of a Placement.
    pub fn place(&mut self, placement: &str, overrides: &[Override]) {
        self.generation += 1;
        self.of_placements.remove(placement);
        if !overrides.is_empty() {
            let compiled = told(Transforms::compile_by_name(overrides, &self.labels));
            self.of_placements.insert(placement.to_owned(), compiled);
        }
    }

    /// What changes an object of this Placement, in that order.
    pub fn of(&self, placement: Option<&str>) -> Vec<&Compiled> {
        let placed = placement.and_then(|name| self.of_placements.get(name));
        [Some(&self.of_configuration), placed].into_iter().flatten().collect()
    }
}

fn configured(plan: &Plan, labels: &BTreeMap<String, String>) -> Compiled {
    told(Transforms::compile(&plan.transforms, labels))
}

fn told(compiled: Result<Transforms, Vec<Finding>>) -> Compiled {
    compiled.map_err(|findings| {
        let all: Vec<_> = findings.iter().map(ToString::to_string).collect();
        all.join("; ")
    })
}
