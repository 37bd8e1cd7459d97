//! Takes a target away without its syncer: what held the workloads upstream is taken off them, and they stay where
//! they are. For a syncer that will never come back; one that lives does it itself.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{INSTANCE, kind_id};
use crate::{
    api::{placement::GroupResource, workload::Mode},
    registration::{
        apply::{ApplyError, failed},
        kinds::{Kind, SYNC_TARGET, address},
    },
    security::rules::syncer::Scope,
    upstream::{Upstream, UpstreamError},
};

/// The finalizer of the target itself.
pub const TARGET_FINALIZER: &str = "workload.kcp.io/synctarget";
/// Told to a syncer that comes back all the same: with its target's uid as value it writes nothing any more.
pub const FORCE_DETACH: &str = "workload.kcp.io/force-detach";
const PAGE: usize = 500;

/// The finalizer by which the syncer of this key holds a workload.
pub fn finalizer(key: &str) -> String {
    format!("workload.kcp.io/syncer-{key}")
}

/// One object as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub path: String,
    pub version: String,
    pub finalizers: Vec<String>,
}

/// Every object of the kind; `None`: the API does not serve it. `selector` is a label selector, or empty.
pub async fn list(
    upstream: &Upstream,
    kind: &GroupResource,
    selector: &str,
) -> Result<Option<Vec<(String, Value)>>, UpstreamError> {
    let Some(root) = root(upstream, &kind.group).await? else { return Ok(None) };
    let selector: String =
        percent_encoding::utf8_percent_encode(selector, percent_encoding::NON_ALPHANUMERIC).to_string();
    let (mut objects, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("{root}/{}?limit={PAGE}&labelSelector={selector}&continue={token}", kind.resource);
        let page: Value = match upstream.get(&path).await {
            Ok(page) => page,
            // The group is there, the kind is not.
            Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => return Ok(None),
            Err(error) => return Err(error),
        };
        for item in page["items"].as_array().into_iter().flatten() {
            let metadata = &item["metadata"];
            let name = metadata["name"].as_str().unwrap_or_default();
            let place =
                metadata["namespace"].as_str().map_or_else(String::new, |name| format!("/namespaces/{name}"));
            objects.push((format!("{root}{place}/{}/{name}", kind.resource), item.clone()));
        }
        token = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            return Ok(Some(objects));
        }
        token = percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC).to_string();
    }
}

/// The path of the version that the API prefers.
pub async fn root(upstream: &Upstream, group: &str) -> Result<Option<String>, UpstreamError> {
    if group.is_empty() {
        return Ok(Some("/api/v1".to_owned()));
    }
    match upstream.get::<Value>(&format!("/apis/{group}")).await {
        Ok(found) => {
            Ok(found["preferredVersion"]["groupVersion"].as_str().map(|version| format!("/apis/{version}")))
        }
        Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What of these objects the finalizer is on.
pub fn held(objects: &[(String, Value)], finalizer: &str) -> Vec<Held> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let objects = objects.iter().map(|(path, object)| Held {
        path: path.clone(),
        version: object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned(),
        finalizers: texts(&object["metadata"]["finalizers"]),
    });
    objects.filter(|held| held.finalizers.iter().any(|one| one == finalizer)).collect()
}

/// What is left to do by hand, in words for people; empty: all is released.
pub async fn release(
    upstream: &Upstream,
    kinds: &[GroupResource],
    key: &str,
    say: &mut (dyn FnMut(&str) + Send),
) -> Vec<String> {
    let (mut left, finalizer) = (Vec::new(), finalizer(key));
    for kind in kinds {
        match list(upstream, kind, "").await {
            Ok(objects) => {
                for held in held(&objects.unwrap_or_default(), &finalizer) {
                    match drop_finalizer(upstream, &held, &finalizer).await {
                        Ok(()) => say(&format!("released {}", held.path)),
                        Err(error) => left.push(format!("{}: {error}", held.path)),
                    }
                }
            }
            Err(error) => left.push(format!("cannot list {}: {error}", kind_id(kind))),
        }
    }
    left
}

/// Nothing else of the object changes, and nothing at all if somebody else has changed it meanwhile.
async fn drop_finalizer(upstream: &Upstream, held: &Held, finalizer: &str) -> Result<(), UpstreamError> {
    let kept: Vec<_> = held.finalizers.iter().filter(|one| *one != finalizer).collect();
    let patch = json!({"metadata": {"resourceVersion": held.version, "finalizers": kept}});
    let body = patch.to_string().into_bytes();
    let answer =
        upstream.json::<Value>(Method::PATCH, &held.path, Some("application/merge-patch+json"), body).await;
    match answer {
        Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => Ok(()),
        other => other.map(drop),
    }
}

/// Says for good that the syncer is not coming back, and lets the target go.
pub async fn force(upstream: &Upstream, name: &str, uid: &str) -> Result<(), ApplyError> {
    let patch = json!({"metadata": {"uid": uid, "annotations": {FORCE_DETACH: uid}}});
    change(upstream, name, "annotate", &patch).await
}

pub async fn let_go(upstream: &Upstream, target: &Value) -> Result<(), ApplyError> {
    let name = target["metadata"]["name"].as_str().unwrap_or_default();
    for held in held(&[(SYNC_TARGET.path("", name), target.clone())], TARGET_FINALIZER) {
        drop_finalizer(upstream, &held, TARGET_FINALIZER)
            .await
            .map_err(|error| failed("patch", SYNC_TARGET, "", name, error))?;
    }
    Ok(())
}

/// Takes the syncer's account upstream away, and with it every token it ever got.
pub async fn revoke(upstream: &Upstream, target: &str) -> Result<(), ApplyError> {
    let scope = Scope {
        target: target.to_owned(),
        uid: String::new(),
        mode: Mode::Observe,
        kinds: Vec::new(),
        upsync: Vec::new(),
    };
    let ours = |object: &Value| !object["metadata"]["labels"][INSTANCE].is_null();
    for object in super::upstream(&scope).iter().filter(|object| ours(object)) {
        let (namespace, name) = address(object);
        let Some(kind) = Kind::of(object) else { continue };
        let answer =
            upstream.json::<Value>(Method::DELETE, &kind.path(namespace, name), None, Vec::new()).await;
        match answer {
            Err(error) if error.code() != Some(StatusCode::NOT_FOUND) => {
                return Err(failed("delete", kind, namespace, name, error));
            }
            _ => {}
        }
    }
    Ok(())
}

async fn change(
    upstream: &Upstream,
    name: &str,
    verb: &'static str,
    patch: &Value,
) -> Result<(), ApplyError> {
    let (path, body) = (SYNC_TARGET.path("", name), patch.to_string().into_bytes());
    let answer =
        upstream.json::<Value>(Method::PATCH, &path, Some("application/merge-patch+json"), body).await;
    answer.map(drop).map_err(|error| failed(verb, SYNC_TARGET, "", name, error))
}

/// Deletes the target, if it still is the one with this uid.
pub async fn delete(upstream: &Upstream, name: &str, uid: &str) -> Result<(), ApplyError> {
    let body = json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}});
    let body = body.to_string().into_bytes();
    let answer = upstream
        .json::<Value>(Method::DELETE, &SYNC_TARGET.path("", name), Some("application/json"), body)
        .await;
    match answer {
        Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => Ok(()),
        other => other.map(drop).map_err(|error| failed("delete", SYNC_TARGET, "", name, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_finalizer_is_on_is_held() {
        let object = |name: &str, finalizers: Value| {
            (name.to_owned(), json!({"metadata": {"resourceVersion": "7", "finalizers": finalizers}}))
        };
        let mine = finalizer("KEY");
        let objects = [
            object("a", json!([mine, "other"])),
            object("b", json!(["workload.kcp.io/syncer-KEY2"])),
            object("c", Value::Null),
        ];
        let found = held(&objects, &mine);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.as_str(), found[0].version.as_str()), ("a", "7"));
    }
}
