//! Where kinds keep their pod template.

use serde_json::Value;

use super::kind::Kind;

/// The fields that lead to the template, which has `metadata` and `spec`; a Pod is its own. None for kinds without.
pub fn fields(kind: &Kind) -> Option<&'static [&'static str]> {
    Some(match (kind.group.as_str(), kind.resource.as_str()) {
        ("", "pods") => &[],
        ("", "podtemplates") => &["template"],
        ("", "replicationcontrollers") => &["spec", "template"],
        ("apps", "deployments" | "statefulsets" | "daemonsets" | "replicasets") | ("batch", "jobs") => {
            &["spec", "template"]
        }
        ("batch", "cronjobs") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    })
}

/// The template of an object; none where it has no such map.
pub fn of<'a>(object: &'a Value, kind: &Kind) -> Option<&'a Value> {
    let found = fields(kind)?.iter().try_fold(object, |value, name| value.get(name))?;
    found.is_object().then_some(found)
}

pub fn of_mut<'a>(object: &'a mut Value, kind: &Kind) -> Option<&'a mut Value> {
    let found = fields(kind)?.iter().try_fold(object, |value, name| value.get_mut(name))?;
    found.is_object().then_some(found)
}
