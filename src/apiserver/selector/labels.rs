//! Label selectors as a conjunction of requirements, and what they match.

use std::collections::{BTreeMap, BTreeSet};

use super::{MAX_REQUIREMENTS, MAX_VALUES, check_length, parser, validation};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Exists,
    DoesNotExist,
    /// `=`, `==` and `in`.
    In,
    /// `!=` and `notin`.
    NotIn,
    GreaterThan,
    LessThan,
}

/// One requirement on one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    key: String,
    operator: Operator,
    values: BTreeSet<String>,
}

impl Requirement {
    pub(super) fn new(key: String, operator: Operator, values: BTreeSet<String>) -> Result<Self, String> {
        validation::key(&key)?;
        if matches!(operator, Operator::GreaterThan | Operator::LessThan)
            && let Some(value) = values.iter().find(|value| value.parse::<i64>().is_err())
        {
            return Err(format!(
                "values[0]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer"
            ));
        }
        for (at, value) in values.iter().enumerate() {
            validation::value(&key, at, value)?;
        }
        Ok(Self { key, operator, values })
    }

    pub(super) fn value_count(&self) -> usize {
        self.values.len()
    }

    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let label = labels.get(&self.key);
        match self.operator {
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
            Operator::In => label.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => label.is_none_or(|value| !self.values.contains(value)),
            Operator::GreaterThan => self.compare(label).is_some_and(|order| order.is_gt()),
            Operator::LessThan => self.compare(label).is_some_and(|order| order.is_lt()),
        }
    }

    /// The label's number against the required one; `None` where there is no number.
    fn compare(&self, label: Option<&String>) -> Option<std::cmp::Ordering> {
        let bound: i64 = self.values.first()?.parse().ok()?;
        Some(label?.parse::<i64>().ok()?.cmp(&bound))
    }
}

/// A conjunction of requirements; the default selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

impl LabelSelector {
    pub fn parse(selector: &str) -> Result<Self, String> {
        check_length(selector)?;
        let requirements = parser::parse(selector)?;
        if requirements.len() > MAX_REQUIREMENTS {
            return Err(format!("a label selector must have at most {MAX_REQUIREMENTS} requirements"));
        }
        if requirements.iter().map(Requirement::value_count).sum::<usize>() > MAX_VALUES {
            return Err(format!("a label selector must have at most {MAX_VALUES} values"));
        }
        Ok(Self { requirements })
    }

    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(labels))
    }
}
