//! Every RBAC object of one logical cluster, decoded, and the one question asked of them.
//!
//! Fed by whoever reads the objects; immutable once it is shared. It must not know workspaces: what a caller is
//! there is [`authorizer`](super::authorizer)'s affair.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer};

use super::{
    aggregation::{AggregationRule, Labels},
    binding::{Binding, RoleRef, Source},
    rule::{Rule, list},
};
use crate::apiserver::identity::{Attributes, Target, User};

/// The kinds a [`Policy`] is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Role,
    ClusterRole,
    RoleBinding,
    ClusterRoleBinding,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Role, Self::ClusterRole, Self::RoleBinding, Self::ClusterRoleBinding];

    pub fn resource(self) -> &'static str {
        match self {
            Self::Role => "roles",
            Self::ClusterRole => "clusterroles",
            Self::RoleBinding => "rolebindings",
            Self::ClusterRoleBinding => "clusterrolebindings",
        }
    }

    /// The kind a resource of the group `rbac.authorization.k8s.io` holds.
    pub fn of(resource: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.resource() == resource)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
    namespace: String,
    #[serde(deserialize_with = "labels")]
    labels: Labels,
}

fn labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
    Ok(Option::<Labels>::deserialize(deserializer)?.unwrap_or_default())
}

/// A Role or a ClusterRole.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleObject {
    metadata: Metadata,
    #[serde(deserialize_with = "list")]
    pub rules: Vec<Rule>,
    pub aggregation_rule: Option<AggregationRule>,
}

impl RoleObject {
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    pub fn labels(&self) -> &Labels {
        &self.metadata.labels
    }

    pub fn aggregates(&self) -> bool {
        self.aggregation_rule.as_ref().is_some_and(|rule| !rule.cluster_role_selectors.is_empty())
    }
}

#[derive(Deserialize)]
struct BindingObject {
    #[serde(default)]
    metadata: Metadata,
    #[serde(flatten)]
    binding: Binding,
}

/// A rule that is somebody's, and why.
pub type Grant<'a> = (Source<'a>, &'a Rule);

/// A binding leads to a role that does not exist. It allows nothing, and does no harm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoRole {
    pub kind: String,
    pub name: String,
}

impl fmt::Display for NoRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind.as_str() {
            kind @ ("Role" | "ClusterRole") => {
                let kind = kind.to_ascii_lowercase();
                write!(formatter, "{kind}.rbac.authorization.k8s.io {:?} not found", self.name)
            }
            kind => write!(formatter, "unsupported role reference kind: {kind:?}"),
        }
    }
}

/// The roles and bindings of one logical cluster.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// By namespace, then name.
    roles: BTreeMap<String, BTreeMap<String, Vec<Rule>>>,
    cluster_roles: BTreeMap<String, RoleObject>,
    /// By namespace, then name.
    role_bindings: BTreeMap<String, BTreeMap<String, Binding>>,
    cluster_role_bindings: BTreeMap<String, Binding>,
}

impl Policy {
    /// Adds or replaces one object, given as JSON text or as a `&Value`.
    pub fn put<'de, D: Deserializer<'de>>(&mut self, kind: Kind, object: D) -> Result<(), D::Error> {
        match kind {
            Kind::Role => {
                let RoleObject { metadata, rules, .. } = RoleObject::deserialize(object)?;
                self.roles.entry(metadata.namespace).or_default().insert(metadata.name, rules);
            }
            Kind::ClusterRole => {
                let role = RoleObject::deserialize(object)?;
                self.cluster_roles.insert(role.name().to_owned(), role);
            }
            Kind::RoleBinding => {
                let BindingObject { metadata, binding } = BindingObject::deserialize(object)?;
                self.role_bindings.entry(metadata.namespace).or_default().insert(metadata.name, binding);
            }
            Kind::ClusterRoleBinding => {
                let BindingObject { metadata, binding } = BindingObject::deserialize(object)?;
                self.cluster_role_bindings.insert(metadata.name, binding);
            }
        }
        Ok(())
    }

    pub fn cluster_roles(&self) -> impl Iterator<Item = &RoleObject> + Clone {
        self.cluster_roles.values()
    }

    /// The rules of the role a binding in `namespace` names; the namespace is empty for a ClusterRoleBinding.
    pub fn rules_of(&self, role: &RoleRef, namespace: &str) -> Result<&[Rule], NoRole> {
        let rules = match role.kind.as_str() {
            "Role" => self.roles.get(namespace).and_then(|roles| roles.get(&role.name)),
            "ClusterRole" => self.cluster_roles.get(&role.name).map(|found| &found.rules),
            _ => None,
        };
        let missing = || NoRole { kind: role.kind.clone(), name: role.name.clone() };
        rules.map(Vec::as_slice).ok_or_else(missing)
    }

    /// Everything this user has in a namespace, or with an empty one in the whole cluster.
    pub fn grants<'a>(
        &'a self,
        user: &'a User,
        namespace: &'a str,
    ) -> impl Iterator<Item = Result<Grant<'a>, NoRole>> + 'a {
        let everywhere = self.cluster_role_bindings.iter().map(|binding| ("", binding));
        let here = self.role_bindings.get(namespace).filter(|_| !namespace.is_empty());
        let here = here.into_iter().flatten().map(move |binding| (namespace, binding));
        everywhere.chain(here).flat_map(|(namespace, (name, binding))| {
            let subject = binding.subject(user, namespace);
            let rules = subject.map(|subject| (subject, self.rules_of(&binding.role_ref, namespace)));
            let (found, missing) = match rules {
                Some((subject, Ok(rules))) => (Some((subject, rules)), None),
                Some((_, Err(missing))) => (None, Some(Err(missing))),
                None => (None, None),
            };
            let grants = found.into_iter().flat_map(move |(subject, rules)| {
                let source = Source { namespace, name, role: &binding.role_ref, subject };
                rules.iter().map(move |rule| Ok((source, rule)))
            });
            grants.chain(missing)
        })
    }

    /// Why the user may, or the roles that were looked for in vain.
    pub fn allows(&self, user: &User, attributes: &Attributes) -> Result<String, Vec<NoRole>> {
        let namespace = match &*attributes.target {
            Target::Resource { namespace, .. } => namespace.as_str(),
            Target::NonResource { .. } => "",
        };
        let mut missing = Vec::new();
        for grant in self.grants(user, namespace) {
            match grant {
                Ok((source, rule)) if rule.allows(&attributes.verb, &attributes.target) => {
                    return Ok(format!("RBAC: allowed by {source}"));
                }
                Ok(_) => {}
                Err(role) => missing.push(role),
            }
        }
        Err(missing)
    }
}

/// As Go shows an aggregate of errors: each once, in brackets if there are several; empty for none.
pub fn aggregate(errors: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for error in errors {
        if !seen.contains(&error) {
            seen.push(error);
        }
    }
    match seen.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}
