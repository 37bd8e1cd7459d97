//! What is looked at all the time beside the work: whether it may go on, and what metrics tell.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    time::interval,
};

use super::{
    config::Config, guarding::Guarding, process::Ended, sides::Sides, sources::Kinds, syncing::Synced,
};
use crate::{
    api::{placement::GroupResource, workload::NamespaceMapping},
    reconcilers::leader::Standing,
    security::context::watch::Insecure,
    syncer::{
        facts::{Buckets, Counts, Progress},
        identity::Identity,
        metrics::MetricsCollector,
        observe::Output,
        report::reach::Reach,
        target::{Gone, Seen},
    },
};

/// Between looks at what is measured.
const MEASURE: Duration = Duration::from_secs(5);

/// Why nothing may be written any more, once that is so.
pub async fn gone(target: &mut watch::Receiver<Seen>) -> Gone {
    let seen = target.wait_for(|seen| matches!(seen, Seen::Gone(_))).await.map(|seen| seen.clone());
    match seen {
        Ok(Seen::Gone(gone)) => gone,
        _ => std::future::pending().await,
    }
}

/// Once the target wants its namespaces named otherwise than this process names them.
pub async fn renamed(mut target: watch::Receiver<Seen>, identity: &Identity) -> Ended {
    let preserves = identity.namespace_mapping == NamespaceMapping::Preserve;
    let differs =
        |seen: &Seen| matches!(seen, Seen::Here(target) if target.preserves_namespaces != preserves);
    if target.wait_for(differs).await.is_err() {
        std::future::pending::<()>().await;
    }
    Ended::Renamed
}

/// Once it is known which kinds there are, whether they may be read and written, and whether it is safe to go on.
pub async fn guard(
    guarding: Option<Guarding>,
    identity: &Identity,
    config: &Config,
    mut resolved: Kinds,
    refused: Arc<Notify>,
) -> Insecure {
    let known = resolved.wait_for(Option::is_some).await.map(|resolved| resolved.clone());
    match (guarding, known) {
        (Some(guarding), Ok(Some(resolved))) => {
            let kinds = resolved.kinds.keys().cloned().collect();
            guarding.run(identity, config, kinds, refused).await
        }
        _ => std::future::pending().await,
    }
}

/// A kind that cannot be read any more may be one that we may not read.
pub async fn tell_of_refusals(mut counts: Output, refused: Arc<Notify>) {
    let mut known = BTreeMap::new();
    while counts.changed().await.is_ok() {
        let unreadable = counts.borrow_and_update().unreadable.clone();
        if unreadable.keys().any(|kind| !known.contains_key(kind)) {
            refused.notify_one();
        }
        known = unreadable;
    }
    std::future::pending().await
}

/// Once the cluster has answered, whether it is the workspace's own one: it may not have been there at the start.
pub async fn same_cluster(
    config: &Config,
    sides: &Sides,
    mut reach: watch::Receiver<Reach>,
) -> Result<Infallible, Ended> {
    let asks = !config.allow_same_cluster && reach.wait_for(|reach| *reach == Reach::Ready).await.is_ok();
    if asks && sides.same_cluster().await == Some(true) {
        return Err(Ended::SameCluster);
    }
    std::future::pending().await
}

/// Keeps the gauges true.
pub async fn measure(
    metrics: MetricsCollector,
    standing: watch::Receiver<Standing>,
    mut counts: Output,
    mut progress: Synced,
) {
    let mut ticks = interval(MEASURE);
    loop {
        let now = *standing.borrow();
        metrics.leader.set(i64::from(now.leads));
        metrics.heartbeat_age.set(now.seen.map_or(f64::INFINITY, |seen| seen.elapsed().as_secs_f64()));
        if let Some(progress) = &mut progress {
            let progress = progress.borrow_and_update().clone();
            metrics.record_resource_counts(&synced(&progress));
        } else if counts.borrow().complete && counts.has_changed().unwrap_or_default() {
            let counts = counts.borrow_and_update().clone();
            metrics.record_resource_counts(&observed(&counts));
        }
        ticks.tick().await;
    }
}

fn name(kind: &GroupResource) -> String {
    match kind.group.as_str() {
        "" => kind.resource.clone(),
        group => format!("{}.{group}", kind.resource),
    }
}

fn synced(progress: &Progress) -> Vec<(String, &'static str, u64)> {
    let states = |buckets: &Buckets| {
        let Buckets { synced, pending, error, conflict, drifted, deleting } = *buckets;
        [
            ("synced", synced),
            ("pending", pending),
            ("error", error),
            ("conflict", conflict),
            ("drifted", drifted),
            ("deleting", deleting),
        ]
    };
    let rows = progress.rows.iter();
    rows.flat_map(|(kind, buckets)| states(buckets).map(|(state, count)| (name(kind), state, count)))
        .collect()
}

fn observed(counts: &Counts) -> Vec<(String, &'static str, u64)> {
    counts.rows.iter().map(|(kind, count)| (name(kind), "observed", count.total)).collect()
}
