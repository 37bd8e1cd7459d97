//! Changes to objects on their way to the cluster, as a configuration or a Placement asks for them.
//!
//! Pure. Rules are compiled once and told of all that is wrong with them; an object that a rule cannot change is an
//! error and stays as it was written last. They must not touch who an object is, nor whose.

mod image;
mod matcher;
mod op;
pub mod patch;
mod pointer;
mod renames;
mod selector;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use self::selector::compile as compile_selector;
use self::{matcher::Matcher, op::Op};
use super::kind::Kind;
use crate::api::placement::Override;

const MOST_OPS: usize = 64;

/// Something wrong with a rule: all of a list are told at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[{at}] ({rule}).{field}: {problem}")]
pub struct Finding {
    /// Place of the rule in the list.
    pub at: usize,
    /// Its name.
    pub rule: String,
    /// `ops[0].jsonPatch[1].path`
    pub field: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// A rule that could not change an object. Holds no value of the object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("transform {rule:?}: {field}: {problem}")]
pub struct TransformError {
    pub rule: String,
    /// `match.cel`, `ops[0].jsonPatch`
    pub field: String,
    pub problem: String,
}

/// Rules that hold on one target, in their order.
#[derive(Debug, Default)]
pub struct Transforms {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    name: String,
    matcher: Matcher,
    ops: Vec<Op>,
}

/// Where what is wrong is noted down while a rule is compiled.
struct Faults<'a> {
    at: usize,
    rule: &'a str,
    findings: &'a mut Vec<Finding>,
}

impl Faults<'_> {
    fn wrong(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        let (at, rule) = (self.at, self.rule.to_owned());
        self.findings.push(Finding { at, rule, field: field.into(), problem: problem.into() });
    }

    /// The value, or none and a note.
    fn take<T>(&mut self, field: impl Into<String>, result: Result<T, String>) -> Option<T> {
        result.map_err(|problem| self.wrong(field, problem)).ok()
    }
}

impl Transforms {
    /// Of the rules, those that hold on a SyncTarget with these labels. Every rule is checked.
    pub fn compile(rules: &[Override], target: &BTreeMap<String, String>) -> Result<Self, Vec<Finding>> {
        Self::compile_all(rules.iter().collect(), target)
    }

    /// The same of the overrides of a Placement, which are applied by name.
    pub fn compile_by_name(
        rules: &[Override],
        target: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<Finding>> {
        let mut rules: Vec<_> = rules.iter().collect();
        rules.sort_by(|one, other| one.name.cmp(&other.name));
        Self::compile_all(rules, target)
    }

    fn compile_all(rules: Vec<&Override>, target: &BTreeMap<String, String>) -> Result<Self, Vec<Finding>> {
        let (mut findings, mut names, mut compiled) = (Vec::new(), BTreeSet::new(), Vec::new());
        for (at, rule) in rules.into_iter().enumerate() {
            let mut faults = Faults { at, rule: &rule.name, findings: &mut findings };
            if rule.name.is_empty() {
                faults.wrong("name", "is empty: reports name the rule by it");
            } else if !names.insert(rule.name.as_str()) {
                faults.wrong("name", "is that of another rule: reports name the rule by it");
            }
            let holds = match &rule.targets {
                None => true,
                Some(targets) => faults
                    .take("targets.selector", selector::compile(&targets.selector))
                    .is_some_and(|selector| selector.matches(target)),
            };
            let rule = Rule::compile(rule, &mut faults);
            compiled.extend(holds.then_some(rule));
        }
        if findings.is_empty() { Ok(Self { rules: compiled }) } else { Err(findings) }
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Changes an object of this kind, which has its names of the workspace still.
    pub fn apply(&self, object: &mut Value, kind: &Kind) -> Result<(), TransformError> {
        self.rules.iter().try_for_each(|rule| rule.apply(object, kind))
    }
}

impl Rule {
    fn compile(rule: &Override, faults: &mut Faults<'_>) -> Self {
        if rule.ops.is_empty() || rule.ops.len() > MOST_OPS {
            faults.wrong("ops", format!("there must be 1 to {MOST_OPS} of them"));
        }
        let matcher = Matcher::compile(rule.match_.as_ref(), faults);
        let ops = rule.ops.iter().enumerate().filter_map(|(at, op)| Op::compile(op, at, faults)).collect();
        Self { name: rule.name.clone(), matcher, ops }
    }

    fn apply(&self, object: &mut Value, kind: &Kind) -> Result<(), TransformError> {
        let wrong =
            |field: String, problem: String| TransformError { rule: self.name.clone(), field, problem };
        let matches = self.matcher.matches(object, kind);
        if !matches.map_err(|error| wrong("match.cel".to_owned(), error.to_string()))? {
            return Ok(());
        }
        for (at, op) in self.ops.iter().enumerate() {
            let place = || format!("ops[{at}].{}", op.name());
            op.apply(object, kind).map_err(|problem| wrong(place(), problem))?;
            patch::check_size(object).map_err(|problem| wrong(place(), problem.to_owned()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
