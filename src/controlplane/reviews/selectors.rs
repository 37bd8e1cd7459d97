//! The selectors of a SubjectAccessReview: checked as a kube-apiserver checks them, but RBAC looks at none.

use serde::Deserialize;

use super::nullable;
use crate::apiserver::{
    field::FieldError,
    selector::{FieldSelector, LabelSelector, label_key_faults, label_value_faults},
};

const TOGETHER: &str = "may not specified at the same time as requirements";
const SETS: &str = "must be specified when `operator` is 'In' or 'NotIn'";
const NO_SETS: &str = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FieldSelectorAttributes {
    #[serde(deserialize_with = "nullable")]
    raw_selector: String,
    #[serde(deserialize_with = "nullable")]
    requirements: Vec<Requirement>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LabelSelectorAttributes {
    #[serde(deserialize_with = "nullable")]
    raw_selector: String,
    #[serde(deserialize_with = "nullable")]
    requirements: Vec<Requirement>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Requirement {
    #[serde(deserialize_with = "nullable")]
    key: String,
    #[serde(deserialize_with = "nullable")]
    operator: String,
    #[serde(deserialize_with = "nullable")]
    values: Vec<String>,
}

impl FieldSelectorAttributes {
    pub(super) fn faults(&self) -> Vec<FieldError> {
        let path = "spec.resourceAttributes.fieldSelector";
        let mut faults = form_faults(path, &self.raw_selector, &self.requirements);
        for (at, requirement) in self.requirements.iter().enumerate() {
            let path = format!("{path}.requirements[{at}]");
            if requirement.key.is_empty() {
                faults.push(FieldError::required(format!("{path}.key"), "must be specified"));
            }
            faults.extend(requirement.value_fault(&path));
        }
        faults
    }

    /// What a review says of a selector that was not understood.
    pub(super) fn ignored(&self) -> Option<String> {
        let understood =
            |one: &Requirement| one.values.len() == 1 && matches!(one.operator.as_str(), "In" | "NotIn");
        let raw = FieldSelector::parse(&self.raw_selector).is_ok();
        ignored("fieldSelector", raw, &self.requirements, understood)
    }
}

impl LabelSelectorAttributes {
    pub(super) fn faults(&self) -> Vec<FieldError> {
        let path = "spec.resourceAttributes.labelSelector";
        let mut faults = form_faults(path, &self.raw_selector, &self.requirements);
        for (at, requirement) in self.requirements.iter().enumerate() {
            let path = format!("{path}.requirements[{at}]");
            faults.extend(requirement.value_fault(&path));
            faults.extend(requirement.label_faults(&path));
        }
        faults
    }

    pub(super) fn ignored(&self) -> Option<String> {
        let operator =
            |one: &Requirement| matches!(one.operator.as_str(), "In" | "NotIn" | "Exists" | "DoesNotExist");
        let raw = LabelSelector::parse(&self.raw_selector).is_ok();
        ignored("labelSelector", raw, &self.requirements, operator)
    }
}

impl Requirement {
    /// An operator that is not known may be one of a newer client.
    fn value_fault(&self, path: &str) -> Option<FieldError> {
        let path = format!("{path}.values");
        match self.operator.as_str() {
            "In" | "NotIn" if self.values.is_empty() => Some(FieldError::required(path, SETS)),
            "Exists" | "DoesNotExist" if !self.values.is_empty() => {
                Some(FieldError::forbidden(path, NO_SETS))
            }
            _ => None,
        }
    }

    fn label_faults(&self, path: &str) -> Vec<FieldError> {
        let key = label_key_faults(&self.key).into_iter();
        let key = key.map(|why| FieldError::invalid(format!("{path}.key"), self.key.clone(), why));
        let values = self.values.iter().enumerate().flat_map(|(at, value)| {
            let wrong = label_value_faults(value).into_iter();
            wrong.map(move |why| FieldError::invalid(format!("{path}.values[{at}]"), value.clone(), why))
        });
        key.chain(values).collect()
    }
}

fn form_faults(path: &str, raw: &str, requirements: &[Requirement]) -> Vec<FieldError> {
    match (raw.is_empty(), requirements.is_empty()) {
        (false, false) => vec![FieldError::invalid(format!("{path}.rawSelector"), raw, TOGETHER)],
        (true, true) => {
            let detail = format!("when {path} is specified, requirements or rawSelector is required");
            vec![FieldError::required(format!("{path}.requirements"), detail)]
        }
        _ => Vec::new(),
    }
}

fn ignored(
    name: &str,
    raw: bool,
    requirements: &[Requirement],
    understood: impl Fn(&Requirement) -> bool,
) -> Option<String> {
    let known = requirements.iter().filter(|one| understood(one)).count();
    if raw && known == requirements.len() {
        return None;
    }
    let partially = if known > 0 { "partially " } else { "" };
    Some(format!("spec.resourceAttributes.{name} {partially}ignored due to parse error"))
}
