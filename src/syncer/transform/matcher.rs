//! Which objects a rule changes.

use serde_json::Value;

use super::{Faults, selector};
use crate::{
    api::placement::{GroupResource, OverrideMatch},
    apiserver::{
        schema::rules::program::{Program, ProgramError},
        selector::LabelSelector,
    },
    syncer::{
        json::{entries, meta},
        kind::Kind,
    },
};

/// All that is given must hold.
#[derive(Debug, Default)]
pub(super) struct Matcher {
    resources: Vec<GroupResource>,
    namespaces: Vec<String>,
    labels: Option<LabelSelector>,
    cel: Option<Program>,
}

impl Matcher {
    pub(super) fn compile(of: Option<&OverrideMatch>, faults: &mut Faults<'_>) -> Self {
        let Some(of) = of else { return Self::default() };
        let labels = of.label_selector.as_ref().map(selector::compile);
        let cel = of.cel.as_deref().map(Program::compile);
        Self {
            resources: of.resources.clone(),
            namespaces: of.namespaces.clone(),
            labels: labels.and_then(|labels| faults.take("match.labelSelector", labels)),
            cel: cel.and_then(|cel| faults.take("match.cel", cel)),
        }
    }

    /// Whether the rule changes the object.
    pub(super) fn matches(&self, object: &Value, kind: &Kind) -> Result<bool, NoAnswer> {
        let is_kind = |of: &GroupResource| of.group == kind.group && of.resource == kind.resource;
        if !self.resources.is_empty() && !self.resources.iter().any(is_kind) {
            return Ok(false);
        }
        let namespace = meta(object, "namespace");
        if !self.namespaces.is_empty() && !self.namespaces.iter().any(|of| of == namespace) {
            return Ok(false);
        }
        if self.labels.as_ref().is_some_and(|labels| !labels.matches(&entries(object, "labels"))) {
            return Ok(false);
        }
        match self.cel.as_ref().map(|cel| cel.evaluate(object)) {
            None => Ok(true),
            Some(Ok(Value::Bool(matches))) => Ok(matches),
            Some(Ok(_)) => Err(NoAnswer::NoBool),
            Some(Err(error)) => Err(NoAnswer::Program(error)),
        }
    }
}

/// Why it cannot be told whether a rule changes an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the expression yields neither true nor false")]
    NoBool,
    #[error(transparent)]
    Program(ProgramError),
}
