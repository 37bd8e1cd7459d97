//! Which names a caller might be allowed, so that not every name must be asked about. Never who is allowed what:
//! each hinted name is still asked about.
//!
//! [`RbacHints`] is fed with whole sets of ClusterRoles and ClusterRoleBindings; it must not know who watches them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use arc_swap::ArcSwapOption;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Subject};

use crate::apiserver::identity::User;

/// Says which names are worth asking about; `None` when it cannot say.
pub trait NameHints: Send + Sync {
    fn names(&self, user: &User, group: &str, resource: &str) -> Option<Vec<String>>;
}

/// What a subject's bindings grant by name.
#[derive(Debug)]
struct Grant {
    groups: Vec<String>,
    resources: Vec<String>,
    names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    User(String),
    Group(String),
}

/// Hints from the RBAC objects of the cluster; says nothing until it has been fed once.
#[derive(Debug, Default)]
pub struct RbacHints {
    grants: ArcSwapOption<HashMap<Who, Vec<Arc<Grant>>>>,
}

impl RbacHints {
    /// Takes the complete present sets. Grants without names are left out: the wide question finds them.
    pub fn replace(&self, roles: &[ClusterRole], bindings: &[ClusterRoleBinding]) {
        let by_role: HashMap<&str, Vec<Arc<Grant>>> =
            roles.iter().filter_map(|role| Some((role.metadata.name.as_deref()?, grants(role)))).collect();
        let mut by_subject: HashMap<Who, Vec<Arc<Grant>>> = HashMap::new();
        for binding in bindings.iter().filter(|binding| binding.role_ref.kind == "ClusterRole") {
            let Some(granted) = by_role.get(binding.role_ref.name.as_str()) else { continue };
            for who in binding.subjects.iter().flatten().filter_map(who) {
                by_subject.entry(who).or_default().extend(granted.iter().cloned());
            }
        }
        self.grants.store(Some(Arc::new(by_subject)));
    }
}

impl NameHints for RbacHints {
    fn names(&self, user: &User, group: &str, resource: &str) -> Option<Vec<String>> {
        let grants = self.grants.load_full()?;
        let groups = user.groups.iter().cloned().map(Who::Group);
        let subjects = std::iter::once(Who::User(user.name.clone())).chain(groups);
        let has = |list: &[String], wanted: &str| list.iter().any(|item| item == wanted || item == "*");
        let names: BTreeSet<String> = subjects
            .filter_map(|who| grants.get(&who))
            .flatten()
            .filter(|grant| has(&grant.groups, group) && has(&grant.resources, resource))
            .flat_map(|grant| grant.names.iter().cloned())
            .collect();
        Some(names.into_iter().collect())
    }
}

fn grants(role: &ClusterRole) -> Vec<Arc<Grant>> {
    let gets = |rule: &&PolicyRule| rule.verbs.iter().any(|verb| verb == "get" || verb == "*");
    let grant = |rule: &PolicyRule| {
        let names = rule.resource_names.clone().filter(|names| !names.is_empty())?;
        let groups = rule.api_groups.clone().unwrap_or_default();
        let resources = rule.resources.clone().unwrap_or_default();
        Some(Arc::new(Grant { groups, resources, names }))
    };
    role.rules.iter().flatten().filter(gets).filter_map(grant).collect()
}

fn who(subject: &Subject) -> Option<Who> {
    match subject.kind.as_str() {
        "User" => Some(Who::User(subject.name.clone())),
        "Group" => Some(Who::Group(subject.name.clone())),
        "ServiceAccount" => {
            let namespace = subject.namespace.as_deref()?;
            Some(Who::User(format!("system:serviceaccount:{namespace}:{}", subject.name)))
        }
        _ => None,
    }
}
