//! RBAC as Kubernetes' own tables have it, and what must hold of any policy.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{binding::RoleRef, *};
use crate::apiserver::{
    identity::{Attributes, Target, User},
    scope::Scope,
};

mod aggregation;
mod cover;
mod door;
mod escalation;
mod evaluation;
mod properties;
mod resolution;
mod start;

const HERE: &str = "root";

fn user(name: &str, groups: &[&str]) -> User {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    User { name: name.to_owned(), groups, ..User::default() }
}

fn with_extra(mut user: User, key: &str, values: &[&str]) -> User {
    user.extra.insert(key.to_owned(), values.iter().map(|value| (*value).to_owned()).collect());
    user
}

fn on(group: &str, resource: &str, namespace: &str, name: &str) -> Target {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Target::Resource {
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

fn path(path: &str) -> Target {
    Target::NonResource { path: path.to_owned() }
}

fn ask(user: &User, verb: &str, target: Target) -> Attributes {
    Attributes {
        user: Arc::new(user.clone()),
        verb: verb.to_owned().into(),
        scope: Scope::Id(HERE.into()),
        target: target.into(),
    }
}

/// `User:jane`, `ServiceAccount:namespace/name`
fn subject(text: &str) -> Value {
    let (kind, name) = text.split_once(':').unwrap();
    match name.split_once('/') {
        Some((namespace, name)) => json!({"kind": kind, "name": name, "namespace": namespace}),
        None => json!({"kind": kind, "name": name}),
    }
}

fn cluster_role(name: &str, rules: &[Rule]) -> (Kind, Value) {
    (Kind::ClusterRole, json!({"metadata": {"name": name}, "rules": rules}))
}

fn role(namespace: &str, name: &str, rules: &[Rule]) -> (Kind, Value) {
    (Kind::Role, json!({"metadata": {"name": name, "namespace": namespace}, "rules": rules}))
}

/// A binding named as its role; with a namespace a RoleBinding, without one a ClusterRoleBinding.
fn bind(namespace: &str, kind: &str, role: &str, subjects: &[&str]) -> (Kind, Value) {
    let subjects: Vec<Value> = subjects.iter().map(|text| subject(text)).collect();
    let which = if namespace.is_empty() { Kind::ClusterRoleBinding } else { Kind::RoleBinding };
    let binding = json!({
        "metadata": {"name": role, "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        "subjects": subjects,
    });
    (which, binding)
}

fn policy(objects: &[(Kind, Value)]) -> Policy {
    let mut policy = Policy::default();
    for (kind, object) in objects {
        policy.put(*kind, object).unwrap();
    }
    policy
}

/// Policies by logical cluster.
struct Fixed(BTreeMap<String, Arc<Policy>>);

impl Policies for Fixed {
    fn policy(&self, cluster: &str) -> Option<Arc<Policy>> {
        self.0.get(cluster).cloned()
    }
}

fn authorizer(door: Door, objects: &[(Kind, Value)]) -> RbacAuthorizer {
    let policies = BTreeMap::from([(HERE.to_owned(), Arc::new(policy(objects)))]);
    RbacAuthorizer::new(Arc::new(Fixed(policies)), door)
}
