//! What `tmc dev` begins with: workspaces, a SyncTarget for each simulated cluster, sample workloads, and syncers.
//!
//! Everything is an ordinary request to the servers of this process; nothing is written that a user or a syncer
//! would not write.

mod workloads;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{clusters::Cluster, mode, path::WorkspacePath};
use crate::{
    apiserver::log::ResourceLog,
    controlplane::{
        plane::Plane,
        simulation::{
            Mode,
            report::Facts,
            syncer::{Place, Syncer},
        },
    },
    liveness::clock::SystemClock,
    reconcilers::{call::Caller, leader},
    supervisor::Supervisor,
    upstream::{Upstream, UpstreamError},
};

/// How long something that this process does itself may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A syncer of the demo reports what changed within this time: the reader is watching.
const PACE: Duration = Duration::from_secs(1);
/// A target that no syncer ever reports for.
const NOT_JOINED: &str = "not-joined";
const WORKSPACES: &str = "apis/tenancy.kcp.io/v1alpha1/workspaces";
const SYNC_TARGETS: &str = "apis/workload.kcp.io/v1alpha1/synctargets";

/// Creates an object. That it is there already is as good.
async fn create(api: &Upstream, path: &str, object: &Value) -> anyhow::Result<()> {
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

/// Joins the clusters to the workspaces, in order and as evenly as it goes, and starts their syncers.
pub async fn start(
    tasks: &mut Supervisor,
    api: &Upstream,
    workspaces: &[WorkspacePath],
    clusters: &[Cluster],
) -> anyhow::Result<()> {
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
        for (path, object) in workloads::of(at) {
            create(&cluster.api, &path, &object).await?;
        }
        let place = Place { base, name: cluster.name.to_owned() };
        let caller = Caller::new(Arc::new(api.clone()));
        let clock = Arc::new(SystemClock::default());
        let objects = cluster.objects.clone();
        let syncer = Syncer::new(place, facts(at), objects, caller, clock, cluster.mode.clone(), PACE);
        tasks.spawn_background("syncer of a simulated cluster", syncer.run());
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

fn facts(at: usize) -> Facts {
    Facts {
        syncer_version: concat!("v", env!("CARGO_PKG_VERSION")).to_owned(),
        kubernetes_version: "v1.36.3".to_owned(),
        holder: leader::identity(),
        nodes: 3 + at as u64,
    }
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
