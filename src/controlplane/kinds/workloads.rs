//! Deployments and StatefulSets: a selector, a template, and how changes roll out.

use serde_json::{Value, json};

use super::{Rules, addresses::Addresses, cells, info, pods, values};
use crate::apiserver::{
    field::FieldError, object::Cell, object_meta, resource::ResourceInfo, strategy::ScalePaths,
};

mod deployments;
mod stateful_sets;

pub fn all() -> [Rules; 2] {
    [deployments::rules(), stateful_sets::rules()]
}

fn info(resource: &'static str, kind: &'static str, short_name: &'static str) -> ResourceInfo {
    ResourceInfo {
        short_names: vec![short_name.into()],
        categories: vec!["all".into()],
        subresources: vec![info::SCALE, info::STATUS],
        ..info::namespaced("apps", resource, kind)
    }
}

fn scale() -> ScalePaths {
    ScalePaths {
        spec_replicas: "/spec/replicas".to_owned(),
        status_replicas: "/status/replicas".to_owned(),
        selector: Some("/spec/selector".to_owned()),
    }
}

/// `path` is `spec.selector`.
fn selector(spec: &Value, kind: &str) -> Vec<FieldError> {
    const PATH: &str = "spec.selector";
    let selector = &spec["selector"];
    if !selector.is_object() {
        return vec![FieldError::required(PATH, "")];
    }
    let mut errors = object_meta::label_selector(selector, PATH);
    let empty = values::members(selector, "/matchLabels").next().is_none()
        && values::items(selector, "/matchExpressions").is_empty();
    if empty {
        let detail = format!("empty selector is invalid for {kind}");
        errors.push(FieldError::invalid(PATH, selector.clone(), detail));
    }
    errors
}

/// The labels of the template must be those that the selector looks for. `None` when the selector is none.
fn template_matches(spec: &Value) -> Option<Vec<FieldError>> {
    let selector = &spec["selector"];
    if !object_meta::label_selector(selector, "").is_empty() {
        return None;
    }
    let labels = values::at(spec, "/template/metadata/labels");
    let matched = matches(selector, labels);
    let detail = "`selector` does not match template `labels`";
    Some(match matched {
        true => Vec::new(),
        false => vec![FieldError::invalid("spec.template.metadata.labels", labels.clone(), detail)],
    })
}

fn matches(selector: &Value, labels: &Value) -> bool {
    if !selector.is_object() {
        return false;
    }
    let mut all =
        values::members(selector, "/matchLabels").all(|(key, value)| labels.get(key) == Some(value));
    for requirement in values::items(selector, "/matchExpressions") {
        let value = labels.get(values::text(requirement, "/key"));
        let listed = value.is_some_and(|value| values::items(requirement, "/values").contains(value));
        all &= match values::text(requirement, "/operator") {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value.is_some(),
            _ => value.is_none(),
        };
    }
    all
}

/// A pod of a workload is restarted always and has no end.
fn template_policies(spec: &Value, kind: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let restart = values::text(spec, "/template/spec/restartPolicy");
    if restart != "Always" {
        let path = "spec.template.spec.restartPolicy";
        errors.push(FieldError::not_supported(path, restart, &["Always"]));
    }
    if values::has(spec, "/template/spec/activeDeadlineSeconds") {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.push(FieldError::forbidden("spec.template.spec.activeDeadlineSeconds", detail));
    }
    errors
}

/// A template is warned of when it is new or something else changes with it.
fn template_warnings(new: &Value, old: Option<&Value>) -> Vec<String> {
    match old {
        Some(old) if old["spec"] == new["spec"] => Vec::new(),
        _ => pods::warnings(values::at(new, "/spec/template"), "spec.template"),
    }
}

/// A number or a share: `3`, `25%`.
fn number_or_percent(value: &Value, path: &str) -> Option<FieldError> {
    const DETAIL: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or \
                          '93%', regex used for validation is '[0-9]+%')";
    match value {
        Value::String(text) => {
            percent(value).is_none().then(|| FieldError::invalid(path, text.as_str(), DETAIL))
        }
        value => values::not_negative(value, "", path),
    }
}

fn percent(value: &Value) -> Option<i64> {
    let digits = value.as_str()?.strip_suffix('%')?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn not_more_than_all(value: &Value, path: &str) -> Option<FieldError> {
    let over = percent(value).is_some_and(|percent| percent > 100);
    over.then(|| FieldError::invalid(path, value.clone(), "must not be greater than 100%"))
}

/// Counts of the status: none negative, none of `parts` more than there are replicas.
fn counts(new: &Value, old: &Value, parts: &[&str], ready: &str) -> Vec<FieldError> {
    let (status, before) = (values::at(new, "/status"), values::at(old, "/status"));
    if status == before {
        return Vec::new();
    }
    let number = |member: &str| values::integer(status, &format!("/{member}"));
    let mut errors = Vec::new();
    for member in parts.iter().chain(&["observedGeneration", "replicas", "collisionCount"]) {
        errors.extend(values::not_negative(status, &format!("/{member}"), &format!("status.{member}")));
    }
    for member in parts.iter().filter(|member| !member.starts_with("unavailable")) {
        if number(member) > number("replicas") {
            let detail = "cannot be greater than status.replicas";
            errors.push(FieldError::invalid(format!("status.{member}"), number(member), detail));
        }
    }
    if number("availableReplicas") > number("readyReplicas") {
        let detail = format!("cannot be greater than {ready}");
        errors.push(FieldError::invalid("status.availableReplicas", number("availableReplicas"), detail));
    }
    let collided = values::has(before, "/collisionCount");
    if collided && number("collisionCount") < values::integer(before, "/collisionCount") {
        let detail = "cannot be decremented";
        errors.push(FieldError::invalid("status.collisionCount", number("collisionCount"), detail));
    }
    errors
}

fn ready(object: &Value) -> Cell {
    let number = |pointer| values::integer(object, pointer);
    cells::text(&format!("{}/{}", number("/status/readyReplicas"), number("/spec/replicas")))
}

fn default_absent(object: &mut Value, member: &str, value: impl Into<Value>) {
    if object[member].is_null() {
        object[member] = value.into();
    }
}

fn default_object(object: &mut Value, member: &str) {
    default_absent(object, member, json!({}));
}
