//! Makes a target upstream with everything its syncer is there, and says what its cluster needs.
//!
//! Every step can be done again: what is there already is brought up to date, and a new token replaces the old one.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Access, Plan, TargetSpec, target, upstream, upstream_account};
use crate::{
    api::{
        placement::GroupResource,
        workload::{Mode, key},
        workspace::workspace_of,
    },
    registration::{
        apply::{Apply, ApplyError, failed, find},
        kinds::{self, address},
    },
    security::rules::syncer::Scope,
    upstream::Upstream,
};

#[cfg(test)]
mod tests;

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Request {
    pub name: String,
    pub spec: TargetSpec,
    pub mode: Mode,
    pub kinds: Vec<GroupResource>,
    pub upsync: Vec<GroupResource>,
    pub image: String,
    pub replicas: u32,
    pub flags: Vec<String>,
    pub config: Option<String>,
    pub fence: bool,
    /// How the cluster reaches the API; the token in it is used, or where it is empty, asked for.
    pub access: Access,
    pub token_lifetime: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(
        "SyncTarget {0} has no spec.kcpCluster, so it belongs to no workspace: give --workspace, for example \
         --workspace root:production"
    )]
    NoWorkspace(String),
    #[error(
        "this API issues no tokens for ServiceAccounts: give one with --token-file, whose user has the role {role}"
    )]
    NoTokens { role: String },
    #[error("the API answered a request for a token without one")]
    Answer,
}

/// What came of it.
#[derive(Debug)]
pub struct Installed {
    pub plan: Plan,
    pub access: Access,
    /// When the token that was asked for ends.
    pub expires: Option<Timestamp>,
}

/// Who a target is: the uid that a Lease is named by, and the key that stamps hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub uid: String,
    /// `None`: it belongs to no workspace.
    pub key: Option<String>,
}

impl Identity {
    /// On a Kubernetes `spec.kcpCluster` stands for the logical cluster that stores the target.
    pub fn of(target: &Value) -> Self {
        let stored = target["metadata"]["annotations"]["kcp.io/cluster"].as_str();
        let cluster = stored.or_else(|| workspace_of(target["spec"]["kcpCluster"].as_str()));
        let uid = target["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        Self { uid, key: cluster.map(|cluster| key(cluster, address(target).1)) }
    }
}

/// The target, its syncer's account and rights, and a token.
pub async fn install(apply: &mut Apply<'_>, request: &Request) -> Result<Installed, InstallError> {
    refuse_homeless(apply.upstream, request).await?;
    let identity = Identity::of(&put(apply, request).await?);
    let scope = scope(request, &identity.uid);
    for object in upstream(&scope) {
        apply.apply(&object).await?;
    }
    let (token, expires) = match request.access.token.as_str() {
        "" => self::token(apply.upstream, request).await?,
        given => (given.to_owned(), None),
    };
    let plan = Plan {
        scope,
        key: identity.key.unwrap_or_default(),
        image: request.image.clone(),
        replicas: request.replicas,
        flags: request.flags.clone(),
        config: request.config.clone(),
        fence: request.fence,
    };
    Ok(Installed { plan, access: Access { token, ..request.access.clone() }, expires })
}

/// A target that is there keeps everything it is not told anew: it may have been made by somebody else.
async fn put(apply: &mut Apply<'_>, request: &Request) -> Result<Value, ApplyError> {
    let (kind, name) = (kinds::SYNC_TARGET, &request.name);
    let told = target(name, &request.spec);
    if find(apply.upstream, kind, "", name).await?.is_none() {
        return apply.apply(&told).await;
    }
    let body = told.to_string().into_bytes();
    let patch = Some("application/merge-patch+json");
    let answer = apply.upstream.json(Method::PATCH, &kind.path("", name), patch, body).await;
    let target = answer.map_err(|error| failed("patch", kind, "", name, error))?;
    (apply.say)(&format!("patched {} {name}", kind.resource()));
    Ok(target)
}

/// The objects that [`install`] would apply, as far as they can be known before the target has a uid.
pub async fn preview(upstream: &Upstream, request: &Request) -> Result<Vec<Value>, InstallError> {
    refuse_homeless(upstream, request).await?;
    let found = find(upstream, kinds::SYNC_TARGET, "", &request.name).await?;
    let uid = found.map_or_else(|| "UID-OF-THE-NEW-TARGET".to_owned(), |found| Identity::of(&found).uid);
    let mut objects = vec![target(&request.name, &request.spec)];
    objects.extend(super::upstream(&scope(request, &uid)));
    Ok(objects)
}

fn scope(request: &Request, uid: &str) -> Scope {
    Scope {
        target: request.name.clone(),
        uid: uid.to_owned(),
        mode: request.mode,
        kinds: request.kinds.clone(),
        upsync: request.upsync.clone(),
    }
}

/// Before anything is written. A kcp says itself which workspace it is; its URL has one.
async fn refuse_homeless(upstream: &Upstream, request: &Request) -> Result<(), InstallError> {
    let is_kcp = upstream.server.contains("/clusters/");
    if request.spec.workspace.is_some() || is_kcp || request.mode == Mode::Observe {
        return Ok(());
    }
    let found = find(upstream, kinds::SYNC_TARGET, "", &request.name).await?;
    if found.is_some_and(|found| Identity::of(&found).key.is_some()) {
        return Ok(());
    }
    Err(InstallError::NoWorkspace(request.name.clone()))
}

/// A token of the syncer's account that ends.
async fn token(upstream: &Upstream, request: &Request) -> Result<(String, Option<Timestamp>), InstallError> {
    let (namespace, account) = upstream_account(&request.name);
    let path = format!("{}/token", kinds::SERVICE_ACCOUNT.path(namespace, &account));
    let review = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": {"expirationSeconds": request.token_lifetime.as_secs()},
    });
    let body = review.to_string().into_bytes();
    let answer = upstream.json::<Value>(Method::POST, &path, Some("application/json"), body).await;
    let answer = answer.map_err(|error| match error.code().map(|code| code.as_u16()) {
        Some(404 | 405) => {
            InstallError::NoTokens { role: crate::security::rules::syncer::role_name(&request.name) }
        }
        _ => failed("create a token of", kinds::SERVICE_ACCOUNT, namespace, &account, error).into(),
    })?;
    let status = &answer["status"];
    let token = status["token"].as_str().filter(|token| !token.is_empty()).ok_or(InstallError::Answer)?;
    let expires = status["expirationTimestamp"].as_str().and_then(|time| time.parse().ok());
    Ok((token.to_owned(), expires))
}
