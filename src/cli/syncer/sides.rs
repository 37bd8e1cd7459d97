//! The two APIs of a syncer, and which SyncTarget it serves there.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;
use tokio::sync::Notify;

use super::{Args, config::Config, findings::Findings};
use crate::{
    api::{
        workload::{Mode, NamespaceMapping},
        workspace::{workspace_of, workspace_within},
    },
    reconcilers::call::Caller,
    security::transport::{Origin, Rotation, TransportError, secure_transport},
    syncer::{
        identity::Identity,
        target::{self, Target},
    },
    upstream::{self, Flags, Upstream, UpstreamError},
};

const REMEDY: &str = "give it the role that `tmc workload sync` prints";

/// Both of them; nothing tells which is a kcp.
#[derive(Clone)]
pub struct Sides {
    pub upstream: Arc<Upstream>,
    pub downstream: Arc<Upstream>,
    /// Notified when a right is found missing.
    pub refused: Arc<Notify>,
}

/// How one of them is reached, and what keeps its credentials fresh.
pub struct Way {
    pub origin: Origin,
    pub rotation: Rotation,
}

pub struct Ways {
    pub upstream: Way,
    pub downstream: Way,
}

/// What cannot be decided now, since an API does not answer.
#[derive(Debug, thiserror::Error)]
pub enum Undecided {
    #[error("--kubeconfig: {server}: {error}")]
    Upstream {
        server: String,
        #[source]
        error: UpstreamError,
    },
}

impl Sides {
    /// Both through APIs that are known already.
    pub fn new(upstream: Upstream, downstream: Upstream) -> Self {
        Self { upstream: Arc::new(upstream), downstream: Arc::new(downstream), refused: Arc::default() }
    }

    /// Reads the configurations; nothing is sent yet.
    pub async fn connect(args: &Args, findings: &mut Findings) -> Option<(Self, Ways)> {
        let up = upstream::Target {
            kubeconfig: args.kubeconfig.as_deref(),
            context: args.context.as_deref(),
            flags: Flags::default(),
        };
        let flags = Flags { kubeconfig: "--downstream-kubeconfig", context: "--downstream-context" };
        let down = upstream::Target {
            kubeconfig: args.downstream_kubeconfig.as_deref(),
            context: args.downstream_context.as_deref(),
            flags,
        };
        let in_cluster = down.kubeconfig.is_none() && down.context.is_none();
        let up = Origin { security: args.security.config(), ..Origin::of(&up) };
        let down = Origin { in_cluster, ..Origin::of(&down) };
        // Both are looked at before either ends it. The errors name their flags.
        let (up, down) = (connect(up, findings).await, connect(down, findings).await);
        let ((upstream, up), (downstream, down)) = (up?, down?);
        Some((Self::new(upstream, downstream), Ways { upstream: up, downstream: down }))
    }

    /// Of the workspace. A right that is missing is named in the log.
    pub fn caller(&self) -> Caller {
        Caller::new(self.upstream.clone()).with_remedy(REMEDY).telling(self.refused.clone())
    }

    /// The target, as far as it can be known now; what is wrong with it, or with the pair, goes to `findings`.
    pub async fn identify(&self, config: &Config, findings: &mut Findings) -> Result<Identity, Undecided> {
        let same = self.same_server() || self.same_cluster().await == Some(true);
        if same && !config.allow_same_cluster {
            findings.add(SAME);
        }
        let answer = self.caller().call(&target::get(&config.sync_target)).await;
        let object = match answer {
            Ok(object) => object,
            Err(error) if error.code().is_some_and(is_decided) => {
                findings.add(self.refused(config, &error));
                Value::Null
            }
            Err(error) => return Err(Undecided::Upstream { server: self.upstream.server.clone(), error }),
        };
        let target = Target::read(&object);
        if !object.is_null() {
            judge(config, &target, &self.upstream.server, findings);
        }
        Ok(identity(config, target))
    }

    fn same_server(&self) -> bool {
        let url = |side: &Upstream| side.server.trim_end_matches('/').to_owned();
        url(&self.upstream) == url(&self.downstream)
    }

    /// Whether both are one cluster under two addresses, if that can be known.
    pub async fn same_cluster(&self) -> Option<bool> {
        let (one, other) = tokio::join!(uid(&self.upstream), uid(&self.downstream));
        Some(one.ok()? == other.ok()?)
    }

    fn refused(&self, config: &Config, error: &UpstreamError) -> String {
        let (name, server) = (&config.sync_target, &self.upstream.server);
        match error.code() {
            Some(StatusCode::NOT_FOUND) if target::is_missing(error, name) => format!(
                "--sync-target-name: there is no SyncTarget {name:?} at {server}; create it, as examples/synctarget.yaml \
                 shows, or look for the workspace it is in with --context"
            ),
            Some(StatusCode::NOT_FOUND) => format!(
                "--kubeconfig: {server} serves no SyncTargets; apply deploy/crds there, or look at the path of its URL"
            ),
            Some(StatusCode::UNAUTHORIZED) => {
                format!("--kubeconfig: {server} does not accept these credentials (401)")
            }
            Some(StatusCode::FORBIDDEN) => format!(
                "--kubeconfig: the syncer may not get synctargets.workload.kcp.io {name:?} at {server}; {REMEDY}"
            ),
            _ => format!("--kubeconfig: {server}: {error}"),
        }
    }
}

async fn connect(origin: Origin, findings: &mut Findings) -> Option<(Upstream, Way)> {
    let none = format!("{}: there is none, and the syncer runs in no cluster", origin.flags.kubeconfig);
    let in_cluster = origin.in_cluster;
    match secure_transport(origin.clone()).await {
        Ok((upstream, rotation)) => Some((upstream, Way { origin, rotation })),
        Err(error) if in_cluster => {
            findings.add(format!("{none}: {error}"));
            None
        }
        Err(TransportError::Config(wrong)) => {
            wrong.iter().for_each(|one| findings.add(one.to_string()));
            None
        }
        Err(error) => {
            findings.add(error.to_string());
            None
        }
    }
}

pub const SAME: &str = "--kubeconfig, --downstream-kubeconfig: both lead to the same cluster; name the physical cluster \
                        with --downstream-kubeconfig, or give --allow-same-cluster if that is meant";

/// Answers that asking again does not change soon.
fn is_decided(code: StatusCode) -> bool {
    code.is_client_error() && code != StatusCode::TOO_MANY_REQUESTS
}

/// Of the namespace that every cluster has. A right that is missing here is no fault, so nobody hears of it.
async fn uid(side: &Upstream) -> Result<String, UpstreamError> {
    let object: Value = side.get("/api/v1/namespaces/kube-system").await?;
    let uid = object["metadata"]["uid"].as_str().map(str::to_owned);
    uid.ok_or_else(|| UpstreamError::Decode("a namespace without a uid".to_owned()))
}

fn judge(config: &Config, target: &Target, server: &str, findings: &mut Findings) {
    let name = &config.sync_target;
    if let Some(uid) = config.uid.as_ref().filter(|uid| **uid != target.uid) {
        findings.add(format!("--sync-target-uid: SyncTarget {name:?} has the uid {}, not {uid}", target.uid));
    }
    let served = workspace_of(target.kcp_cluster.as_deref());
    let is_at = |asked: &str| {
        asked == target.cluster || server.trim_end_matches('/').ends_with(&format!("/clusters/{asked}"))
    };
    let asked = config.workspace.as_deref();
    if let Some(asked) = asked.filter(|asked| served.map_or(!is_at(asked), |served| served != *asked)) {
        let served = served.unwrap_or("no workspace");
        findings.add(format!("--workspace: SyncTarget {name:?} serves {served}, not {asked}"));
    }
    if served.is_none() && target.cluster.is_empty() && config.mode != Mode::Observe {
        findings.add(format!(
            "--sync-target-name: SyncTarget {name:?} serves no workspace; set its spec.kcpCluster, for example to \
             root:production"
        ));
    }
}

fn identity(config: &Config, target: Target) -> Identity {
    let served = target.kcp_cluster.as_deref();
    let cluster = match target.cluster.as_str() {
        "" => workspace_of(served).unwrap_or_default().to_owned(),
        cluster => cluster.to_owned(),
    };
    let workspace = workspace_within(&cluster, served).to_owned();
    let namespace_mapping =
        if target.preserves_namespaces { NamespaceMapping::Preserve } else { NamespaceMapping::Hashed };
    Identity {
        name: config.sync_target.clone(),
        uid: target.uid,
        cluster,
        workspace,
        namespace_mapping,
        derived: Default::default(),
    }
}
