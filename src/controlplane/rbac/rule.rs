//! One rule of a role and what it allows.
//!
//! Fed by decoded roles; the matching is that of `k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::apiserver::identity::Target;

/// As in `rules` of a Role or ClusterRole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    #[serde(deserialize_with = "list")]
    pub verbs: Vec<String>,
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<String>,
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Empty allows every name.
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    #[serde(rename = "nonResourceURLs", deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub non_resource_urls: Vec<String>,
}

/// A list that may be `null`.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

impl Rule {
    pub fn on(verbs: &[&str], groups: &[&str], resources: &[&str]) -> Self {
        Self {
            verbs: owned(verbs),
            api_groups: owned(groups),
            resources: owned(resources),
            ..Self::default()
        }
    }

    pub fn on_urls(verbs: &[&str], urls: &[&str]) -> Self {
        Self { verbs: owned(verbs), non_resource_urls: owned(urls), ..Self::default() }
    }

    pub fn named(self, names: &[&str]) -> Self {
        Self { resource_names: owned(names), ..self }
    }

    pub fn allows(&self, verb: &str, target: &Target) -> bool {
        if !holds(&self.verbs, verb) {
            return false;
        }
        match target {
            Target::Resource { group, resource, subresource, name, .. } => {
                holds(&self.api_groups, group)
                    && self.resources.iter().any(|rule| names_resource(rule, resource, subresource))
                    && (self.resource_names.is_empty() || self.resource_names.contains(name))
            }
            Target::NonResource { path } => self.non_resource_urls.iter().any(|rule| covers_url(rule, path)),
        }
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Whether the list has `*` or the value itself.
fn holds(list: &[String], value: &str) -> bool {
    list.iter().any(|item| item == "*" || item == value)
}

fn names_resource(rule: &str, resource: &str, subresource: &str) -> bool {
    if rule == "*" {
        return true;
    }
    if subresource.is_empty() {
        return rule == resource;
    }
    let below = |of: &str| rule.strip_prefix(of).and_then(|rest| rest.strip_prefix('/'));
    below(resource) == Some(subresource) || below("*") == Some(subresource)
}

/// Whether a URL of a rule, which may end in `*`, stands for `path`.
pub fn covers_url(rule: &str, path: &str) -> bool {
    rule == path || (rule.ends_with('*') && path.starts_with(rule.trim_end_matches('*')))
}

/// `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`, as refusals show it.
impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("APIGroups", &self.api_groups),
            ("Resources", &self.resources),
            ("NonResourceURLs", &self.non_resource_urls),
            ("ResourceNames", &self.resource_names),
            ("Verbs", &self.verbs),
        ];
        let shown = parts.iter().filter(|(_, list)| !list.is_empty());
        let shown: Vec<_> = shown.map(|(name, list)| format!("{name}:{}", quoted(list))).collect();
        write!(formatter, "{{{}}}", shown.join(", "))
    }
}

/// `["a" "b"]`, as Go's `%q` writes a list.
pub fn quoted(list: &[String]) -> String {
    let quoted: Vec<_> = list.iter().map(|item| format!("{item:?}")).collect();
    format!("[{}]", quoted.join(" "))
}
