//! The check of the security context: before the start, and again and again.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use super::{
    config::Config,
    findings::Findings,
    sides::{Sides, Way, Ways},
};
use crate::{
    api::placement::GroupResource,
    security::{
        context::{
            Enforcement, Verdict,
            facts::{Listener, SideName},
            gather::{Given, SideSource, rights::Asked},
            watch::{Guard, Insecure},
        },
        rules::syncer::Scope,
    },
    syncer::identity::Identity,
    upstream::Upstream,
};

/// Checks the security context of one process.
pub struct Guarding {
    sides: Vec<SideSource>,
    given: Given,
    enforcement: Enforcement,
    changes: Vec<watch::Receiver<u64>>,
    verdict: watch::Sender<Arc<Verdict>>,
}

impl Guarding {
    pub fn new(config: &Config, sides: &Sides, ways: &Ways) -> Self {
        let source = |name, way: &Way, upstream: &Upstream| SideSource {
            name,
            origin: way.origin.clone(),
            upstream: Some(upstream.clone()),
            audiences: Vec::new(),
        };
        let listener = |flag: &str, port: u16| Listener {
            flag: flag.to_owned(),
            address: format!("{}:{port}", config.bind_address),
            loopback: config.bind_address.is_loopback(),
            protected: false,
        };
        Self {
            sides: vec![
                source(SideName::Upstream, &ways.upstream, &sides.upstream),
                source(SideName::Downstream, &ways.downstream, &sides.downstream),
            ],
            given: Given {
                listeners: vec![
                    listener("--metrics-port", config.metrics_port),
                    listener("--health-port", config.health_port),
                ],
                // Who it is, and that both sides are not one, is judged before anything else, whatever the mode.
                allow_same_cluster: true,
                allow_exec_plugin: config.allow_exec_plugin,
                tls: ways.upstream.origin.security.tls.clone(),
                ..Given::default()
            },
            enforcement: config.security,
            changes: [&ways.upstream, &ways.downstream].map(|way| way.rotation.changes()).into(),
            verdict: watch::Sender::default(),
        }
    }

    pub fn verdict(&self) -> watch::Receiver<Arc<Verdict>> {
        self.verdict.subscribe()
    }

    /// One look before anything is written: at files, certificates and the process, and without a target at no right.
    pub async fn first(&self, identity: Option<&Identity>, config: &Config, findings: &mut Findings) {
        let guard = self.guard(identity.map(|identity| scope(identity, config, Vec::new())), Arc::default());
        if let Err(Insecure(verdict)) = guard.look(&mut Asked::default()).await {
            verdict.findings.iter().for_each(|finding| findings.add(finding.to_string()));
        }
    }

    /// Looks again and again, also at the rights on these kinds; ends only when it must not go on.
    pub async fn run(
        self,
        identity: &Identity,
        config: &Config,
        kinds: Vec<GroupResource>,
        refused: Arc<Notify>,
    ) -> Insecure {
        let guard = self.guard(Some(scope(identity, config, kinds)), refused);
        let mut asked = Asked::default();
        if let Err(insecure) = guard.look(&mut asked).await {
            return insecure;
        }
        match guard.run(asked, tokio_util::sync::CancellationToken::new()).await {
            Err(insecure) => insecure,
            Ok(()) => std::future::pending().await,
        }
    }

    fn guard(&self, scope: Option<Scope>, refused: Arc<Notify>) -> Guard {
        Guard {
            sides: self.sides.clone(),
            given: Given { scope, ..self.given.clone() },
            enforcement: self.enforcement,
            changes: self.changes.clone(),
            refused,
            verdict: self.verdict.clone(),
        }
    }
}

fn scope(identity: &Identity, config: &Config, kinds: Vec<GroupResource>) -> Scope {
    let (target, uid) = (identity.name.clone(), identity.uid.clone());
    let upsync = config.rules.upsync.iter().map(|kind| kind.kind().group_resource()).collect();
    Scope { target, uid, mode: config.mode, kinds, upsync }
}
