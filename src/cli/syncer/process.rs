//! One syncer, from a configuration to its end: what follows, what counts, what reports and what leads.
//!
//! `syncer` runs one; `tmc dev` runs one for each of its clusters. It owns its tasks.

use std::{sync::Arc, time::Duration};

use prometheus::Registry;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    config::Config,
    findings::Findings,
    guarding::Guarding,
    ports::Shown,
    sides::{SAME, Sides},
    sources,
    syncing::{Led, Start},
    tasks::Tasks,
    watching,
};
use crate::{
    informers::{self, Backoff},
    liveness::clock::SystemClock,
    reconcilers::leader::{self, Election, Leading},
    security::context::watch::Insecure,
    syncer::{
        health::{Pulse, Signs, health},
        identity::Identity,
        lease,
        metrics::MetricsCollector,
        report::reporter::{About, Reporter, Sources},
        target::Gone,
    },
};

/// Beyond the grace period, for the last word and the Lease.
pub const END: Duration = Duration::from_secs(5);
/// A loop that has not turned for so long hangs.
const HANGS: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum Ended {
    #[error("nothing is written any more")]
    Gone(#[from] Gone),
    #[error(transparent)]
    Findings(#[from] Findings),
    #[error(transparent)]
    Insecure(#[from] Insecure),
    #[error("the namespaceMapping of its SyncTarget was changed; the syncer has to begin anew")]
    Renamed,
    #[error("{SAME}")]
    SameCluster,
    #[error("{0} ended, which it never should")]
    Early(&'static str),
    #[error("a metric cannot be registered")]
    Metrics(#[from] prometheus::Error),
}

pub struct Process {
    pub config: Arc<Config>,
    pub sides: Sides,
    /// `None`: not known yet.
    pub identity: Option<Identity>,
    /// `None`: nobody checks the security context.
    pub guarding: Option<Guarding>,
    pub registry: Registry,
    pub health: Shown,
}

impl Process {
    /// Until `stop` is cancelled and everything in flight has ended, or until nothing may be written any more.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), Ended> {
        let Some(identity) = stop.run_until_cancelled(self.identity()).await else { return Ok(()) };
        self.serve(identity?, stop).await
    }

    /// Asks until there is an answer.
    async fn identity(&mut self) -> Result<Identity, Ended> {
        let mut backoff = Backoff::default();
        while self.identity.is_none() {
            let mut findings = Findings::default();
            match self.sides.identify(&self.config, &mut findings).await {
                Ok(identity) => self.identity = Some(findings.none(identity)?),
                Err(undecided) => {
                    tracing::warn!(
                        error = format!("{undecided:#}"),
                        "the workspace cannot be reached, trying again"
                    );
                    sleep(backoff.next_wait()).await;
                }
            }
        }
        self.identity.take().ok_or(Ended::Early("the start"))
    }

    async fn serve(self, identity: Identity, stop: CancellationToken) -> Result<(), Ended> {
        let Self { config, sides, guarding, registry, health: shown, .. } = self;
        let metrics = MetricsCollector::new(&registry, &identity.name, &identity.cluster)?;
        let informed = informers::Metrics::new(&registry)?;
        let mut tasks = Tasks::default();
        let followed = sources::follow(&mut tasks, &config, &sides, &identity, &informed).await;
        let sources::Followed { mut target, reach, answered, counts, kinds, again } = followed;
        let led = Led::default();
        let start = Start {
            config: &config,
            sides: &sides,
            identity: &identity,
            kinds: kinds.clone(),
            again,
            metrics: metrics.clone(),
            informed,
            led: led.clone(),
            stop: stop.clone(),
        };
        let (progress, ended) = start.start(&mut tasks);
        let holder = leader::identity();
        let election = lease::election(sides.caller(), &identity.uid, holder.clone(), config.grace);
        let (standing, pulse) = (election.standing(), Pulse::new(HANGS));
        let measured = watching::measure(metrics.clone(), standing.clone(), counts.clone(), progress.clone());
        tasks.start("measure", measured);
        tasks.start("refusals", watching::tell_of_refusals(counts.clone(), sides.refused.clone()));
        *shown.write() = health(Signs {
            pulses: vec![("report", pulse.clone())],
            counts: counts.clone(),
            standing,
            answered,
            period: config.probe_period,
        });
        let security = guarding.as_ref().map(Guarding::verdict);
        let told = Sources { target: target.clone(), reach: reach.clone(), counts, progress, security };
        let reporter = Reporter {
            about: about(&config, &identity, holder),
            sources: told,
            caller: sides.caller(),
            clock: Arc::new(SystemClock::default()),
            metrics,
            pulse,
        };
        let Identity { name, uid, workspace, .. } = &identity;
        tracing::info!(sync_target = name, uid, workspace, "serving");
        let work = Arc::new(Work { reporter, led, ended });
        let insecure = watching::guard(guarding, &identity, &config, kinds, sides.refused.clone());
        let renamed = watching::renamed(target.clone(), &identity);
        let gone = watching::gone(&mut target);
        tokio::select! {
            biased;
            gone = gone => Err(gone.into()),
            renamed = renamed => Err(renamed),
            ended = tasks.ended() => Err(Ended::Early(ended)),
            insecure = insecure => Err(insecure.into()),
            never = watching::same_cluster(&config, &sides, reach) => match never? {},
            () = lead(election, config.leader_elect, work, stop) => Ok(()),
        }
    }
}

fn about(config: &Config, identity: &Identity, holder: String) -> About {
    About {
        name: identity.name.clone(),
        mode: config.mode,
        version: concat!("v", env!("CARGO_PKG_VERSION")).to_owned(),
        holder,
        pace: config.report_period,
    }
}

/// Works whenever it may, until the end.
async fn lead(election: Election, elect: bool, work: Arc<Work>, stop: CancellationToken) {
    let work = move |leading| {
        let work = work.clone();
        async move { work.run(leading).await }
    };
    match elect {
        true => election.run(stop, work).await,
        false => election.run_alone(stop, work).await,
    }
}

/// What is done under the Lease.
struct Work {
    reporter: Reporter,
    led: Led,
    /// The end has begun, and no object is written any more.
    ended: CancellationToken,
}

impl Work {
    /// Until the end begins and what is in flight has ended.
    async fn run(&self, leading: Leading) {
        let _led = self.led.with(leading.clone());
        self.reporter.run(&leading, &self.ended).await;
    }
}
