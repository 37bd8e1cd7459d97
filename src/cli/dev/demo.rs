//! What `tmc dev` begins with: workspaces, a SyncTarget for each simulated cluster, sample workloads, and syncers.
//!
//! Everything is an ordinary request to the servers of this process; nothing is written that a user or a syncer
//! would not write.

mod workloads;

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{clusters::Cluster, join, link::Link, mode, path::WorkspacePath};
use crate::{
    api::workload,
    apiserver::log::ResourceLog,
    controlplane::{credentials::Credentials, plane::Plane, simulation::Mode},
    security::rules::syncer::role_name,
    supervisor::Supervisor,
    upstream::{Upstream, UpstreamError},
};

/// How long something that this process does itself may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A target that no syncer ever reports for.
const NOT_JOINED: &str = "not-joined";
const WORKSPACES: &str = "apis/tenancy.kcp.io/v1alpha1/workspaces";
const SYNC_TARGETS: &str = "apis/workload.kcp.io/v1alpha1/synctargets";

/// Creates an object. That it is there already is as good.
pub async fn create(api: &Upstream, path: &str, object: &Value) -> anyhow::Result<()> {
    let body = object.to_string().into_bytes();
    match api.json::<Value>(Method::POST, path, Some("application/json"), body).await {
        Ok(_) => Ok(()),
        Err(UpstreamError::Status { code: StatusCode::CONFLICT, reason, .. })
            if reason == "AlreadyExists" =>
        {
            Ok(())
        }
        Err(error) => {
            Err(error).with_context(|| format!("cannot create {} at {path}", object["metadata"]["name"]))
        }
    }
}

/// Makes the workspaces and those above them, and waits until each is there.
pub async fn make_workspaces(api: &Upstream, plane: &Plane, paths: &[WorkspacePath]) -> anyhow::Result<()> {
    for path in paths {
        for (parent, name) in path.steps() {
            let workspace = json!({
                "apiVersion": "tenancy.kcp.io/v1alpha1", "kind": "Workspace", "metadata": {"name": name},
            });
            create(api, &format!("/clusters/{parent}/{WORKSPACES}"), &workspace).await?;
            let whole = format!("{parent}:{name}");
            tokio::time::timeout(PATIENCE, until_there(plane, &whole))
                .await
                .with_context(|| format!("workspace {whole} did not come to be within {PATIENCE:?}"))?;
        }
    }
    Ok(())
}

async fn until_there(plane: &Plane, path: &str) {
    let mut changes = plane.store.subscribe();
    loop {
        changes.mark_unchanged();
        if plane.workspaces.id(path).is_some() || changes.changed().await.is_err() {
            return;
        }
    }
}

/// The server of the workspaces.
pub struct Workspaces<'a> {
    pub api: &'a Upstream,
    pub address: SocketAddr,
    pub credentials: &'a Credentials,
    /// Of the syncers.
    pub mode: workload::Mode,
}

/// Joins the clusters to the workspaces, in order and as evenly as it goes, and starts their syncers.
pub async fn start(
    tasks: &mut Supervisor,
    server: &Workspaces<'_>,
    workspaces: &[WorkspacePath],
    clusters: &[Cluster],
) -> anyhow::Result<()> {
    let api = server.api;
    for (at, cluster) in clusters.iter().enumerate() {
        let workspace = &workspaces[at * workspaces.len() / clusters.len()];
        super::super::say(format_args!("  {} serves {workspace}", cluster.name));
        let base = format!("/clusters/{workspace}");
        create(api, &format!("{base}/{SYNC_TARGETS}"), &sync_target(cluster.name, workspace)).await?;
        // One of several is impaired, so that there is more to see than green.
        if at == 1 {
            mode::set(&cluster.api, Mode::Restricted).await.context("the demo's impaired cluster")?;
            let _ = cluster.mode.clone().wait_for(|mode| *mode == Mode::Restricted).await;
        }
        // What is only observed was there before.
        let (there, place) = match server.mode {
            workload::Mode::Observe => (&cluster.api, ""),
            _ => (api, base.as_str()),
        };
        for (path, object) in workloads::of(at) {
            create(there, &format!("{place}{path}"), &object).await?;
        }
        let uid = join::uid(api, &format!("{base}/{SYNC_TARGETS}/{}", cluster.name)).await?;
        let workspace = way(tasks, server, cluster, &base).await?;
        join::start(tasks, server, &base, &uid, cluster, workspace).await?;
    }
    if let Some(last) = workspaces.last() {
        create(api, &format!("/clusters/{last}/{SYNC_TARGETS}"), &sync_target(NOT_JOINED, last)).await?;
    }
    Ok(())
}

fn sync_target(name: &str, workspace: &WorkspacePath) -> Value {
    json!({
        "apiVersion": "workload.kcp.io/v1alpha1", "kind": "SyncTarget",
        "metadata": {"name": name},
        "spec": {"kcpCluster": workspace.as_str(), "supportedAPIExports": ["kubernetes"]},
    })
}

/// How the syncer of a cluster reaches its workspace, until it is partitioned.
async fn way(
    tasks: &mut Supervisor,
    server: &Workspaces<'_>,
    cluster: &Cluster,
    base: &str,
) -> anyhow::Result<Upstream> {
    let (whole, follows) = watch::channel(true);
    let link = Link::new(server.address, follows).await?;
    let url = format!("https://{}{base}", link.address()?);
    tasks.spawn_background("link of a simulated cluster", link.run());
    let mut mode = cluster.mode.clone();
    tasks.spawn_background("partition of a simulated cluster", async move {
        loop {
            let connected = mode.borrow_and_update().is_connected();
            whole.send_if_modified(|now| std::mem::replace(now, connected) != connected);
            if mode.changed().await.is_err() {
                return;
            }
        }
    });
    let login = server.credentials.login_as(&role_name(cluster.name), &url);
    Upstream::in_memory(&login.context("a syncer that was not let in")?).await
}

/// Waits, within reason, until the views show what so many syncers have reported.
pub async fn until_seen(trees: &ResourceLog, syncers: usize) {
    let mut head = trees.subscribe();
    let seen = async {
        loop {
            head.mark_unchanged();
            if reporting(trees) >= syncers as u64 || head.changed().await.is_err() {
                return;
            }
        }
    };
    // Slower than that is slow, and no reason not to begin.
    let _ = tokio::time::timeout(PATIENCE, seen).await;
}

/// The targets below the root whose health is known.
fn reporting(trees: &ResourceLog) -> u64 {
    let snapshot = trees.snapshot();
    let root = snapshot.find("", "root").and_then(|tree| serde_json::from_slice::<Value>(&tree.json()).ok());
    let health = root.map(|tree| tree["status"]["healthStatus"].clone()).unwrap_or_default();
    ["healthy", "degraded", "unhealthy"].iter().filter_map(|state| health[*state].as_u64()).sum()
}
