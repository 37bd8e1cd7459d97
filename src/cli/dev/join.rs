//! A simulated cluster joins a workspace: its syncer is let in on both sides, with the rights of the table and no
//! more, and runs in this process.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use clap::Parser;
use futures::FutureExt;
use http::Method;
use parking_lot::RwLock;
use prometheus::Registry;
use serde_json::{Value, json};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    clusters::Cluster,
    demo::{Task, Workspaces, create},
};
use crate::{
    api::{placement::GroupResource, workload::Mode},
    apiserver::health::Health,
    cli::syncer::{
        Args,
        config::Config,
        findings::Findings,
        process::{Ended, Process},
        sides::Sides,
    },
    controlplane::{rbac::bootstrap::WORKSPACE_ACCESS, simulation},
    informers::Limits,
    security::rules::{
        LEASE_NAMESPACE,
        syncer::{self, Scope, SyncerRole, default_kinds, role_name},
    },
    upstream::Upstream,
};

/// The reader of a demo is watching: what changed is told within this time.
const PACE: &str = "1s";
/// Until a syncer is started again that ended, since its SyncTarget went away.
const AGAIN: Duration = Duration::from_secs(1);
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// Lets the syncer of a cluster in, and returns it. `uid` is that of the SyncTarget, `base` where it is.
pub async fn syncer(
    server: &Workspaces<'_>,
    base: &str,
    uid: &str,
    cluster: &Cluster,
    workspace: Upstream,
) -> anyhow::Result<Task> {
    let api = server.api;
    let scope = Scope { uid: uid.to_owned(), ..scope(cluster.name, server.mode, simulation::Mode::Healthy) };
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": LEASE_NAMESPACE}});
    create(api, &format!("{base}/api/v1/namespaces"), &namespace).await?;
    let user = role_name(cluster.name);
    bind(api, base, "ClusterRole", WORKSPACE_ACCESS, &format!("{user}-access"), &user, None).await?;
    grant(api, base, &syncer::upstream(&scope), &user).await?;
    let now = *cluster.mode.borrow();
    let api = cluster.api.clone();
    let rights =
        Rights { api, name: cluster.name, syncer: server.mode, mode: cluster.mode.clone(), given: now };
    grant(&cluster.api, "", &rights.of(now), &user).await?;
    let sides = Sides::new(workspace, cluster.syncer.clone());
    let config = config(cluster.name, server.mode)?;
    Ok(("syncer of a simulated cluster", run(config, sides, rights).boxed()))
}

fn config(name: &str, mode: Mode) -> anyhow::Result<Config> {
    let flags = [
        "syncer".to_owned(),
        format!("--sync-target-name={name}"),
        format!("--report-period={PACE}"),
        format!("--probe-period={PACE}"),
    ];
    let mut findings = Findings::default();
    let config = Config::read(&Args::try_parse_from(flags)?, &mut findings);
    let config = Config { mode, ..findings.none(config)? };
    // The streams of a process that looks at itself need no signs of life.
    Ok(Config { limits: Limits { not_installed: Duration::from_secs(5), ..config.limits }, ..config })
}

/// As long as the process runs, whatever becomes of its SyncTarget. With other rights it begins anew: one that runs
/// notices only after a while, and the reader of a demo need not wait.
async fn run(config: Config, sides: Sides, mut rights: Rights) {
    let config = Arc::new(config);
    loop {
        let process = Process {
            config: config.clone(),
            sides: sides.clone(),
            identity: None,
            guarding: None,
            registry: Registry::new(),
            health: Arc::new(RwLock::new(Health::new(Vec::new()))),
        };
        let stop = CancellationToken::new();
        let stops = async {
            rights.changed().await;
            stop.cancel();
            std::future::pending::<Result<(), Ended>>().await
        };
        let ended = tokio::select! {
            ended = process.run(stop.clone()) => ended,
            ended = stops => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(sync_target = config.sync_target, %error, "a syncer begins anew");
            sleep(AGAIN).await;
        }
    }
}

fn scope(name: &str, mode: Mode, cluster: simulation::Mode) -> Scope {
    let secrets = GroupResource { group: String::new(), resource: "secrets".to_owned() };
    let mut kinds = default_kinds();
    kinds.retain(|kind| cluster != simulation::Mode::Restricted || *kind != secrets);
    Scope { target: name.to_owned(), uid: String::new(), mode, kinds, upsync: Vec::new() }
}

/// Makes the roles and binds them.
async fn grant(api: &Upstream, base: &str, roles: &[SyncerRole], user: &str) -> anyhow::Result<()> {
    for role in roles {
        let (kind, place) = match &role.namespace {
            None => ("ClusterRole", format!("{base}{RBAC}/clusterroles")),
            Some(namespace) => ("Role", format!("{base}{RBAC}/namespaces/{namespace}/roles")),
        };
        let object = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
            "metadata": {"name": role.name}, "rules": role.rules_json(),
        });
        create(api, &place, &object).await?;
        bind(api, base, kind, &role.name, &role.name, user, role.namespace.as_deref()).await?;
    }
    Ok(())
}

async fn bind(
    api: &Upstream,
    base: &str,
    kind: &str,
    role: &str,
    name: &str,
    user: &str,
    namespace: Option<&str>,
) -> anyhow::Result<()> {
    let (binding, place) = match namespace {
        None => ("ClusterRoleBinding", format!("{base}{RBAC}/clusterrolebindings")),
        Some(namespace) => ("RoleBinding", format!("{base}{RBAC}/namespaces/{namespace}/rolebindings")),
    };
    let group = "rbac.authorization.k8s.io";
    let object = json!({
        "apiVersion": format!("{group}/v1"), "kind": binding, "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": kind, "name": role},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    });
    create(api, &place, &object).await
}

/// Takes the right to read Secrets away while the cluster is restricted, and gives it back.
struct Rights {
    api: Upstream,
    name: &'static str,
    /// What the syncer does.
    syncer: Mode,
    mode: watch::Receiver<simulation::Mode>,
    /// Those of this mode are given.
    given: simulation::Mode,
}

impl Rights {
    /// Until other rights are given than before.
    async fn changed(&mut self) {
        loop {
            let now = *self.mode.borrow_and_update();
            let roles = self.of(now);
            if roles != self.of(self.given) && self.give(&roles).await {
                self.given = now;
                return;
            }
            if self.mode.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn of(&self, mode: simulation::Mode) -> Vec<SyncerRole> {
        syncer::downstream(&scope(self.name, self.syncer, mode))
    }

    async fn give(&self, roles: &[SyncerRole]) -> bool {
        for role in roles {
            let path = format!("{RBAC}/clusterroles/{}", role.name);
            let rules = json!({"rules": role.rules_json()}).to_string().into_bytes();
            let patch =
                self.api.json::<Value>(Method::PATCH, &path, Some("application/merge-patch+json"), rules);
            if let Err(error) = patch.await {
                tracing::warn!(cluster = self.name, %error, "the rights of its syncer stay as they are");
                return false;
            }
        }
        true
    }
}

/// The uid of a SyncTarget.
pub async fn uid(api: &Upstream, path: &str) -> anyhow::Result<String> {
    let object: Value = api.get(path).await.with_context(|| format!("cannot read {path}"))?;
    match object["metadata"]["uid"].as_str() {
        Some(uid) => Ok(uid.to_owned()),
        None => bail!("{path} has no uid"),
    }
}
