//! What most tests share: one control plane with `tmc serve` registered. It is started by the first test that asks and dies
//! with the test process; tests keep apart by workspaces of their own.

use std::sync::LazyLock;

use crate::cluster::{Cluster, Plan};
use crate::fixture::Targets;
use crate::kubectl::Kubectl;
use crate::pki::{Identity, Leaf};
use crate::tmc::{SERVER_NAME, Tmc};
use crate::wire::Server;
use crate::{audit, binaries};

pub struct Env {
    pub cluster: Cluster,
    pub tmc: Tmc,
    pub targets: Targets,
}

static SHARED: LazyLock<Env> = LazyLock::new(|| {
    // Without its controller no role is aggregated into `view`, and no namespace ever goes.
    let controllers = Some("clusterrole-aggregation-controller,serviceaccount,namespace");
    let audit = audit::policy();
    Env::on(Cluster::start_as(&Plan { name: "shared", controllers, audit: Some(&audit), beside: None }))
});

/// The shared one, or none where the binaries are absent: the test is skipped.
pub fn shared() -> Option<&'static Env> {
    binaries::present().then(|| {
        println!("logs: {}", SHARED.cluster.logs.display());
        &*SHARED
    })
}

impl Env {
    /// One of its own, for a test that breaks it.
    pub fn start(name: &str) -> Self {
        Self::on(Cluster::start(name))
    }

    /// With flags of `tmc serve`.
    pub fn start_with(name: &str, flags: &[&str]) -> Self {
        Self::with(Cluster::start(name), flags)
    }

    pub fn on(cluster: Cluster) -> Self {
        Self::with(cluster, &[])
    }

    fn with(cluster: Cluster, flags: &[&str]) -> Self {
        println!("logs: {}", cluster.logs.display());
        let tmc = Tmc::start_with(&cluster, flags);
        let targets = Targets::new(cluster.admin().kubeconfig());
        Self { cluster, tmc, targets }
    }

    pub fn admin(&self) -> Kubectl {
        self.cluster.admin()
    }

    /// kubectl as `user` without the aggregator in between.
    pub fn direct(&self, user: &Kubectl) -> Kubectl {
        let flags = self.tmc.direct_flags(&self.cluster.folder);
        user.with(&flags.each_ref().map(String::as_str))
    }

    /// `tmc` as the administrator sees it without the aggregator, each request on a connection of its own.
    pub fn wire(&self) -> Server {
        let leaf = Leaf { common_name: "admin", organizations: &["system:masters"], ..Leaf::default() };
        let identity = self.cluster.authority.issue(&leaf).expect("issue a certificate");
        self.wire_as(Some(&identity))
    }

    pub fn wire_as(&self, identity: Option<&Identity>) -> Server {
        Server::new(self.tmc.port, SERVER_NAME, &self.tmc.authority(), identity).expect("TLS")
    }
}
