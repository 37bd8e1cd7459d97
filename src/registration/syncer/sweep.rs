//! What a syncer that is gone left on a cluster: objects with its stamps whose origin upstream is gone for sure.
//!
//! [`judge`] is pure and doubts everything: an object goes only if it is ours by label and by owner, and its origin
//! answered 404 by its own name, or has another uid now.

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    kind_id,
    release::{list, root},
};
use crate::{
    api::placement::GroupResource,
    security::rules::OWNER_LABEL,
    upstream::{Upstream, UpstreamError},
};

const OWNER: &str = "workload.kcp.io/owner";

/// Whose leftovers are looked for.
#[derive(Clone, Debug)]
pub struct Former {
    pub key: String,
    /// Of the target.
    pub uid: String,
    /// The whole workspace is gone: nobody can be asked, and nobody is.
    pub workspace_gone: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Owner {
    #[serde(rename = "syncTargetUID")]
    sync_target_uid: String,
    namespace: String,
    name: String,
    uid: String,
}

/// What upstream says of an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is there, with this uid.
    There(String),
    /// 404, with the origin's own name.
    Gone,
    /// Anything else is no proof.
    Unknown(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Sweep,
    Keep(String),
}

/// One object on the cluster and what becomes of it.
#[derive(Clone, Debug)]
pub struct Leftover {
    pub path: String,
    pub uid: String,
    pub version: String,
    pub fate: Fate,
}

fn owner(object: &Value) -> Option<Owner> {
    serde_json::from_str(object["metadata"]["annotations"][OWNER].as_str()?).ok()
}

/// `None` of an origin that was not asked about, since the workspace is gone.
pub fn judge(former: &Former, object: &Value, origin: Option<&Origin>) -> Fate {
    if object["metadata"]["labels"][OWNER_LABEL] != former.key.as_str() {
        return Fate::Keep("it does not have the target's key".to_owned());
    }
    let Some(owner) = owner(object).filter(|owner| !owner.uid.is_empty() && !owner.name.is_empty()) else {
        return Fate::Keep("it does not say where it comes from".to_owned());
    };
    if owner.sync_target_uid != former.uid {
        return Fate::Keep(format!("it belongs to the target with uid {}", owner.sync_target_uid));
    }
    match origin {
        None if former.workspace_gone => Fate::Sweep,
        None => Fate::Keep("nobody was asked about its origin".to_owned()),
        Some(Origin::There(uid)) if *uid == owner.uid => Fate::Keep("its origin is still there".to_owned()),
        Some(Origin::There(_) | Origin::Gone) => Fate::Sweep,
        Some(Origin::Unknown(why)) => Fate::Keep(format!("nobody knows whether its origin is gone: {why}")),
    }
}

/// Looks at every object of these kinds that has the key; also says which kinds could not be looked at.
pub async fn survey(
    upstream: Option<&Upstream>,
    downstream: &Upstream,
    kinds: &[GroupResource],
    former: &Former,
) -> (Vec<Leftover>, Vec<String>) {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for kind in kinds {
        let objects = match list(downstream, kind, &format!("{OWNER_LABEL}={}", former.key)).await {
            Ok(objects) => objects.unwrap_or_default(),
            Err(error) => {
                unread.push(format!("cannot list {} on the cluster: {error}", kind_id(kind)));
                continue;
            }
        };
        for (path, object) in objects {
            let origin = match upstream.filter(|_| !former.workspace_gone) {
                Some(upstream) => Some(ask(upstream, kind, &owner(&object).unwrap_or_default()).await),
                None => None,
            };
            let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
            let fate = judge(former, &object, origin.as_ref());
            found.push(Leftover { path, uid: text("uid"), version: text("resourceVersion"), fate });
        }
    }
    (found, unread)
}

async fn ask(upstream: &Upstream, kind: &GroupResource, owner: &Owner) -> Origin {
    let place = match owner.namespace.as_str() {
        "" => String::new(),
        namespace => format!("/namespaces/{namespace}"),
    };
    let root = match root(upstream, &kind.group).await {
        Ok(Some(root)) => root,
        Ok(None) => return Origin::Unknown(format!("{} is not served there", kind_id(kind))),
        Err(error) => return Origin::Unknown(error.to_string()),
    };
    let path = format!("{root}{place}/{}/{}", kind.resource, owner.name);
    answered(upstream.get::<Value>(&path).await, kind, &owner.name)
}

/// A 404 that does not name the very object may be about its namespace, its kind, its workspace or a proxy.
fn answered(answer: Result<Value, UpstreamError>, kind: &GroupResource, name: &str) -> Origin {
    let missing = format!("{} {name:?} not found", kind_id(kind));
    match answer {
        Ok(object) => Origin::There(object["metadata"]["uid"].as_str().unwrap_or_default().to_owned()),
        Err(UpstreamError::Status { code: StatusCode::NOT_FOUND, message, .. }) if message == missing => {
            Origin::Gone
        }
        Err(error) => Origin::Unknown(error.to_string()),
    }
}

/// Deletes one, if it still is what was looked at.
pub async fn delete(downstream: &Upstream, leftover: &Leftover) -> Result<(), UpstreamError> {
    let body = json!({
        "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background",
        "preconditions": {"uid": leftover.uid, "resourceVersion": leftover.version},
    });
    let body = body.to_string().into_bytes();
    match downstream.json::<Value>(Method::DELETE, &leftover.path, Some("application/json"), body).await {
        Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => Ok(()),
        other => other.map(drop),
    }
}

#[cfg(test)]
mod tests;
