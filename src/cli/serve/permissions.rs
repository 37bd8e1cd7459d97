//! What `tmc serve` may do, asked before it says that it listens: what is missing and needed ends it with one
//! sentence. An API that does not answer, or will not say, is no denial: the tasks that need it retry.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    security::rules::{self, Permission},
    upstream::{Upstream, UpstreamError, rights},
};

/// How long the start waits for answers.
const PATIENCE: Duration = Duration::from_secs(3);
/// A right that was granted a moment ago may not have reached the authorizer: a denial counts once it lasted.
const LASTS: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
#[error("{who} may not {missing}: run `tmc register`, or kubectl apply -f apiservice/")]
pub struct Denied {
    who: String,
    missing: String,
}

/// Fails only for a needed permission that is denied for [`LASTS`]. `authorities_given`: both are flags, so
/// that the cluster's own need not be read.
pub async fn check(
    upstream: &Upstream,
    namespace: &str,
    own_ca: bool,
    authorities_given: bool,
) -> Result<(), Denied> {
    let mut asked = rules::server_permissions(namespace, own_ca);
    asked.retain(|permission| !(authorities_given && permission.resource == "configmaps"));
    // `get` beside list and watch is granted for people who look with the same role.
    asked.retain(|permission| {
        permission.is_required() || permission.verb != "get" || !permission.name.is_empty()
    });
    let start = Instant::now();
    loop {
        let denied = match timeout(PATIENCE, denied(upstream, &asked)).await {
            Ok(Ok(denied)) => denied,
            Ok(Err(error)) => {
                tracing::warn!(%error, "what this server may do could not be asked; going on");
                return Ok(());
            }
            Err(_) => {
                tracing::warn!("what this server may do was not answered in time; going on");
                return Ok(());
            }
        };
        let (needed, wanted): (Vec<&Permission>, Vec<&Permission>) =
            denied.into_iter().partition(|permission| permission.is_required());
        if needed.is_empty() {
            if !wanted.is_empty() {
                tracing::warn!("this server may not {}; it goes on without", list(&wanted));
            }
            return Ok(());
        }
        if start.elapsed() >= LASTS {
            return Err(Denied { who: who(upstream).await, missing: list(&needed) });
        }
        sleep(AGAIN).await;
    }
}

async fn denied<'a>(
    upstream: &Upstream,
    asked: &'a [Permission],
) -> Result<Vec<&'a Permission>, UpstreamError> {
    let answers = join_all(asked.iter().map(|permission| async move {
        Ok((permission, rights::may(upstream, &permission.to_json()).await?))
    }));
    let answers: Result<Vec<_>, _> = answers.await.into_iter().collect();
    Ok(answers?.into_iter().filter(|(_, allowed)| !allowed).map(|(permission, _)| permission).collect())
}

async fn who(upstream: &Upstream) -> String {
    match timeout(PATIENCE, rights::user_name(upstream)).await {
        Ok(Ok(name)) => format!("user {name:?}"),
        _ => "this server".to_owned(),
    }
}

/// `list, watch a.group (granted by role x), create b (…)`: verbs on the same thing together.
fn list(permissions: &[&Permission]) -> String {
    let parts = permissions.chunk_by(|one, other| one.on() == other.on()).map(|same| {
        let verbs: Vec<_> = same.iter().map(|permission| permission.verb.as_str()).collect();
        format!("{} {} (granted by {})", verbs.join(", "), same[0].on(), role(same[0]))
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn role(permission: &Permission) -> String {
    let kind = if permission.namespace.is_empty() { "ClusterRole" } else { "Role" };
    format!("{kind} {}", permission.role)
}

#[cfg(test)]
mod tests;
