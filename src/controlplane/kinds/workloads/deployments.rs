//! Deployments (`pkg/apis/apps`).

use serde_json::{Value, json};

use super::{
    Rules, cells, counts, default_absent, default_object, info, not_more_than_all, number_or_percent,
    percent, pods, ready, scale, selector, template_matches, template_policies, template_warnings, values,
};
use crate::apiserver::{field::FieldError, object::Cell, object_meta::names};

pub fn rules() -> Rules {
    Rules {
        scale: Some(scale()),
        default,
        validate,
        validate_update,
        warnings,
        ..Rules::new(info("deployments", "Deployment", "deploy"), deployment_cells)
    }
}

fn default(object: &mut Value) {
    let spec = &mut object["spec"];
    default_absent(spec, "replicas", 1);
    let strategy = &mut spec["strategy"];
    values::default(strategy, "type", "RollingUpdate");
    if strategy["type"] == "RollingUpdate" {
        default_object(strategy, "rollingUpdate");
        default_absent(&mut strategy["rollingUpdate"], "maxUnavailable", "25%");
        default_absent(&mut strategy["rollingUpdate"], "maxSurge", "25%");
    }
    default_absent(spec, "revisionHistoryLimit", 10);
    default_absent(spec, "progressDeadlineSeconds", 600);
    pods::default(&mut spec["template"]);
}

fn validate(object: &Value) -> Vec<FieldError> {
    let spec = values::at(object, "/spec");
    let mut errors: Vec<_> = values::not_negative(spec, "/replicas", "spec.replicas").into_iter().collect();
    errors.extend(selector(spec, "deployment"));
    match template_matches(spec) {
        None => {
            let detail = "invalid label selector";
            errors.push(FieldError::invalid("spec.selector", spec["selector"].clone(), detail));
        }
        Some(wrong) => {
            errors.extend(wrong);
            errors.extend(pods::validate(&spec["template"], &[], "spec.template"));
            errors.extend(template_policies(spec, "ReplicaSet"));
        }
    }
    errors.extend(strategy(&spec["strategy"]));
    for member in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
        errors.extend(values::not_negative(spec, &format!("/{member}"), &format!("spec.{member}")));
    }
    let deadline = values::integer(spec, "/progressDeadlineSeconds");
    if deadline <= values::integer(spec, "/minReadySeconds") {
        let detail = "must be greater than minReadySeconds";
        errors.push(FieldError::invalid("spec.progressDeadlineSeconds", deadline, detail));
    }
    errors
}

fn strategy(strategy: &Value) -> Vec<FieldError> {
    const PATH: &str = "spec.strategy.rollingUpdate";
    let rolling = &strategy["rollingUpdate"];
    match values::text(strategy, "/type") {
        "Recreate" if rolling.is_object() => {
            let detail = "may not be specified when strategy `type` is 'Recreate'";
            vec![FieldError::forbidden(PATH, detail)]
        }
        "Recreate" => Vec::new(),
        "RollingUpdate" => {
            let (unavailable, surge) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
            let path = format!("{PATH}.maxUnavailable");
            let mut errors: Vec<_> = number_or_percent(unavailable, &path).into_iter().collect();
            errors.extend(number_or_percent(surge, &format!("{PATH}.maxSurge")));
            let value = |of: &Value| percent(of).or_else(|| of.as_i64()).unwrap_or_default();
            if value(unavailable) == 0 && value(surge) == 0 {
                let detail = "may not be 0 when `maxSurge` is 0";
                errors.push(FieldError::invalid(&path, unavailable.clone(), detail));
            }
            errors.extend(not_more_than_all(unavailable, &path));
            errors
        }
        _ => {
            let kinds = ["Recreate", "RollingUpdate"];
            // Shown as a Go struct without names for JSON.
            let number =
                |member: &str| if rolling[member].is_null() { json!(0) } else { rolling[member].clone() };
            let numbers = json!({"MaxSurge": number("maxSurge"), "MaxUnavailable": number("maxUnavailable")});
            let rolling = if rolling.is_object() { numbers } else { Value::Null };
            let shown = json!({"RollingUpdate": rolling, "Type": strategy["type"]});
            vec![FieldError::not_supported("spec.strategy", shown, &kinds)]
        }
    }
}

fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    const PARTS: [&str; 4] = ["updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"];
    let mut errors = Vec::new();
    let after = values::at(new, "/spec/selector");
    if after != values::at(old, "/spec/selector") {
        errors.push(FieldError::invalid("spec.selector", after.clone(), "field is immutable"));
    }
    errors.extend(counts(new, old, &PARTS, "readyReplicas"));
    errors
}

fn warnings(new: &Value, old: Option<&Value>) -> Vec<String> {
    let mut found = Vec::new();
    let wrong = names::dns1123_label(values::text(new, "/metadata/name"));
    if old.is_none() && !wrong.is_empty() {
        found.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label \
             is recommended: [{}]",
            wrong.join(" ")
        ));
    }
    found.extend(template_warnings(new, old));
    found
}

fn deployment_cells(object: &Value) -> Vec<Cell> {
    let number = |pointer| cells::number(values::integer(object, pointer));
    let [names, images] = cells::containers(object);
    vec![
        cells::name(object),
        ready(object),
        number("/status/updatedReplicas"),
        number("/status/availableReplicas"),
        cells::age(object),
        names,
        images,
        cells::text(&cells::selector(values::at(object, "/spec/selector"))),
    ]
}
