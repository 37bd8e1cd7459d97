//! The stamps by which an object on the cluster says which syncer made it, and of what.
//!
//! Pure. A stamp counts only where all of it is there and agrees with the object that bears it: what a controller or
//! a person copied onto another object is nobody's. Who may write what on the cluster is not decided here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    identity::Identity,
    json::{entry, meta, set_entry},
    kind::Kind,
    naming::{self, Locator},
};

/// Label: the key of the target whose syncer made the object.
pub const CLUSTER: &str = "internal.workload.kcp.io/cluster";
/// Label that tools know.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub const MANAGER: &str = "kcp-syncer";
/// Annotation: the [`Owner`] as JSON.
pub const OWNER: &str = "workload.kcp.io/owner";
/// Annotation: what the object was rendered to, as a hash.
pub const DESIRED_HASH: &str = "workload.kcp.io/desired-hash";
/// Annotation: `metadata.generation` of what it was rendered from.
pub const SOURCE_GENERATION: &str = "workload.kcp.io/source-generation";
/// Annotation: by whom the object was let go, as `<uid of the target>/<uid upstream>`.
pub const RELEASED_BY: &str = "workload.kcp.io/released-by";

/// Which object of which workspace an object was made of, and for which target.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owner {
    #[serde(rename = "syncTargetUID")]
    pub sync_target_uid: String,
    /// The logical cluster of the object, not of the target.
    pub cluster: String,
    /// Empty for a cluster-scoped object.
    pub namespace: String,
    pub name: String,
    pub uid: String,
    /// `deployments.v1.apps`, `secrets.v1`
    pub gvr: String,
}

/// Whose an object on the cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Made by this target. It is *owned* if [`Owner::uid`] is that of the object there is upstream now.
    Ours(Owner),
    /// Made by another target, or by one of the same name that is gone. It is left alone.
    OtherSyncer(Owner),
    /// Not made by a syncer, as far as anybody can tell.
    None,
}

impl Owner {
    /// Of an object of the workspace; none while it has no name or uid.
    pub fn of(identity: &Identity, kind: &Kind, upstream: &Value) -> Option<Self> {
        let text =
            |field: &str| upstream.get("metadata")?.get(field)?.as_str().filter(|text| !text.is_empty());
        let namespace = if kind.namespaced { text("namespace")? } else { "" };
        Some(Self {
            sync_target_uid: identity.uid.clone(),
            cluster: identity.workspace.clone(),
            namespace: namespace.to_owned(),
            name: text("name")?.to_owned(),
            uid: text("uid")?.to_owned(),
            gvr: gvr(kind),
        })
    }

    fn is_complete(&self) -> bool {
        [&self.sync_target_uid, &self.cluster, &self.name, &self.uid, &self.gvr]
            .iter()
            .all(|part| !part.is_empty())
    }

    /// Whether an object of this kind at this place can be what the stamp speaks of. Both mappings of namespaces
    /// count, so that a target that changes over keeps what it made.
    fn fits(&self, identity: &Identity, kind: &Kind, namespace: &str, name: &str) -> bool {
        let Some((resource, group)) = parse_gvr(&self.gvr) else { return false };
        if (resource, group) != (&*kind.resource, &*kind.group) {
            return false;
        }
        let is_there = match kind.namespaced {
            true => namespace == self.namespace || *namespace == *naming::hashed(identity, &self.namespace),
            false => namespace.is_empty() && self.namespace.is_empty(),
        };
        is_there && naming::upstream_name(kind, name).is_some_and(|upstream| upstream == self.name)
    }
}

fn gvr(kind: &Kind) -> String {
    match kind.group.as_str() {
        "" => format!("{}.{}", kind.resource, kind.version),
        group => format!("{}.{}.{group}", kind.resource, kind.version),
    }
}

/// Resource and group; the version may change under an object.
fn parse_gvr(text: &str) -> Option<(&str, &str)> {
    let (resource, rest) = text.split_once('.')?;
    let group = rest.split_once('.').map_or("", |(_, group)| group);
    (!resource.is_empty()).then_some((resource, group))
}

/// Whose the object is, an object of `kind` on the cluster.
pub fn ownership(live: &Value, kind: &Kind, identity: &Identity) -> Ownership {
    let Some(owner) = stamped(live) else { return Ownership::None };
    let Some(key) = entry(live, "labels", CLUSTER) else { return Ownership::None };
    if key != identity.key() || owner.sync_target_uid != identity.uid {
        return Ownership::OtherSyncer(owner);
    }
    let (namespace, name) = (meta(live, "namespace"), meta(live, "name"));
    let is_ours = owner.cluster == identity.workspace && owner.fits(identity, kind, namespace, name);
    if is_ours { Ownership::Ours(owner) } else { Ownership::None }
}

/// Whether the object was made by this target of the object that has this uid upstream.
pub fn owns(live: &Value, kind: &Kind, identity: &Identity, upstream_uid: &str) -> bool {
    matches!(ownership(live, kind, identity), Ownership::Ours(owner) if owner.uid == upstream_uid)
}

/// Puts the stamps on a rendered object, but for its hash, which covers them.
pub fn stamp(object: &mut Value, owner: &Owner, identity: &Identity, generation: Option<i64>) {
    let text = serde_json::to_string(owner).unwrap_or_default();
    set_entry(object, "labels", CLUSTER, identity.key().to_owned());
    set_entry(object, "labels", MANAGED_BY, MANAGER.to_owned());
    set_entry(object, "annotations", OWNER, text);
    if let Some(generation) = generation {
        set_entry(object, "annotations", SOURCE_GENERATION, generation.to_string());
    }
}

/// Puts the hash on a stamped object.
pub fn stamp_hash(object: &mut Value, hash: &str) {
    set_entry(object, "annotations", DESIRED_HASH, hash.to_owned());
}

/// A merge patch that takes the stamps off an object and says who let it go. The object stays.
pub fn release(owner: &Owner) -> Value {
    let released_by = format!("{}/{}", owner.sync_target_uid, owner.uid);
    json!({"metadata": {
        "labels": {CLUSTER: null, MANAGED_BY: null},
        "annotations": {OWNER: null, DESIRED_HASH: null, SOURCE_GENERATION: null, RELEASED_BY: released_by},
    }})
}

/// The namespace of the workspace that a namespace on the cluster was made for, if this target made it.
pub fn namespace_of(live: &Value, identity: &Identity) -> Option<String> {
    let locator = Locator::of(live)?;
    let name = naming::downstream_namespace(identity, &locator.namespace).ok()?;
    (locator.is_of(identity) && live["metadata"]["name"] == *name).then_some(locator.namespace)
}

/// Whether this target let the object go, and of this object upstream: then it may take it again.
pub fn was_released(live: &Value, identity: &Identity, upstream_uid: &str) -> bool {
    entry(live, "annotations", RELEASED_BY).is_some_and(|text| {
        text.split_once('/').is_some_and(|pair| pair == (identity.uid.as_str(), upstream_uid))
            && !upstream_uid.is_empty()
    })
}

/// The hash that the object was stamped with.
pub fn desired_hash(live: &Value) -> Option<&str> {
    entry(live, "annotations", DESIRED_HASH)
}

/// The generation upstream that the object was rendered from.
pub fn source_generation(live: &Value) -> Option<i64> {
    entry(live, "annotations", SOURCE_GENERATION)?.parse().ok()
}

/// The keys of labels and annotations that only the syncer writes.
pub fn stamp_keys() -> BTreeSet<&'static str> {
    [CLUSTER, MANAGED_BY, OWNER, DESIRED_HASH, SOURCE_GENERATION, RELEASED_BY].into()
}

/// Whether a label or annotation speaks between workspaces and syncers, or is one of the stamps: it is never carried
/// from one side to the other.
pub fn is_reserved(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    domain == "kcp.io" || domain.ends_with(".kcp.io") || key == MANAGED_BY
}

fn stamped(live: &Value) -> Option<Owner> {
    let owner: Owner = serde_json::from_str(entry(live, "annotations", OWNER)?).ok()?;
    owner.is_complete().then_some(owner)
}

#[cfg(test)]
mod tests;
