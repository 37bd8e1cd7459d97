//! Everything that makes a physical cluster a target: what its syncer is upstream, and what runs below.
//!
//! Made from the [`Plan`] and the rule table, as JSON values: one source for `tmc workload sync`, `tmc join` and
//! `tmc rbac manifests`. It sends nothing. The objects for below hold the syncer's token.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    kinds::{self, Kind},
    manifests::object,
};
use crate::{
    api::{
        placement::GroupResource,
        workload::{Mode, NamespaceMapping},
    },
    security::rules::{
        Fenced, LEASE_NAMESPACE, fence,
        syncer::{self, Scope, SyncerRole},
    },
};

mod access;
mod deployment;
pub mod install;
pub mod release;
pub mod sweep;
#[cfg(test)]
mod tests;

pub use access::Access;

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
/// The ServiceAccount of a syncer on its physical cluster.
const SERVICE_ACCOUNT: &str = "syncer";
/// The label that tells one syncer's objects from another's.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// The longest part of a target's name that names on the cluster hold as it is.
const NAME: usize = 40;

/// What is to be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub scope: Scope,
    /// The target's key.
    pub key: String,
    pub image: String,
    pub replicas: u32,
    /// Flags that are handed on as they are.
    pub flags: Vec<String>,
    /// The text of a file for `--config`.
    pub config: Option<String>,
    /// Whether a ValidatingAdmissionPolicy holds the syncer to its own namespaces.
    pub fence: bool,
}

/// The spec that `tmc workload sync` writes of a SyncTarget; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetSpec {
    pub workspace: Option<String>,
    pub labels: Vec<(String, String)>,
    pub namespace_mapping: Option<NamespaceMapping>,
    pub api_exports: Vec<String>,
}

/// The target itself.
pub fn target(name: &str, spec: &TargetSpec) -> Value {
    let mut target = json!({
        "apiVersion": kinds::SYNC_TARGET.api_version, "kind": kinds::SYNC_TARGET.kind,
        "metadata": {"name": name}, "spec": {},
    });
    if !spec.labels.is_empty() {
        target["metadata"]["labels"] =
            spec.labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    }
    if let Some(workspace) = &spec.workspace {
        target["spec"]["kcpCluster"] = json!(workspace);
    }
    if let Some(mapping) = spec.namespace_mapping {
        target["spec"]["namespaceMapping"] = json!(mapping);
    }
    if !spec.api_exports.is_empty() {
        target["spec"]["supportedAPIExports"] = json!(spec.api_exports);
    }
    target
}

/// As a label of a host name allows: the target's name, or where that is too long or holds a dot, its beginning
/// and a digest.
pub fn namespace(target: &str) -> String {
    let plain = target.len() <= NAME && !target.contains('.');
    let name = if plain { target.to_owned() } else { shortened(target) };
    format!("tmc-syncer-{name}")
}

fn shortened(target: &str) -> String {
    let digest: String = Sha256::digest(target).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let begin: String = target.chars().take(NAME - digest.len() - 1).collect();
    format!("{}-{digest}", begin.replace('.', "-").trim_end_matches('-'))
}

/// The ServiceAccount of the syncer upstream is there with the Lease it renews.
pub fn upstream_account(target: &str) -> (&'static str, String) {
    (LEASE_NAMESPACE, namespace(target))
}

/// What the syncer is and may do upstream, in the order in which it has to be applied. The target itself is not
/// among them: its uid must be known first.
pub fn upstream(scope: &Scope) -> Vec<Value> {
    let (place, account) = upstream_account(&scope.target);
    let mut objects = vec![
        // Shared with the server, so nobody's in particular.
        object(kinds::NAMESPACE, "", LEASE_NAMESPACE),
        syncers(&scope.target, kinds::SERVICE_ACCOUNT, place, &account),
    ];
    objects.extend(roles(&scope.target, &syncer::upstream(scope), place, &account));
    objects
}

/// The rights of the syncer below, and the fence around it.
pub fn downstream_rights(scope: &Scope, key: Option<&str>) -> Vec<Value> {
    let (target, place) = (&scope.target, namespace(&scope.target));
    let of = |kind, namespace: &str, name: &str| syncers(target, kind, namespace, name);
    let mut objects =
        vec![of(kinds::NAMESPACE, "", &place), of(kinds::SERVICE_ACCOUNT, &place, SERVICE_ACCOUNT)];
    objects.extend(roles(target, &syncer::downstream(scope), &place, SERVICE_ACCOUNT));
    // Who writes nothing needs no fence.
    if let Some(key) = key.filter(|_| scope.mode != Mode::Observe) {
        let name = syncer::role_name(&scope.target);
        let fenced = Fenced { name: &name, namespace: &place, service_account: SERVICE_ACCOUNT, key };
        for mut object in fence(&fenced) {
            object["metadata"]["labels"] = labels(&scope.target);
            objects.push(object);
        }
    }
    objects
}

/// All that the cluster needs.
pub fn downstream(plan: &Plan, access: &Access) -> Vec<Value> {
    let mut objects = downstream_rights(&plan.scope, plan.fence.then_some(plan.key.as_str()));
    let place = namespace(&plan.scope.target);
    objects.push(access.secret(&plan.scope.target));
    if let Some(config) = &plan.config {
        let mut map = syncers(&plan.scope.target, kinds::CONFIG_MAP, &place, deployment::CONFIG);
        map["data"] = json!({deployment::CONFIG_FILE: config});
        objects.push(map);
    }
    objects.push(deployment::deployment(plan, access));
    objects
}

/// By these all objects of one syncer are found.
fn labels(target: &str) -> Value {
    json!({
        "app.kubernetes.io/name": "tmc-syncer", INSTANCE: namespace(target),
        super::manifests::MANAGED_BY.0: super::manifests::MANAGED_BY.1,
    })
}

fn syncers(target: &str, kind: Kind, namespace: &str, name: &str) -> Value {
    let mut object = object(kind, namespace, name);
    object["metadata"]["labels"] = labels(target);
    object
}

fn roles(target: &str, roles: &[SyncerRole], account_namespace: &str, account: &str) -> Vec<Value> {
    let mut objects = Vec::new();
    for role in roles {
        let (kind, binding) = match role.namespace {
            None => (kinds::CLUSTER_ROLE, kinds::CLUSTER_ROLE_BINDING),
            Some(_) => (kinds::ROLE, kinds::ROLE_BINDING),
        };
        let place = role.namespace.as_deref().unwrap_or_default();
        let mut object = syncers(target, kind, place, &role.name);
        object["rules"] = json!(role.rules_json());
        objects.push(object);
        let mut object = syncers(target, binding, place, &role.name);
        object["roleRef"] = json!({"apiGroup": RBAC_GROUP, "kind": kind.kind, "name": role.name});
        object["subjects"] =
            json!([{"kind": "ServiceAccount", "namespace": account_namespace, "name": account}]);
        objects.push(object);
    }
    objects
}

/// `deployments.apps`, `secrets`: as flags name a kind.
pub fn kind_id(kind: &GroupResource) -> String {
    match kind.group.as_str() {
        "" => kind.resource.clone(),
        group => format!("{}.{group}", kind.resource),
    }
}

/// The same backwards. A usual kind needs no group.
pub fn parse_kind(text: &str) -> Result<GroupResource, String> {
    if let Some(usual) = syncer::default_kinds().into_iter().find(|kind| kind.resource == text) {
        return Ok(usual);
    }
    let (resource, group) = text.split_once('.').unwrap_or((text, ""));
    let label = |text: &str| {
        let good =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
        text.bytes().all(good)
    };
    if resource.is_empty() || !label(resource) || !label(group) || text.ends_with('.') {
        return Err(format!(
            "{text:?}: give a plural with its group, for example deployments.apps or services"
        ));
    }
    Ok(GroupResource { group: group.to_owned(), resource: resource.to_owned() })
}
