//! Requests and limits of containers.

use std::cmp::Ordering;

use serde_json::Value;

use super::{super::quantity::Quantity, values};
use crate::apiserver::{
    field::FieldError,
    object_meta::{self, names},
};

const STANDARD: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

pub fn validate(resources: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for list in ["limits", "requests"] {
        for (name, value) in values::members(resources, &format!("/{list}")) {
            errors.extend(amount(name, value, &format!("{path}.{list}[{name}]")));
        }
    }
    for (name, request) in values::members(resources, "/requests") {
        let limit = values::at(resources, "/limits").get(name);
        errors.extend(within(name, request, limit, path));
    }
    let named = |wanted: fn(&str) -> bool| {
        let lists = ["/limits", "/requests"].into_iter();
        lists.flat_map(|list| values::members(resources, list)).any(|(name, _)| wanted(name))
    };
    if named(is_pages) && !named(|name| ["cpu", "memory"].contains(&name)) {
        errors.push(FieldError::forbidden(path, "HugePages require cpu or memory"));
    }
    errors
}

fn parsed(value: &Value) -> Option<Quantity> {
    value.as_str().and_then(|text| Quantity::parse(text).ok())
}

fn is_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

fn amount(name: &str, value: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = object_meta::invalid(path, name, names::qualified_name(name));
    if errors.is_empty() && !name.contains('/') && !STANDARD.contains(&name) && !is_pages(name) {
        errors.push(FieldError::invalid(path, name, "must be a standard resource type or fully qualified"));
        errors.push(FieldError::invalid(path, name, "must be a standard resource for containers"));
    }
    let Some(quantity) = parsed(value) else { return errors };
    if quantity.is_negative() {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(path, quantity.shown(), detail));
    }
    if name.contains('/') && !quantity.is_whole() {
        errors.push(FieldError::invalid(path, quantity.shown(), "must be an integer"));
    }
    errors
}

/// A request cannot be more than the limit; what cannot be shared must be exactly that.
fn within(name: &str, request: &Value, limit: Option<&Value>, path: &str) -> Option<FieldError> {
    let shared = !name.contains('/') && !is_pages(name);
    let request = parsed(request)?;
    let Some(limit) = limit else {
        let detail = "Limit must be set for non overcommitable resources";
        return (!shared).then(|| FieldError::required(format!("{path}.limits"), detail));
    };
    let limit = parsed(limit)?;
    let relation = match request.compare(&limit) {
        Ordering::Equal => return None,
        _ if !shared => "must be equal to",
        Ordering::Greater => "must be less than or equal to",
        Ordering::Less => return None,
    };
    let detail = format!("{relation} {name} limit of {}", limit.shown());
    Some(FieldError::invalid(format!("{path}.requests"), request.shown(), detail))
}
