//! Label selectors as objects of the API have them, made ready to match.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector as Wire;

use crate::apiserver::selector::{LabelSelector, label_key_faults, label_value_faults};

/// The selector that an API server would make of it, or what is wrong with it. An empty one selects everything.
pub fn compile(of: &Wire) -> Result<LabelSelector, String> {
    let mut requirements = Vec::new();
    for (key, value) in of.match_labels.iter().flatten() {
        check(key, std::slice::from_ref(value)).map_err(|problem| format!("matchLabels: {problem}"))?;
        requirements.push(format!("{key}={value}"));
    }
    for (at, expression) in of.match_expressions.iter().flatten().enumerate() {
        let values = expression.values.as_deref().unwrap_or_default();
        let requirement = check(&expression.key, values)
            .and_then(|()| requirement(&expression.key, &expression.operator, values))
            .map_err(|problem| format!("matchExpressions[{at}]: {problem}"))?;
        requirements.push(requirement);
    }
    LabelSelector::parse(&requirements.join(","))
}

fn requirement(key: &str, operator: &str, values: &[String]) -> Result<String, String> {
    let list = values.join(",");
    match (operator, values.is_empty()) {
        ("In", false) => Ok(format!("{key} in ({list})")),
        ("NotIn", false) => Ok(format!("{key} notin ({list})")),
        ("Exists", true) => Ok(key.to_owned()),
        ("DoesNotExist", true) => Ok(format!("!{key}")),
        ("In" | "NotIn", true) => Err(format!("operator {operator} needs values")),
        ("Exists" | "DoesNotExist", false) => Err(format!("operator {operator} takes no values")),
        _ => Err(format!("operator {operator:?} is none of In, NotIn, Exists, DoesNotExist")),
    }
}

/// What is legal cannot be taken for a part of the selector's text.
fn check(key: &str, values: &[String]) -> Result<(), String> {
    let of_key = label_key_faults(key).into_iter().map(|fault| format!("{key:?}: {fault}"));
    let of_values = values.iter().flat_map(|value| {
        label_value_faults(value).into_iter().map(move |fault| format!("{value:?}: {fault}"))
    });
    let faults: Vec<_> = of_key.chain(of_values).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

#[cfg(test)]
mod tests;
