//! The table as questions that an authorizer can answer one by one. Who asks, and what follows, is not known here.

use serde_json::{Value, json};

use super::{Grant, SERVER_GRANTS};

/// One question a SubjectAccessReview can answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The role that grants it.
    pub role: String,
    /// Empty for every namespace, or what is in none.
    pub namespace: String,
    pub group: String,
    /// Plural, with `/subresource`.
    pub resource: String,
    /// Empty for every name.
    pub name: String,
    pub verb: String,
}

impl Permission {
    /// `resourceAttributes` of a review.
    pub fn to_json(&self) -> Value {
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((&self.resource, ""));
        json!({
            "namespace": self.namespace, "group": self.group, "resource": resource,
            "subresource": subresource, "name": self.name, "verb": self.verb,
        })
    }

    /// What it is about, without the verb.
    pub fn on(&self) -> String {
        let mut text = self.resource.clone();
        if !self.group.is_empty() {
            text = format!("{text}.{}", self.group);
        }
        if !self.name.is_empty() {
            text = format!("{text} {:?}", self.name);
        }
        if !self.namespace.is_empty() {
            text = format!("{text} in namespace {}", self.namespace);
        }
        text
    }

    /// Whether `tmc serve` cannot do its work without. It lists and watches, it gets only the ConfigMap; hints
    /// only save questions, and its certificate can come from elsewhere.
    pub fn is_required(&self) -> bool {
        match self.resource.as_str() {
            "synctargets" | "leases" => matches!(self.verb.as_str(), "list" | "watch"),
            "configmaps" => self.verb == "get",
            "tokenreviews" | "subjectaccessreviews" => true,
            _ => false,
        }
    }
}

/// Every verb on every resource and name.
pub(super) fn each<'a>(
    resources: &'a [impl AsRef<str>],
    names: &'a [impl AsRef<str>],
    verbs: &'a [&'a str],
) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
    let all = names.is_empty().then_some("");
    let names = move || names.iter().map(AsRef::as_ref).chain(all);
    let on = move |resource: &'a str| names().map(move |name| (resource, name));
    let pairs = resources.iter().map(AsRef::as_ref).flat_map(on);
    pairs.flat_map(move |(resource, name)| verbs.iter().map(move |verb| (resource, name, *verb)))
}

/// The table as single questions, for a server in this namespace.
pub fn server_permissions(server_namespace: &str, own_ca: bool) -> Vec<Permission> {
    let of_grant = |grant: &'static Grant| {
        let namespace = grant.reach.namespace(server_namespace).unwrap_or_default().to_owned();
        let asked = grant.rules.iter().flat_map(|rule| {
            each(rule.resources, rule.names, rule.verbs).map(|question| (rule.group, question))
        });
        asked.map(move |(group, (resource, name, verb))| Permission {
            role: grant.role.to_owned(),
            namespace: namespace.clone(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            name: name.to_owned(),
            verb: verb.to_owned(),
        })
    };
    SERVER_GRANTS.iter().filter(|grant| own_ca || !grant.own_ca).flat_map(of_grant).collect()
}
