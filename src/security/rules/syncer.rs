//! What a syncer may do on its two sides: upstream in the workspace of its SyncTarget, downstream on the cluster.
//!
//! Made at run time, since it follows the target, the mode and the kinds. Manifests and the syncer's check of
//! itself are both made of it. It must not know how either is carried out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{LEASE_NAMESPACE, PATCH, Permission, READ, permission::each};
use crate::api::{
    placement,
    workload::{self, Mode},
};
use placement::GroupResource;

#[cfg(test)]
mod tests;

/// Reading, and everything that server-side apply and a guarded delete need.
const OWN: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];
const LIVE: &[&str] = &["get", "list", "watch", "patch"];

/// What decides about rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Name and uid of the SyncTarget.
    pub target: String,
    pub uid: String,
    pub mode: Mode,
    /// Synced down, or in mode `observe` counted.
    pub kinds: Vec<GroupResource>,
    /// Copied up.
    pub upsync: Vec<GroupResource>,
}

/// What is lost where a right is missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The syncer cannot say that it lives, or how it is.
    Own,
    /// This kind stands still, the others go on.
    Kind(GroupResource),
    /// Something is not reported.
    Report,
}

/// Verbs on resources of one API group; `names` empty means every name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncerRule {
    pub group: String,
    pub resources: Vec<String>,
    pub names: Vec<String>,
    pub verbs: &'static [&'static str],
    pub need: Need,
}

impl SyncerRule {
    fn new(group: &str, resource: &str, verbs: &'static [&'static str], need: Need) -> Self {
        let (group, resources) = (group.to_owned(), vec![resource.to_owned()]);
        Self { group, resources, names: Vec::new(), verbs, need }
    }

    fn named(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }

    fn of(kind: &GroupResource, verbs: &'static [&'static str]) -> Self {
        Self::new(&kind.group, &kind.resource, verbs, Need::Kind(kind.clone()))
    }

    /// As in `rules` of a Role or ClusterRole.
    pub fn to_json(&self) -> Value {
        let mut rule = json!({"apiGroups": [self.group], "resources": self.resources, "verbs": self.verbs});
        if !self.names.is_empty() {
            rule["resourceNames"] = json!(self.names);
        }
        rule
    }
}

/// Rules that hold in one namespace, or everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncerRole {
    pub name: String,
    pub namespace: Option<String>,
    pub rules: Vec<SyncerRule>,
}

impl SyncerRole {
    /// Rules of the same group, verbs and names as one, for readers of the manifest.
    pub fn rules_json(&self) -> Vec<Value> {
        let mut merged: Vec<SyncerRule> = Vec::new();
        for rule in &self.rules {
            let same = |other: &&mut SyncerRule| {
                (&other.group, other.verbs, &other.names) == (&rule.group, rule.verbs, &rule.names)
            };
            match merged.iter_mut().find(same) {
                Some(same) => same.resources.extend(rule.resources.iter().cloned()),
                None => merged.push(rule.clone()),
            }
        }
        merged.iter().map(SyncerRule::to_json).collect()
    }
}

/// The Lease of a target, by the target's uid.
pub fn lease_name(uid: &str) -> String {
    format!("synctarget-{uid}")
}

/// The role's name on both sides; two targets never share one.
pub fn role_name(target: &str) -> String {
    format!("tmc-syncer-{target}")
}

/// In the workspace of the target.
pub fn upstream(scope: &Scope) -> Vec<SyncerRole> {
    let name = role_name(&scope.target);
    let target = |resource: &str, verbs| {
        SyncerRule::new(workload::GROUP, resource, verbs, Need::Own).named(&scope.target)
    };
    let writes = scope.mode != Mode::Observe;
    // `patch` on the target itself is for the finalizer that lets it end only when its objects are released.
    let mut rules = vec![target("synctargets", if writes { LIVE } else { READ })];
    rules.push(target("synctargets/status", PATCH));
    rules.push(SyncerRule::new("", "events", &["create", "patch"], Need::Report));
    if writes {
        rules.push(SyncerRule::new("", "namespaces", READ, Need::Own));
        if scope.mode == Mode::Placement {
            rules.push(SyncerRule::new(placement::GROUP, placement::RESOURCE, READ, Need::Own));
        }
        let kinds = of_kinds(&scope.kinds, LIVE).into_iter().chain(of_kinds(&scope.upsync, OWN));
        rules.extend(widest(kinds));
        // What is copied up is copied with its status.
        let status = scope.kinds.iter().chain(&scope.upsync).filter(|kind| has_status(kind)).map(|kind| {
            let resources = vec![format!("{}/status", kind.resource)];
            SyncerRule { resources, ..SyncerRule::of(kind, PATCH) }
        });
        rules.extend(widest(status));
    }
    // The server makes the Lease; the syncer may renew this one and no other.
    let lease = SyncerRule::new("coordination.k8s.io", "leases", &["get", "patch"], Need::Own)
        .named(&lease_name(&scope.uid));
    let lease =
        SyncerRole { name: name.clone(), namespace: Some(LEASE_NAMESPACE.to_owned()), rules: vec![lease] };
    vec![SyncerRole { name, namespace: None, rules }, lease]
}

/// On the physical cluster.
pub fn downstream(scope: &Scope) -> Vec<SyncerRole> {
    let writes = scope.mode != Mode::Observe;
    let verbs = if writes { OWN } else { READ };
    let mut rules = vec![
        SyncerRule::new("", "namespaces", verbs, Need::Own),
        SyncerRule::new("", "nodes", READ, Need::Report),
    ];
    rules.extend(widest(of_kinds(&scope.kinds, verbs).into_iter().chain(of_kinds(&scope.upsync, READ))));
    vec![SyncerRole { name: role_name(&scope.target), namespace: None, rules }]
}

/// Whether objects of the kind have a status of their own.
fn has_status(kind: &GroupResource) -> bool {
    let without = ["configmaps", "secrets", "serviceaccounts", "endpoints"];
    !kind.group.is_empty() || !without.contains(&kind.resource.as_str())
}

fn of_kinds(kinds: &[GroupResource], verbs: &'static [&'static str]) -> Vec<SyncerRule> {
    kinds.iter().map(|kind| SyncerRule::of(kind, verbs)).collect()
}

/// Of several rules on a kind the one with the most verbs, by kind.
fn widest(rules: impl Iterator<Item = SyncerRule>) -> Vec<SyncerRule> {
    let mut kept: BTreeMap<Need, SyncerRule> = BTreeMap::new();
    for rule in rules {
        let widest = kept.get(&rule.need).is_none_or(|other| rule.verbs.len() > other.verbs.len());
        if widest {
            kept.insert(rule.need.clone(), rule);
        }
    }
    kept.into_values().collect()
}

/// As single questions, each with what it is needed for.
pub fn permissions(roles: &[SyncerRole]) -> Vec<(Permission, Need)> {
    let of_role = |role: &'_ SyncerRole| {
        let asked = role.rules.iter().flat_map(|rule| {
            each(&rule.resources, &rule.names, rule.verbs).map(move |question| (rule, question))
        });
        let asked = asked.map(|(rule, (resource, name, verb))| {
            let permission = Permission {
                role: role.name.clone(),
                namespace: role.namespace.clone().unwrap_or_default(),
                group: rule.group.clone(),
                resource: resource.to_owned(),
                name: name.to_owned(),
                verb: verb.to_owned(),
            };
            (permission, rule.need.clone())
        });
        asked.collect::<Vec<_>>()
    };
    roles.iter().flat_map(of_role).collect()
}

/// What no syncer needs: whoever has it can do more harm than losing its own objects.
pub fn excessive() -> Vec<Permission> {
    let rbac = "rbac.authorization.k8s.io";
    let questions = [
        ("*", "*", "*"),
        (rbac, "clusterroles", "escalate"),
        (rbac, "clusterroles", "bind"),
        ("", "users", "impersonate"),
        ("", "serviceaccounts", "impersonate"),
    ];
    questions.map(question).into()
}

/// Reading every Secret: too much for whoever syncs none.
pub fn every_secret() -> Permission {
    question(("", "secrets", "list"))
}

fn question((group, resource, verb): (&str, &str, &str)) -> Permission {
    Permission {
        role: String::new(),
        namespace: String::new(),
        group: group.to_owned(),
        resource: resource.to_owned(),
        name: String::new(),
        verb: verb.to_owned(),
    }
}

/// For a caller who names no kinds.
pub fn default_kinds() -> Vec<GroupResource> {
    [
        ("", "configmaps"),
        ("", "persistentvolumeclaims"),
        ("", "secrets"),
        ("", "serviceaccounts"),
        ("", "services"),
        ("apps", "deployments"),
        ("apps", "statefulsets"),
        ("batch", "cronjobs"),
        ("batch", "jobs"),
        ("networking.k8s.io", "ingresses"),
    ]
    .map(|(group, resource)| GroupResource { group: group.to_owned(), resource: resource.to_owned() })
    .into()
}
