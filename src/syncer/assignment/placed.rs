//! A Placement as far as one target has to know it.

use std::{cmp::Ordering, collections::BTreeMap};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector as Written;
use serde_json::Value;

use crate::{
    api::placement::{
        ApplyPolicy, DecisionState, DeletionPolicy, Dependencies, GroupResource, Override, Placement,
    },
    apiserver::selector::LabelSelector,
    syncer::kind::Kind,
};

/// What a Placement selects, and what it decided about this target.
#[derive(Clone, Debug)]
pub struct Placed {
    pub name: String,
    workloads: LabelSelector,
    namespaces: Option<LabelSelector>,
    resources: Vec<GroupResource>,
    priority: i32,
    requirements: usize,
    /// What workloads need goes with them.
    pub dependencies: bool,
    /// What was decided about this target; none if it was not chosen.
    pub decision: Option<DecisionState>,
    /// It decided at all, about the spec as it is.
    pub decided: bool,
    /// It is being deleted, and what it placed goes with it.
    pub takes_along: bool,
    pub policy: ApplyPolicy,
    pub overrides: Vec<Override>,
}

/// Why a Placement cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("it is no Placement: {0}")]
    Malformed(String),
    #[error("{field}: {problem}")]
    Selector { field: &'static str, problem: String },
}

impl Placed {
    /// As the target with this key and uid sees it.
    pub fn read(object: &Value, key: &str, uid: &str) -> Result<Self, Unusable> {
        let placement: Placement = serde::Deserialize::deserialize(object)
            .map_err(|error: serde_json::Error| Unusable::Malformed(crate::upstream::redacted(&error)))?;
        let spec = placement.spec;
        let status = placement.status.unwrap_or_default();
        let policy = spec.apply_policy.unwrap_or_default();
        let deleting = placement.metadata.deletion_timestamp.is_some();
        let decision = status.decisions.iter().find(|decision| decision.key == key && decision.uid == uid);
        Ok(Self {
            name: placement.metadata.name.unwrap_or_default(),
            workloads: selector("spec.workloadSelector", &spec.workload_selector)?,
            namespaces: spec
                .namespace_selector
                .as_ref()
                .map(|written| selector("spec.namespaceSelector", written))
                .transpose()?,
            requirements: requirements(&spec.workload_selector)
                + spec.namespace_selector.as_ref().map_or(0, requirements),
            resources: spec.resources,
            priority: spec.priority,
            dependencies: spec.dependencies == Dependencies::Follow,
            decision: decision.map(|decision| decision.state),
            decided: status.observed_generation.is_some()
                && status.observed_generation >= placement.metadata.generation,
            takes_along: deleting && policy.deletion_policy == DeletionPolicy::Delete,
            policy,
            overrides: spec.overrides,
        })
    }

    /// Whether it selects an object with these labels. Labels of a namespace that are not known select nothing.
    pub fn selects(
        &self,
        kind: &Kind,
        labels: &BTreeMap<String, String>,
        namespace: Option<&BTreeMap<String, String>>,
    ) -> bool {
        let of_kind =
            |resource: &GroupResource| resource.group == kind.group && resource.resource == kind.resource;
        self.resources.iter().any(of_kind)
            && self.workloads.matches(labels)
            && self.namespaces.as_ref().is_none_or(|selector| {
                selector.is_empty() || namespace.is_some_and(|labels| selector.matches(labels))
            })
    }

    /// Of two that decided about one object the greater has it.
    pub fn order(&self, other: &Self) -> Ordering {
        (self.priority, self.requirements)
            .cmp(&(other.priority, other.requirements))
            .then_with(|| other.name.cmp(&self.name))
    }
}

fn requirements(written: &Written) -> usize {
    let labels = written.match_labels.as_ref().map_or(0, BTreeMap::len);
    labels + written.match_expressions.as_ref().map_or(0, Vec::len)
}

/// The selector of an object as one of a query.
fn selector(field: &'static str, written: &Written) -> Result<LabelSelector, Unusable> {
    let fault = |problem: String| Unusable::Selector { field, problem };
    let mut parts = Vec::new();
    for (key, value) in written.match_labels.iter().flatten() {
        parts.push(format!("{key}={value}"));
    }
    for expression in written.match_expressions.iter().flatten() {
        let key = &expression.key;
        let values = expression.values.as_deref().unwrap_or_default().join(",");
        parts.push(match expression.operator.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.clone(),
            "DoesNotExist" => format!("!{key}"),
            other => {
                return Err(fault(format!("operator {other:?} is none of In, NotIn, Exists, DoesNotExist")));
            }
        });
    }
    LabelSelector::parse(&parts.join(",")).map_err(fault)
}
