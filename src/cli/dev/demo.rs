//! What `tmc dev` begins with: workspaces, a SyncTarget for each simulated cluster, sample workloads, and syncers.
//!
//! Everything is an ordinary request to the servers of this process; nothing is written that a user or a syncer
//! would not write.

pub mod workloads;

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use futures::{
    FutureExt,
    future::{BoxFuture, try_join_all},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{clusters::Cluster, join, link::Link, mode, path::WorkspacePath};
use crate::{
    api::workload,
    apiserver::log::ResourceLog,
    controlplane::{credentials::Credentials, plane::Plane, simulation::Mode, store::ClusterId},
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

/// What runs as long as the process, with its name.
pub type Task = (&'static str, BoxFuture<'static, ()>);

/// The server of the workspaces.
pub struct Workspaces<'a> {
    pub plane: &'a Plane,
    pub api: &'a Upstream,
    pub address: SocketAddr,
    pub credentials: &'a Credentials,
    /// Of the syncers.
    pub mode: workload::Mode,
}

/// Joins the clusters to the workspaces, side by side and as evenly as it goes, and starts their syncers.
pub async fn start(
    tasks: &mut Supervisor,
    server: &Workspaces<'_>,
    workspaces: &[WorkspacePath],
    clusters: &[Cluster],
) -> anyhow::Result<()> {
    let served = |at: usize| at * workspaces.len() / clusters.len();
    let joins = clusters.iter().enumerate().map(|(at, cluster)| {
        let workspace = &workspaces[served(at)];
        super::super::say(format_args!("  {} serves {workspace}", cluster.name));
        // What is synced is made once for all clusters of a workspace.
        let is_last = served(at + 1) != served(at);
        let there = match server.mode {
            workload::Mode::Observe => Some((&cluster.api, String::new())),
            _ => is_last.then(|| (server.api, format!("/clusters/{workspace}"))),
        };
        prepare(server, at, workspace, cluster, there)
    });
    for (name, task) in try_join_all(joins).await?.into_iter().flatten() {
        tasks.spawn_background(name, task);
    }
    if let Some(last) = workspaces.last() {
        create(server.api, &format!("/clusters/{last}/{SYNC_TARGETS}"), &sync_target(NOT_JOINED, last))
            .await?;
    }
    Ok(())
}

/// Makes all that one cluster needs to serve a workspace, with the sample workloads in their place, and returns what is
/// to run from now on.
async fn prepare(
    server: &Workspaces<'_>,
    at: usize,
    workspace: &WorkspacePath,
    cluster: &Cluster,
    sample: Option<(&Upstream, String)>,
) -> anyhow::Result<Vec<Task>> {
    let api = server.api;
    let base = format!("/clusters/{workspace}");
    create(api, &format!("{base}/{SYNC_TARGETS}"), &sync_target(cluster.name, workspace)).await?;
    // One of several is impaired, so that there is more to see than green.
    if at == 1 {
        mode::set(&cluster.api, Mode::Restricted).await.context("the demo's impaired cluster")?;
        let _ = cluster.mode.clone().wait_for(|mode| *mode == Mode::Restricted).await;
    }
    if let Some((there, place)) = sample {
        for (path, object) in workloads::of(at) {
            create(there, &format!("{place}{path}"), &object).await?;
        }
    }
    let uid = join::uid(api, &format!("{base}/{SYNC_TARGETS}/{}", cluster.name)).await?;
    let id = server.plane.workspaces.id(workspace.as_str()).context("its workspace is gone")?;
    let (workspace, mut tasks) = way(server, cluster, &base).await?;
    let (name, syncer) = join::syncer(server, &base, &uid, cluster, workspace).await?;
    tasks.push((name, while_there(server.plane.clone(), id, syncer).boxed()));
    Ok(tasks)
}

/// With its workspace go the rights of a syncer, which nobody gives it again.
async fn while_there(plane: Plane, workspace: ClusterId, syncer: BoxFuture<'static, ()>) {
    let mut changes = plane.store.subscribe();
    let gone = async { while plane.workspaces.exists(&workspace) && changes.changed().await.is_ok() {} };
    tokio::select! {
        () = syncer => {}
        () = gone => tracing::info!(workspace = &*workspace, "a syncer ends with its workspace"),
    }
    std::future::pending().await
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
    server: &Workspaces<'_>,
    cluster: &Cluster,
    base: &str,
) -> anyhow::Result<(Upstream, Vec<Task>)> {
    let (whole, follows) = watch::channel(true);
    let link = Link::new(server.address, follows).await?;
    let url = format!("https://{}{base}", link.address()?);
    let mut mode = cluster.mode.clone();
    let partition = async move {
        loop {
            let connected = mode.borrow_and_update().is_connected();
            whole.send_if_modified(|now| std::mem::replace(now, connected) != connected);
            if mode.changed().await.is_err() {
                return;
            }
        }
    };
    let login = server.credentials.login_as(&role_name(cluster.name), &url);
    let workspace = Upstream::in_memory(&login.context("a syncer that was not let in")?).await?;
    let tasks: Vec<Task> = vec![
        ("link of a simulated cluster", link.run().boxed()),
        ("partition of a simulated cluster", partition.boxed()),
    ];
    Ok((workspace, tasks))
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
