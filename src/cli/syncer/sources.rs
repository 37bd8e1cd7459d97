//! What a syncer follows: its SyncTarget in the workspace, and everything that is counted on the cluster.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{config::Config, sides::Sides, tasks::Tasks};
use crate::{
    api::{
        placement::GroupResource,
        workload::{Mode, Problem},
    },
    informers::{self, Limits, Source},
    liveness::{SYNC_TARGETS, clock::SystemClock},
    syncer::{
        discovery::{Again, Discoverer, Pace, Resolved, Side},
        identity::Identity,
        observe::{Observe, Observer, Output, Scope, Times},
        report::reach::{Answered, Probe, Reach},
        target::{Follower, Seen, Target},
    },
};

/// Events of the target that wait to be read.
const QUEUE: usize = 16;
/// How long the server keeps a watch of the target open: its end is the one sign of life of an idle stream.
const TARGET_WATCH: Duration = Duration::from_secs(60);
/// How long the first look at the target may hold up the counting.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// Which kinds there are; `None`: not known yet.
pub type Kinds = watch::Receiver<Option<Arc<Resolved>>>;

/// Everything that is followed, as it is told.
pub struct Followed {
    pub target: watch::Receiver<Seen>,
    pub reach: watch::Receiver<Reach>,
    pub answered: Answered,
    pub counts: Output,
    pub kinds: Kinds,
    /// Asks which kinds there are.
    pub again: Again,
}

/// Follows both sides from now on.
pub async fn follow(
    tasks: &mut Tasks,
    config: &Config,
    sides: &Sides,
    identity: &Identity,
    metrics: &informers::Metrics,
) -> Followed {
    let mut target = follow_target(tasks, sides, identity, metrics);
    let probe = Probe::new(sides.downstream.clone(), config.probe_period);
    let (reach, answered) = (probe.reach(), probe.answered());
    tasks.start("probe", probe.run());
    let first = first(&mut target).await;
    let (counts, kinds, again) = observe(tasks, config, sides, identity, metrics, &first);
    Followed { target, reach, answered, counts, kinds, again }
}

/// What is known of the target of this name and uid.
fn follow_target(
    tasks: &mut Tasks,
    sides: &Sides,
    identity: &Identity,
    metrics: &informers::Metrics,
) -> watch::Receiver<Seen> {
    let (events, received) = mpsc::channel(QUEUE);
    let limits = Limits { watch: TARGET_WATCH, watch_least: TARGET_WATCH, ..Limits::default() };
    let source = Source::new(sides.upstream.clone(), SYNC_TARGETS, limits, events, metrics.clone());
    let name = Some(identity.name.clone());
    let source = source.select(informers::Selection { name, ..informers::Selection::default() });
    tasks.start("SyncTarget", source.run(CancellationToken::new()));
    let follower = Follower::new(identity.name.clone(), identity.uid.clone(), sides.caller());
    let seen = follower.seen();
    tasks.start("SyncTarget follower", follower.run(received));
    seen
}

/// The target as it is first seen; nobody waits long for it.
async fn first(target: &mut watch::Receiver<Seen>) -> Arc<Target> {
    let seen = timeout(FIRST_LOOK, target.wait_for(|seen| *seen != Seen::Unknown)).await;
    match seen.map(|seen| seen.map(|seen| seen.clone())) {
        Ok(Ok(Seen::Here(target))) => target,
        _ => Arc::default(),
    }
}

/// Those that were reported before, by whomever.
fn problems(target: &Target) -> Vec<Problem> {
    serde_json::from_value(target.status["problems"].clone()).unwrap_or_default()
}

/// Kinds with objects that were synced before. One that is not asked for any more is followed until they are let go.
fn owned(target: &Target) -> impl Iterator<Item = GroupResource> {
    let rows = target.status["resources"].as_array().into_iter().flatten().filter(|row| row["total"] != 0);
    rows.filter_map(|row| {
        let text = |field: &str| row[field].as_str().map(str::to_owned);
        Some(GroupResource { group: text("group").unwrap_or_default(), resource: text("resource")? })
    })
}

/// Counts what is on the cluster.
fn observe(
    tasks: &mut Tasks,
    config: &Config,
    sides: &Sides,
    identity: &Identity,
    metrics: &informers::Metrics,
    first: &Target,
) -> (Output, Kinds, Again) {
    let cluster = sides.downstream.clone();
    let kinds = match config.mode {
        Mode::Observe => vec![Side::observed(cluster.clone())],
        Mode::Placement | Mode::Filter => {
            vec![Side::upstream(sides.upstream.clone()), Side::downstream(cluster.clone())]
        }
    };
    let wanted = match config.mode {
        Mode::Observe => config.wanted.clone(),
        Mode::Placement | Mode::Filter => config.wanted.with(owned(first)),
    };
    let discoverer = Discoverer::new(kinds, wanted, config.limits, Pace::default());
    let (resolved, again) = (discoverer.resolved(), discoverer.again());
    let observer = Observer::new(Observe {
        fetch: cluster,
        scope: match config.mode {
            Mode::Observe => Scope::Observe,
            Mode::Placement | Mode::Filter => Scope::Owned(identity.clone()),
        },
        admits: Arc::new(config.filter.clone()),
        conditions: BTreeMap::new(),
        resolved: resolved.clone(),
        again: again.clone(),
        limits: config.limits,
        times: Times::default(),
        clock: Arc::new(SystemClock::default()),
        metrics: metrics.clone(),
        known: problems(first),
    });
    let counts = observer.counts();
    tasks.start("discovery", discoverer.run(CancellationToken::new()));
    tasks.start("observer", observer.run(CancellationToken::new()));
    (counts, resolved, again)
}
