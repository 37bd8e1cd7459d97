//! Table cells as the printers of kube-apiserver write them (`pkg/printers/internalversion`).

use std::sync::Arc;

use serde_json::Value;

use super::values;
use crate::apiserver::object::Cell;

pub fn text(text: &str) -> Cell {
    Cell::Json(Arc::from(Value::from(text).to_string()))
}

pub fn number(number: i64) -> Cell {
    Cell::Json(Arc::from(number.to_string()))
}

pub fn name(object: &Value) -> Cell {
    text(values::text(object, "/metadata/name"))
}

pub fn age(object: &Value) -> Cell {
    since(values::text(object, "/metadata/creationTimestamp"))
}

/// How long a time is ago; unknown when there is none.
pub fn since(time: &str) -> Cell {
    Cell::Age(time.parse().ok())
}

/// Names and images of the containers of a pod template.
pub fn containers(object: &Value) -> [Cell; 2] {
    ["/name", "/image"].map(|member| {
        let containers = values::items(object, "/spec/template/spec/containers");
        let parts: Vec<_> = containers.iter().map(|container| values::text(container, member)).collect();
        text(&parts.join(","))
    })
}

/// A label selector as text: `a=b,c in (d,e),!f`.
pub fn selector(selector: &Value) -> String {
    let mut parts: Vec<(String, String)> = values::members(selector, "/matchLabels")
        .map(|(key, value)| (key.clone(), format!("{key}={}", value.as_str().unwrap_or_default())))
        .collect();
    for requirement in values::items(selector, "/matchExpressions") {
        let key = values::text(requirement, "/key");
        let mut values = values::texts(requirement, "/values");
        values.sort();
        let values = values.join(",");
        parts.push((
            key.to_owned(),
            match values::text(requirement, "/operator") {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "Exists" => key.to_owned(),
                "DoesNotExist" => format!("!{key}"),
                _ => return "<invalid>".to_owned(),
            },
        ));
    }
    parts.sort_by(|one, other| one.0.cmp(&other.0));
    let parts: Vec<_> = parts.into_iter().map(|(_, text)| text).collect();
    parts.join(",")
}

/// Labels as text: `a=b,c=d`.
pub fn labels(labels: &Value) -> String {
    let pairs: Vec<_> = values::members(labels, "")
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}
