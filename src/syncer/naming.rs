//! Where an object of the workspace is found on the physical cluster, and which one it is there.
//!
//! Pure. Names, hashes and texts are those of the original TMC, byte for byte, so that clusters it left behind stay
//! readable. Nothing here looks at an object; what an object says of itself is `ownership`'s.

mod locator;

pub use locator::{HASHED, LOCATOR, Locator, TENANT_ID};

use std::sync::Arc;

use super::{identity::Identity, kind::Kind};
use crate::api::workload::NamespaceMapping;

/// Namespaces that belong to a control plane: nothing in them is synced, and nothing is written to them.
const SYSTEM: [&str; 5] = ["kcp-system", "kube-node-lease", "kube-public", "kube-system", "tmc-system"];

/// What every cluster makes for itself in each namespace, and what the workspace's is called there instead.
pub const ROOT_CA: &str = "kube-root-ca.crt";
const OWN_ROOT_CA: &str = "kcp-root-ca.crt";
const DEFAULT_TOKEN: &str = "default-token-";
const OWN_PREFIX: &str = "kcp-";

/// Where an object is. `namespace` is empty for a cluster-scoped one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub namespace: String,
    pub name: String,
}

/// Why an object has no place on the cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamingError {
    #[error("namespace {0:?} belongs to the control plane and is never synced")]
    SystemNamespace(String),
    /// Two objects of the workspace would be one on the cluster.
    #[error(
        "the name {name:?} stands on the cluster for {taken_by:?} of the workspace: give the object another name"
    )]
    Taken { name: String, taken_by: String },
}

pub fn is_system_namespace(namespace: &str) -> bool {
    SYSTEM.contains(&namespace)
}

/// Where the object of the workspace is on the cluster.
pub fn downstream(
    identity: &Identity,
    kind: &Kind,
    namespace: &str,
    name: &str,
) -> Result<Place, NamingError> {
    mapped(identity, identity.namespace_mapping, kind, namespace, name)
}

/// The same if namespaces were mapped so.
pub fn mapped(
    identity: &Identity,
    mapping: NamespaceMapping,
    kind: &Kind,
    namespace: &str,
    name: &str,
) -> Result<Place, NamingError> {
    let namespace = match kind.namespaced {
        true => mapped_namespace(identity, mapping, namespace)?,
        false => String::new(),
    };
    Ok(Place { namespace, name: downstream_name(kind, name)? })
}

/// The namespace on the cluster that holds a namespace of the workspace.
pub fn downstream_namespace(identity: &Identity, namespace: &str) -> Result<String, NamingError> {
    mapped_namespace(identity, identity.namespace_mapping, namespace)
}

fn mapped_namespace(
    identity: &Identity,
    mapping: NamespaceMapping,
    namespace: &str,
) -> Result<String, NamingError> {
    if is_system_namespace(namespace) {
        return Err(NamingError::SystemNamespace(namespace.to_owned()));
    }
    Ok(match mapping {
        NamespaceMapping::Hashed => hashed(identity, namespace).to_string(),
        NamespaceMapping::Preserve => namespace.to_owned(),
    })
}

/// The name that stands for a namespace of the workspace where they are named by hashes.
pub fn hashed(identity: &Identity, namespace: &str) -> Arc<str> {
    identity.hashed(namespace, || Locator::new(identity, namespace).hashed_name())
}

/// The name on the cluster. No two names become one, and [`upstream_name`] leads back.
pub fn downstream_name(kind: &Kind, name: &str) -> Result<String, NamingError> {
    if let Some(renamed) = renamed(&kind.group, &kind.resource, name) {
        return Ok(renamed);
    }
    match restored(&kind.group, &kind.resource, name) {
        Some(taken_by) => Err(NamingError::Taken { name: name.to_owned(), taken_by }),
        None => Ok(name.to_owned()),
    }
}

/// The name in the workspace; none for what a cluster makes for itself, which is no object of ours.
pub fn upstream_name(kind: &Kind, name: &str) -> Option<String> {
    if let Some(restored) = restored(&kind.group, &kind.resource, name) {
        return Some(restored);
    }
    renamed(&kind.group, &kind.resource, name).is_none().then(|| name.to_owned())
}

/// What an object of this name is called on the cluster, if that is something else. For references to it.
pub fn renamed(group: &str, resource: &str, name: &str) -> Option<String> {
    match (group, resource) {
        ("", "configmaps") if name == ROOT_CA => Some(OWN_ROOT_CA.to_owned()),
        ("", "secrets") if name.starts_with(DEFAULT_TOKEN) => Some(format!("{OWN_PREFIX}{name}")),
        _ => None,
    }
}

fn restored(group: &str, resource: &str, name: &str) -> Option<String> {
    match (group, resource) {
        ("", "configmaps") if name == OWN_ROOT_CA => Some(ROOT_CA.to_owned()),
        ("", "secrets") => {
            name.strip_prefix(OWN_PREFIX).filter(|rest| rest.starts_with(DEFAULT_TOKEN)).map(str::to_owned)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
