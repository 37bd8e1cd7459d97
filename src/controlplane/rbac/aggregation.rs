//! ClusterRoles that are made of others: the rules that `aggregationRule` selects.
//!
//! Pure; whoever keeps the objects writes back what [`due`] says. It follows
//! `k8s.io/kubernetes/pkg/controller/clusterroleaggregation`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{
    policy::{Policy, RoleObject},
    rule::{Rule, list},
};

/// Who the result is written as.
pub const FIELD_MANAGER: &str = "clusterrole-aggregation-controller";

pub type Labels = BTreeMap<String, String>;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AggregationRule {
    #[serde(deserialize_with = "list")]
    pub cluster_role_selectors: Vec<LabelSelector>,
}

/// A `metav1.LabelSelector`; an empty one selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    #[serde(deserialize_with = "pairs")]
    match_labels: Labels,
    #[serde(deserialize_with = "list")]
    match_expressions: Vec<Expression>,
}

fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
    Ok(Option::<Labels>::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Expression {
    key: String,
    operator: String,
    #[serde(deserialize_with = "list")]
    values: Vec<String>,
}

impl LabelSelector {
    pub fn selects(&self, labels: &Labels) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|expression| expression.holds(labels))
    }
}

impl Expression {
    /// An operator that does not exist selects nothing.
    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator.as_str() {
            "In" => value.is_some_and(|value| self.values.contains(value)),
            "NotIn" => !value.is_some_and(|value| self.values.contains(value)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

/// The rules a role should have; `None` when it has no `aggregationRule`.
pub fn rules<'a>(role: &RoleObject, all: impl Iterator<Item = &'a RoleObject> + Clone) -> Option<Vec<Rule>> {
    let selectors = &role.aggregation_rule.as_ref()?.cluster_role_selectors;
    let mut rules: Vec<Rule> = Vec::new();
    for selector in selectors {
        let selected = all.clone().filter(|one| one.name() != role.name() && selector.selects(one.labels()));
        let mut selected: Vec<&RoleObject> = selected.collect();
        selected.sort_by_key(|one| one.name());
        for rule in selected.iter().flat_map(|one| &one.rules) {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
    }
    Some(rules)
}

/// The ClusterRoles whose rules are not what their `aggregationRule` says, with the rules they should have. A
/// role may aggregate another that does so too: ask again after the answer is written.
pub fn due(policy: &Policy) -> Vec<(String, Vec<Rule>)> {
    let all: Vec<&RoleObject> = policy.cluster_roles().collect();
    let wanted = |role: &&RoleObject| {
        let rules = rules(role, all.iter().copied())?;
        (rules != role.rules).then(|| (role.name().to_owned(), rules))
    };
    all.iter().filter_map(wanted).collect()
}
