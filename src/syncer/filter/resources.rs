//! Kinds of objects that are synced, that have to be asked for, and that never are.

use serde_json::Value;

use crate::syncer::kind::Kind;

/// Never: who writes these rules over the cluster or over its API, or speaks for it. Empty resources mean the group.
const NEVER: [(&str, &[&str]); 13] = [
    ("", &["bindings", "componentstatuses", "events", "namespaces", "nodes"]),
    ("admissionregistration.k8s.io", &[]),
    ("apiextensions.k8s.io", &[]),
    ("apiregistration.k8s.io", &[]),
    ("apps", &["controllerrevisions"]),
    ("authentication.k8s.io", &[]),
    ("authorization.k8s.io", &[]),
    ("certificates.k8s.io", &[]),
    ("coordination.k8s.io", &[]),
    ("events.k8s.io", &[]),
    ("flowcontrol.apiserver.k8s.io", &[]),
    ("metrics.k8s.io", &[]),
    ("rbac.authorization.k8s.io", &[]),
];

/// Only by name: controllers of the cluster make them of what is synced.
const ASKED: [(&str, &str); 5] = [
    ("", "endpoints"),
    ("", "pods"),
    ("", "replicationcontrollers"),
    ("apps", "replicasets"),
    ("discovery.k8s.io", "endpointslices"),
];

/// Groups whose controllers make objects of others on every cluster.
const CONTROLLERS: [&str; 3] = ["", "apps", "batch"];

/// Whether objects of the kind are never synced, whoever asks for it.
pub fn is_never_synced(group: &str, resource: &str) -> bool {
    let is_listed = |(of, resources): &(&str, &[&str])| {
        *of == group && (resources.is_empty() || resources.contains(&resource))
    };
    group == "kcp.io" || group.ends_with(".kcp.io") || NEVER.iter().any(is_listed)
}

/// Whether the kind is synced where none is named. What is not in a namespace belongs to the whole cluster.
pub(super) fn is_synced_unasked(kind: &Kind) -> bool {
    kind.namespaced && !ASKED.contains(&(kind.group.as_str(), kind.resource.as_str()))
}

/// Whether a controller made the object of another one that the cluster has too.
pub(super) fn is_derived(object: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| {
        let version = owner.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        owner.get("controller") == Some(&Value::Bool(true)) && CONTROLLERS.contains(&group)
    })
}

/// A kind as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResourceType {
    resource: String,
    /// Any of Kubernetes' own if absent.
    group: Option<String>,
}

impl ResourceType {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (resource, group) = match text.split_once('.') {
            Some((resource, group)) => (resource, Some(group)),
            None => (text, None),
        };
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(legal);
        if !is_word(resource) || !group.is_none_or(|group| group.split('.').all(is_word)) {
            return Err(format!(
                "{text:?} is not of the form plural or plural.group, such as deployments.apps"
            ));
        }
        let is_never = match group {
            Some(group) => is_never_synced(group, resource),
            None => NEVER.iter().any(|(_, resources)| resources.contains(&resource)),
        };
        if is_never {
            return Err(format!("{text:?} is never synced: leave it out"));
        }
        Ok(Self { resource: resource.to_owned(), group: group.map(str::to_owned) })
    }

    pub(super) fn is(&self, kind: &Kind) -> bool {
        self.resource == kind.resource
            && self.group.as_ref().map_or(kind.is_builtin(), |group| *group == kind.group)
    }
}

#[cfg(test)]
mod tests;
