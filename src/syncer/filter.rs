//! Which objects of the workspace belong on the cluster, as flags and configuration say.
//!
//! Pure. All that is given must hold. That an object belongs here says nothing yet of whether it may be written: a
//! placement, an owner below or a policy may still stand against it.

mod resources;
mod secrets;

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use self::resources::ResourceType;
pub use self::{
    resources::is_never_synced,
    secrets::{SecretFilter, SecretPolicy, SecretRefusal},
};
use super::{
    json::{entries, meta},
    kind::Kind,
    naming,
};
use crate::apiserver::selector::{LabelSelector, label_key_faults};

/// The filter as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterOptions {
    /// Names; all namespaces if empty.
    pub namespaces: Vec<String>,
    /// `plural` or `plural.group`; all kinds that are synced if empty.
    pub resource_types: Vec<String>,
    /// Over the labels of namespaces.
    pub namespace_selector: String,
    /// Over the labels of objects.
    pub label_selector: String,
    /// `key=value`: all must be annotations of the object.
    pub annotation_selector: Vec<String>,
}

/// Something wrong with a filter. All are told at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flag}: {problem}")]
pub struct FilterError {
    /// `--namespace-selector`
    pub flag: &'static str,
    pub problem: String,
}

/// Why an object does not belong on the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its kind is not synced, or not among the resource types.
    Kind,
    SystemNamespace,
    /// Its namespace is not among the namespaces.
    Namespace,
    /// Its namespace has not the labels.
    NamespaceLabels,
    /// The labels of its namespace matter and are not known. That is no answer.
    NamespaceUnknown,
    Labels,
    Annotations,
    /// Every cluster has one of its own under that name.
    Own,
    /// A controller made it of another object, which is synced itself.
    Derived,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Kind => "the kind is not synced",
            Self::SystemNamespace => "the namespace belongs to the control plane",
            Self::Namespace => "the namespace is not among --namespaces",
            Self::NamespaceLabels => "--namespace-selector does not select the namespace",
            Self::NamespaceUnknown => "the labels of the namespace are not known yet",
            Self::Labels => "--label-selector does not select the object",
            Self::Annotations => "--annotation-selector does not select the object",
            Self::Own => "every cluster makes it for itself",
            Self::Derived => "its controller makes it again on the cluster",
        })
    }
}

/// A filter that was checked. The default selects all that is synced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceFilter {
    namespaces: Vec<String>,
    resource_types: Vec<ResourceType>,
    namespace_selector: LabelSelector,
    label_selector: LabelSelector,
    annotations: Vec<(String, String)>,
}

impl ResourceFilter {
    /// Checks what is written, and tells all that is wrong with it.
    pub fn parse(options: &FilterOptions) -> Result<Self, Vec<FilterError>> {
        let mut errors = Vec::new();
        let mut wrong = |flag: &'static str, problem: String| errors.push(FilterError { flag, problem });
        for namespace in &options.namespaces {
            if let Err(problem) = check_namespace(namespace) {
                wrong("--namespaces", problem);
            }
        }
        let mut resource_types = Vec::new();
        for text in &options.resource_types {
            match ResourceType::parse(text) {
                Ok(resource_type) => resource_types.push(resource_type),
                Err(problem) => wrong("--resource-types", problem),
            }
        }
        let mut selector = |flag: &'static str, text: &str| {
            LabelSelector::parse(text).map_err(|problem| wrong(flag, problem)).unwrap_or_default()
        };
        let namespace_selector = selector("--namespace-selector", &options.namespace_selector);
        let label_selector = selector("--label-selector", &options.label_selector);
        let mut annotations = Vec::new();
        for text in &options.annotation_selector {
            match parse_annotation(text) {
                Ok(pair) => annotations.push(pair),
                Err(problem) => wrong("--annotation-selector", problem),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let namespaces = options.namespaces.clone();
        Ok(Self { namespaces, resource_types, namespace_selector, label_selector, annotations })
    }

    /// Whether objects of the kind can belong here at all.
    pub fn admits_kind(&self, kind: &Kind) -> bool {
        if is_never_synced(&kind.group, &kind.resource) {
            return false;
        }
        if self.resource_types.is_empty() {
            return resources::is_synced_unasked(kind);
        }
        self.resource_types.iter().any(|resource_type| resource_type.is(kind))
    }

    /// Whether objects of the namespace can belong here; `labels` are none while they are not known.
    pub fn admits_namespace(
        &self,
        name: &str,
        labels: Option<&BTreeMap<String, String>>,
    ) -> Result<(), Refusal> {
        if naming::is_system_namespace(name) {
            return Err(Refusal::SystemNamespace);
        }
        if !self.namespaces.is_empty() && !self.namespaces.iter().any(|namespace| namespace == name) {
            return Err(Refusal::Namespace);
        }
        if self.namespace_selector.is_empty() {
            return Ok(());
        }
        match labels {
            None => Err(Refusal::NamespaceUnknown),
            Some(labels) if self.namespace_selector.matches(labels) => Ok(()),
            Some(_) => Err(Refusal::NamespaceLabels),
        }
    }

    /// Whether an object of the workspace belongs here. `namespace` are the labels of its namespace.
    pub fn admits(
        &self,
        kind: &Kind,
        object: &Value,
        namespace: Option<&BTreeMap<String, String>>,
    ) -> Result<(), Refusal> {
        if !self.admits_kind(kind) {
            return Err(Refusal::Kind);
        }
        if kind.namespaced {
            self.admits_namespace(meta(object, "namespace"), namespace)?;
        }
        let (namespace, name) = (meta(object, "namespace"), meta(object, "name"));
        if kind.is_own(namespace, name) && naming::renamed(&kind.group, &kind.resource, name).is_none() {
            return Err(Refusal::Own);
        }
        if resources::is_derived(object) {
            return Err(Refusal::Derived);
        }
        let labels = if self.label_selector.is_empty() { BTreeMap::new() } else { entries(object, "labels") };
        let annotations =
            if self.annotations.is_empty() { BTreeMap::new() } else { entries(object, "annotations") };
        self.admits_marks(&labels, &annotations)
    }

    /// Whether an object with these labels and annotations can belong here.
    pub fn admits_marks(
        &self,
        labels: &BTreeMap<String, String>,
        annotations: &BTreeMap<String, String>,
    ) -> Result<(), Refusal> {
        if !self.label_selector.is_empty() && !self.label_selector.matches(labels) {
            return Err(Refusal::Labels);
        }
        match self.annotations.iter().all(|(key, value)| annotations.get(key) == Some(value)) {
            true => Ok(()),
            false => Err(Refusal::Annotations),
        }
    }

    /// Whether the annotations of objects have to be known.
    pub fn needs_annotations(&self) -> bool {
        !self.annotations.is_empty()
    }

    /// Whether the labels of namespaces have to be known.
    pub fn needs_namespaces(&self) -> bool {
        !self.namespace_selector.is_empty()
    }
}

fn check_namespace(name: &str) -> Result<(), String> {
    if naming::is_system_namespace(name) {
        return Err(format!("{name:?} belongs to the control plane and is never synced: leave it out"));
    }
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let ends = !name.starts_with('-') && !name.ends_with('-');
    match (1..=63).contains(&name.len()) && name.bytes().all(legal) && ends {
        true => Ok(()),
        false => {
            Err(format!("{name:?} is no name of a namespace: at most 63 of a-z, 0-9 and -, none at the ends"))
        }
    }
}

fn parse_annotation(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or(format!("{text:?} is not of the form key=value"))?;
    let key = key.trim();
    match label_key_faults(key).as_slice() {
        [] => Ok((key.to_owned(), value.to_owned())),
        faults => Err(format!("{key:?} is no key of an annotation: {}", faults.join("; "))),
    }
}

#[cfg(test)]
mod tests;
