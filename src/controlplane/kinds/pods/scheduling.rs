//! Where a pod may run: tolerations, affinities, spreading.

use serde_json::Value;

use super::values;
use crate::apiserver::{
    field::FieldError,
    object_meta::{self, names},
};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub fn validate(spec: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, toleration) in values::items(spec, "/tolerations").iter().enumerate() {
        errors.extend(validate_toleration(toleration, &format!("{path}.tolerations[{index}]")));
    }
    let affinity = &spec["affinity"];
    errors.extend(node_affinity(&affinity["nodeAffinity"], &format!("{path}.affinity.nodeAffinity")));
    for kind in ["podAffinity", "podAntiAffinity"] {
        errors.extend(pod_affinity(&affinity[kind], &format!("{path}.affinity.{kind}")));
    }
    let constraints = values::items(spec, "/topologySpreadConstraints");
    for (index, constraint) in constraints.iter().enumerate() {
        let path = format!("{path}.topologySpreadConstraints[{index}]");
        errors.extend(spread(constraint, &constraints[index + 1..], &path));
    }
    errors
}

fn spread(constraint: &Value, others: &[Value], path: &str) -> Vec<FieldError> {
    const POSITIVE: &str = "must be greater than zero";
    let mut errors = Vec::new();
    let text = |member: &str| values::text(constraint, &format!("/{member}"));
    let skew = values::integer(constraint, "/maxSkew");
    if skew <= 0 {
        errors.push(FieldError::invalid(format!("{path}.maxSkew"), skew, POSITIVE));
    }
    let (key, action) = (text("topologyKey"), text("whenUnsatisfiable"));
    if key.is_empty() {
        errors.push(FieldError::required(format!("{path}.topologyKey"), "can not be empty"));
    }
    let actions = ["DoNotSchedule", "ScheduleAnyway"];
    if !actions.contains(&action) {
        errors.push(FieldError::not_supported(format!("{path}.whenUnsatisfiable"), action, &actions));
    }
    let same = |other: &Value| {
        ["topologyKey", "whenUnsatisfiable"].iter().all(|member| other[*member] == constraint[*member])
    };
    if others.iter().any(same) {
        let path = format!("{path}.{{topologyKey, whenUnsatisfiable}}");
        errors.push(FieldError::duplicate(path, format!("{{{key}, {action}}}")));
    }
    if let Some(domains) = constraint["minDomains"].as_i64() {
        let path = format!("{path}.minDomains");
        if domains <= 0 {
            errors.push(FieldError::invalid(&path, domains, POSITIVE));
        }
        if action != "DoNotSchedule" {
            let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
            errors.push(FieldError::invalid(path, domains, detail));
        }
    }
    errors
        .extend(object_meta::label_selector(&constraint["labelSelector"], &format!("{path}.labelSelector")));
    errors
}

fn weight(term: &Value, path: &str) -> Option<FieldError> {
    let weight = values::integer(term, "/weight");
    let legal = (1..=100).contains(&weight);
    (!legal).then(|| FieldError::invalid(format!("{path}.weight"), weight, "must be in the range 1-100"))
}

fn pod_affinity(affinity: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, term) in values::items(affinity, &format!("/{REQUIRED}")).iter().enumerate() {
        errors.extend(pod_term(term, &format!("{path}.{REQUIRED}[{index}]")));
    }
    for (index, term) in values::items(affinity, &format!("/{PREFERRED}")).iter().enumerate() {
        let path = format!("{path}.{PREFERRED}[{index}]");
        errors.extend(weight(term, &path));
        errors.extend(pod_term(&term["podAffinityTerm"], &format!("{path}.podAffinityTerm")));
    }
    errors
}

fn pod_term(term: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for selector in ["labelSelector", "namespaceSelector"] {
        errors.extend(object_meta::label_selector(&term[selector], &format!("{path}.{selector}")));
    }
    for namespace in values::texts(term, "/namespaces") {
        let wrong = names::dns1123_label(&namespace);
        errors.extend(object_meta::invalid(&format!("{path}.namespace"), &namespace, wrong));
    }
    let key = values::text(term, "/topologyKey");
    let key_path = format!("{path}.topologyKey");
    if key.is_empty() {
        errors.push(FieldError::required(&key_path, "can not be empty"));
    }
    errors.extend(object_meta::invalid(&key_path, key, names::qualified_name(key)));
    errors
}

fn node_affinity(affinity: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if affinity[REQUIRED].is_object() {
        let path = format!("{path}.{REQUIRED}.nodeSelectorTerms");
        let terms = values::items(affinity, &format!("/{REQUIRED}/nodeSelectorTerms"));
        if terms.is_empty() {
            errors.push(FieldError::required(&path, "must have at least one node selector term"));
        }
        for (index, term) in terms.iter().enumerate() {
            errors.extend(node_term(term, true, &format!("{path}[{index}]")));
        }
    }
    for (index, term) in values::items(affinity, &format!("/{PREFERRED}")).iter().enumerate() {
        let path = format!("{path}.{PREFERRED}[{index}]");
        errors.extend(weight(term, &path));
        errors.extend(node_term(&term["preference"], false, &format!("{path}.preference")));
    }
    errors
}

/// What is only preferred may ask for values that no label can have.
fn node_term(term: &Value, strict: bool, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, requirement) in values::items(term, "/matchExpressions").iter().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        errors.extend(node_operator(requirement, &path));
        let key = values::text(requirement, "/key");
        errors.extend(object_meta::invalid(&format!("{path}.key"), key, names::qualified_name(key)));
        let listed = values::texts(requirement, "/values");
        for (index, value) in listed.iter().enumerate().filter(|_| strict) {
            let path = format!("{path}.values[{index}]");
            errors.extend(object_meta::invalid(&path, value, names::label_value(value)));
        }
    }
    errors
}

fn node_operator(requirement: &Value, path: &str) -> Option<FieldError> {
    let count = values::items(requirement, "/values").len();
    let values_path = format!("{path}.values");
    match values::text(requirement, "/operator") {
        "In" | "NotIn" => {
            let detail = "must be specified when `operator` is 'In' or 'NotIn'";
            (count == 0).then(|| FieldError::required(values_path, detail))
        }
        "Exists" | "DoesNotExist" => {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            (count > 0).then(|| FieldError::forbidden(values_path, detail))
        }
        "Gt" | "Lt" => {
            let detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            (count != 1).then(|| FieldError::required(values_path, detail))
        }
        other => {
            Some(FieldError::invalid(format!("{path}.operator"), other, "not a valid selector operator"))
        }
    }
}

fn validate_toleration(toleration: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let text = |member: &str| values::text(toleration, &format!("/{member}"));
    let (key, operator, value, effect) = (text("key"), text("operator"), text("value"), text("effect"));
    if !key.is_empty() {
        errors.extend(object_meta::invalid(&format!("{path}.key"), key, names::qualified_name(key)));
    } else if operator != "Exists" {
        let detail =
            "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errors.push(FieldError::invalid(format!("{path}.operator"), operator, detail));
    }
    if values::has(toleration, "/tolerationSeconds") && effect != "NoExecute" {
        let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        errors.push(FieldError::invalid(format!("{path}.effect"), effect, detail));
    }
    let operator_path = format!("{path}.operator");
    match operator {
        "" | "Equal" => {
            let wrong = names::label_value(value);
            if !wrong.is_empty() {
                errors.push(FieldError::invalid(operator_path, value, wrong.join(";")));
            }
        }
        "Exists" if value.is_empty() => {}
        "Exists" => {
            let detail = "value must be empty when `operator` is 'Exists'";
            errors.push(FieldError::invalid(operator_path, value, detail));
        }
        other => errors.push(FieldError::not_supported(operator_path, other, &["Equal", "Exists"])),
    }
    let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if !effect.is_empty() && !effects.contains(&effect) {
        errors.push(FieldError::not_supported(format!("{path}.effect"), effect, &effects));
    }
    errors
}
