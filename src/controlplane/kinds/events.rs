//! Events of the core group: they belong to the namespace of what they tell about.

use serde_json::Value;

use super::{Rules, cells, info, values};
use crate::apiserver::{
    field::FieldError,
    object::Cell,
    object_meta::{self, names},
    resource::ResourceInfo,
    strategy::NameRule,
};

pub fn rules() -> Rules {
    let info = ResourceInfo { short_names: vec!["ev".into()], ..info::namespaced("", "events", "Event") };
    Rules {
        // Upstream asks nothing of their names beyond that they stand in a path.
        name_rule: NameRule::PathSegment,
        validate,
        selectable: &[
            ("involvedObject.kind", &["/involvedObject/kind"]),
            ("involvedObject.namespace", &["/involvedObject/namespace"]),
            ("involvedObject.name", &["/involvedObject/name"]),
            ("involvedObject.uid", &["/involvedObject/uid"]),
            ("involvedObject.apiVersion", &["/involvedObject/apiVersion"]),
            ("involvedObject.resourceVersion", &["/involvedObject/resourceVersion"]),
            ("involvedObject.fieldPath", &["/involvedObject/fieldPath"]),
            ("reason", &["/reason"]),
            ("reportingComponent", &["/reportingComponent"]),
            ("source", &["/source/component", "/reportingComponent"]),
            ("type", &["/type"]),
        ],
        ..Rules::new(info, cells)
    }
}

fn validate(object: &Value) -> Vec<FieldError> {
    let namespace = values::text(object, "/metadata/namespace");
    let involved = values::text(object, "/involvedObject/namespace");
    let other = FieldError::invalid("involvedObject.namespace", involved, "does not match event.namespace");
    let mut errors = Vec::new();
    if values::has(object, "/eventTime") {
        if involved.is_empty() && !["default", "kube-system"].contains(&namespace) {
            errors.push(other);
        }
        errors.extend(newer(object));
    } else if involved != namespace && !(involved.is_empty() && ["", "default"].contains(&namespace)) {
        errors.push(other);
    }
    errors.extend(object_meta::invalid("namespace", namespace, names::dns1123_subdomain(namespace)));
    errors
}

/// Events with an `eventTime` must say who reports them and why.
fn newer(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let reporter = values::text(object, "/reportingComponent");
    if reporter.is_empty() {
        errors.push(FieldError::required("reportingComponent", ""));
    }
    errors.extend(object_meta::invalid("reportingComponent", reporter, names::qualified_name(reporter)));
    for (member, most, required) in [
        ("reportingInstance", 128, true),
        ("action", 128, true),
        ("reason", 128, true),
        ("message", 1024, false),
    ] {
        let text = values::text(object, &format!("/{member}"));
        if text.is_empty() && required {
            errors.push(FieldError::required(member, ""));
        }
        if text.len() > most {
            errors.push(FieldError::invalid(member, "", format!("can have at most {most} characters")));
        }
    }
    errors
}

fn cells(object: &Value) -> Vec<Cell> {
    let text = |pointer| values::text(object, pointer);
    let event_time = text("/eventTime");
    let or = |one: &'static str, other: &str| if text(one).is_empty() { other } else { text(one) }.to_owned();
    let first = or("/firstTimestamp", event_time);
    let mut last = or("/lastTimestamp", &first);
    let mut count = values::integer(object, "/count").max(1);
    if values::has(object, "/series") {
        last = text("/series/lastObservedTime").to_owned();
        count = values::integer(object, "/series/count");
    }
    let kind = text("/involvedObject/kind").to_lowercase();
    let target = match text("/involvedObject/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let component = or("/source/component", text("/reportingComponent"));
    let source = match or("/source/host", text("/reportingInstance")) {
        host if host.is_empty() => component,
        host => format!("{component}, {host}"),
    };
    vec![
        cells::since(&last),
        cells::text(text("/type")),
        cells::text(text("/reason")),
        cells::text(&target),
        cells::text(text("/involvedObject/fieldPath")),
        cells::text(&source),
        cells::text(text("/message").trim()),
        cells::since(&first),
        cells::number(count),
        cells::name(object),
    ]
}
