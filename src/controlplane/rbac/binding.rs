//! RoleBindings and ClusterRoleBindings: whom a role is given to.
//!
//! Fed by decoded bindings. It follows `k8s.io/kubernetes/pkg/registry/rbac/validation/rule.go`.

use std::fmt;

use serde::Deserialize;

use super::rule::list;
use crate::apiserver::identity::User;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleRef {
    pub api_group: String,
    pub kind: String,
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Subject {
    pub kind: String,
    pub name: String,
    pub namespace: String,
}

/// What a binding says; its own name and namespace come from where it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Binding {
    pub role_ref: RoleRef,
    #[serde(deserialize_with = "list")]
    pub subjects: Vec<Subject>,
}

impl Binding {
    /// The first subject that is this user; `namespace` is the binding's own.
    pub fn subject(&self, user: &User, namespace: &str) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.is(user, namespace))
    }
}

impl Subject {
    pub fn is(&self, user: &User, namespace: &str) -> bool {
        match self.kind.as_str() {
            "User" => user.name == self.name,
            "Group" => user.groups.contains(&self.name),
            "ServiceAccount" => {
                let namespace = if self.namespace.is_empty() { namespace } else { &self.namespace };
                !namespace.is_empty() && is_service_account(&user.name, namespace, &self.name)
            }
            _ => false,
        }
    }
}

/// `user` compared with `system:serviceaccount:<namespace>:<name>`.
fn is_service_account(user: &str, namespace: &str, name: &str) -> bool {
    let rest = user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.strip_prefix(namespace));
    rest.and_then(|rest| rest.strip_prefix(':')) == Some(name)
}

/// What a permission comes from, as a review's reason tells it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Empty for a ClusterRoleBinding.
    pub namespace: &'a str,
    pub name: &'a str,
    pub role: &'a RoleRef,
    pub subject: &'a Subject,
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RoleRef { kind, name: role, .. } = self.role;
        let binding = match self.namespace {
            "" => format!("ClusterRoleBinding {:?}", self.name),
            namespace => format!("RoleBinding {:?}", format!("{}/{namespace}", self.name)),
        };
        let Subject { kind: who, name, namespace } = self.subject;
        let subject = match who.as_str() {
            "ServiceAccount" => {
                let namespace = if namespace.is_empty() { self.namespace } else { namespace };
                format!("{name}/{namespace}")
            }
            _ => name.clone(),
        };
        write!(formatter, "{binding} of {kind} {role:?} to {who} {subject:?}")
    }
}
