//! What a syncer does beyond reporting: the engine, what it is fed with, and how it knows that it may write.
//!
//! The engine reads from the start on, so that a standby is warm; it writes while this process leads.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    config::Config,
    sides::Sides,
    sources::Kinds,
    tasks::Tasks,
    upsyncing::{self, Upsyncing},
};
use crate::{
    api::workload::Mode,
    informers,
    liveness::clock::SystemClock,
    reconcilers::leader::Leading,
    syncer::{
        api::{Paced, Rates},
        assignment,
        discovery::Again,
        engine::{Apis, Discovered, Engine, Feeds, Lead, Plan, Sources, Tools},
        events::Events,
        facts::Progress,
        identity::Identity,
        metrics::MetricsCollector,
        render::HashKey,
    },
};

/// Before objects without one upstream are judged, where nothing is compared again.
const SETTLE: Duration = Duration::from_secs(300);

/// Of Events, beside the requests of the work itself: they come in crowds, and are worth little.
const EVENTS: Rates = Rates { qps: 1.0, burst: 25 };

/// The lead of this process, while it has it.
#[derive(Clone, Default)]
pub struct Led(Arc<Mutex<Option<Leading>>>);

impl Led {
    /// Leads until the guard is dropped.
    pub fn with(&self, leading: Leading) -> Guard {
        *self.0.lock() = Some(leading);
        Guard(self.clone())
    }
}

impl Lead for Led {
    fn deadline(&self) -> Option<Instant> {
        self.0.lock().as_ref()?.deadline()
    }
}

/// Dropped, it ends the lead.
pub struct Guard(Led);

impl Drop for Guard {
    fn drop(&mut self) {
        *self.0.0.lock() = None;
    }
}

/// What syncing came to; nothing in mode `observe`.
pub type Synced = Option<watch::Receiver<Arc<Progress>>>;

/// What is said to an engine.
pub struct Start<'a> {
    pub config: &'a Config,
    pub sides: &'a Sides,
    pub identity: &'a Identity,
    pub kinds: Kinds,
    pub again: Again,
    pub metrics: MetricsCollector,
    pub informed: informers::Metrics,
    pub led: Led,
    pub stop: CancellationToken,
}

impl Start<'_> {
    /// Starts it, but in mode `observe`. What is returned last is cancelled when the end has begun and the last
    /// request has ended.
    pub fn start(self, tasks: &mut Tasks) -> (Synced, CancellationToken) {
        let mode = match self.config.mode {
            Mode::Observe => return (None, self.stop),
            Mode::Filter => assignment::Mode::Filter,
            Mode::Placement => assignment::Mode::Placement,
        };
        let plan = Arc::new(self.plan(mode));
        let (config, sides) = (self.config, self.sides);
        let sources = Sources {
            upstream: sides.upstream.clone(),
            downstream: sides.downstream.clone(),
            limits: config.limits,
            metrics: self.informed.clone(),
            target: config.sync_target.clone(),
            key: plan.key().to_owned(),
            placements: mode == assignment::Mode::Placement,
            kinds: self.kinds.clone(),
        };
        let (upstream, downstream, sources) = sources.start(CancellationToken::new());
        tasks.start("synced objects", sources);
        let rates = Rates { qps: config.qps, burst: config.burst };
        let again = self.again;
        let (events, writer) = Events::new();
        let (paced, name) = (Paced::new((*sides.upstream).clone(), EVENTS), config.sync_target.clone());
        tasks.start("events", async move {
            writer.run(paced, name).await;
            // The engine has ended, which is somebody else's to judge.
            std::future::pending::<()>().await;
        });
        let tools = Tools {
            apis: Apis {
                upstream: Arc::new(Paced::new((*sides.upstream).clone(), rates)),
                downstream: Arc::new(Paced::new((*sides.downstream).clone(), rates)),
            },
            lead: Arc::new(self.led),
            deletable: Arc::new(Discovered { fetch: sides.downstream.clone(), limits: config.limits }),
            recorder: Arc::new(self.metrics),
            events,
            clock: Arc::new(SystemClock::default()),
            rediscover: Arc::new(move || again.look()),
        };
        let Upsyncing { run, progress: shown, unshown } =
            upsyncing::start(tasks, config, sides, &self.informed, &plan, &tools);
        let engine = Engine::new(plan, tools);
        let (progress, ended) = (engine.progress(), CancellationToken::new());
        let progress = match shown {
            Some(shown) => upsyncing::merged(tasks, progress, shown),
            None => progress,
        };
        let feeds = Feeds { upstream, downstream, kinds: self.kinds, unshown };
        let (stop, done) = (self.stop, ended.clone());
        tasks.start("engine", async move {
            // Both end when one does.
            let both = stop.child_token();
            tokio::join!(
                async {
                    engine.run(feeds, both.clone()).await;
                    both.cancel();
                },
                async {
                    run(both.clone()).await;
                    both.cancel();
                },
            );
            done.cancel();
            // Its end is no failure once the end has begun.
            if stop.is_cancelled() {
                std::future::pending::<()>().await;
            }
        });
        (Some(progress), ended)
    }

    fn plan(&self, mode: assignment::Mode) -> Plan {
        let Config { filter, rules, dry_run, concurrency, resync, .. } = self.config;
        let mut plan = Plan::new(self.identity.clone(), mode, HashKey::random());
        plan.filter = filter.clone();
        plan.secrets = rules.secrets.clone();
        plan.access.clone_from(&rules.in_cluster_access);
        plan.transforms.clone_from(&rules.transforms);
        plan.policies = rules.policies.clone();
        plan.may_recreate.clone_from(&rules.allow_recreate);
        plan.dry_run = *dry_run;
        plan.concurrency = *concurrency;
        plan.resync = resync.unwrap_or_default();
        plan.settle = resync.unwrap_or(SETTLE);
        plan
    }
}
