//! Roles and bindings, made from the rule table of `security::rules`.

use serde_json::{Value, json};

use super::{super::kinds, object};
use crate::{
    registration::installation::{Installation, ServingCa},
    security::rules::{self, Grant, Rule, UserRole},
};

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// The server's ServiceAccount, what it may do, and the roles of the people who read views.
pub fn rbac(installation: &Installation) -> Vec<Value> {
    let namespace = &installation.service.namespace;
    let mut objects = vec![object(kinds::SERVICE_ACCOUNT, namespace, rules::SERVICE_ACCOUNT)];
    let own_ca = installation.serving_ca == ServingCa::Secret;
    for grant in rules::SERVER_GRANTS.iter().filter(|grant| own_ca || !grant.own_ca) {
        objects.extend(server_grant(grant, namespace));
    }
    if installation.door {
        objects.extend(user_role(&rules::DOOR_ROLE));
    }
    objects.extend(user_role(&rules::READER_ROLE));
    objects
}

fn role_rules(rules: &[Rule]) -> Value {
    rules.iter().map(Rule::to_json).collect()
}

fn server_grant(grant: &Grant, server_namespace: &str) -> Vec<Value> {
    let reach = grant.reach.namespace(server_namespace);
    let (role_kind, binding_kind) = match reach {
        None => (kinds::CLUSTER_ROLE, kinds::CLUSTER_ROLE_BINDING),
        Some(_) => (kinds::ROLE, kinds::ROLE_BINDING),
    };
    let namespace = reach.unwrap_or_default();
    let mut objects = Vec::new();
    if !grant.builtin {
        let mut role = object(role_kind, namespace, grant.role);
        role["rules"] = role_rules(grant.rules);
        objects.push(role);
    }
    let mut binding = object(binding_kind, namespace, &binding_name(grant));
    binding["roleRef"] = json!({"apiGroup": RBAC_GROUP, "kind": role_kind.kind, "name": grant.role});
    binding["subjects"] = json!([{
        "kind": "ServiceAccount", "namespace": server_namespace, "name": rules::SERVICE_ACCOUNT,
    }]);
    objects.push(binding);
    objects
}

/// Others bind the built-in roles too, so our bindings to them carry our name.
fn binding_name(grant: &Grant) -> String {
    if grant.builtin { format!("tmc-server:{}", grant.role) } else { grant.role.to_owned() }
}

fn user_role(role: &UserRole) -> Vec<Value> {
    let mut cluster_role = object(kinds::CLUSTER_ROLE, "", role.name);
    cluster_role["rules"] = role_rules(role.rules);
    if role.aggregate_to_view {
        cluster_role["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] = json!("true");
    }
    let mut objects = vec![cluster_role];
    if let Some(group) = role.bound_to {
        let mut binding = object(kinds::CLUSTER_ROLE_BINDING, "", role.name);
        binding["roleRef"] = json!({"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": role.name});
        binding["subjects"] = json!([{"apiGroup": RBAC_GROUP, "kind": "Group", "name": group}]);
        objects.push(binding);
    }
    objects
}
