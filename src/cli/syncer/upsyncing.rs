//! What is shown upstream of the cluster's own objects: the kinds that the configuration names, or none.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{config::Config, sides::Sides, tasks::Tasks};
use crate::{
    informers::Metrics,
    syncer::{
        engine::{Plan, Tools},
        facts::Progress,
        upsync::{Sources, Upsync},
    },
};

/// Between looks at what nobody says has changed.
const AGAIN: Duration = Duration::from_secs(5);

type Run = Box<dyn FnOnce(CancellationToken) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

pub struct Upsyncing {
    /// Until the token is cancelled and what is in flight has ended.
    pub run: Run,
    pub progress: Option<watch::Receiver<Arc<Progress>>>,
    /// Nothing that is shown has to go before the SyncTarget may.
    pub unshown: watch::Receiver<bool>,
}

pub fn start(
    tasks: &mut Tasks,
    config: &Config,
    sides: &Sides,
    metrics: &Metrics,
    plan: &Arc<Plan>,
    tools: &Tools,
) -> Upsyncing {
    let kinds: Vec<_> = config.rules.upsync.iter().map(|kind| kind.kind()).collect();
    if kinds.is_empty() {
        let run: Run = Box::new(|stop| Box::pin(async move { stop.cancelled().await }));
        return Upsyncing { run, progress: None, unshown: watch::channel(true).1 };
    }
    let sources = Sources {
        upstream: sides.upstream.clone(),
        downstream: sides.downstream.clone(),
        limits: config.limits,
        metrics: metrics.clone(),
    };
    let (feeds, sources) = sources.start(plan, &kinds, CancellationToken::new());
    tasks.start("shown objects", sources);
    let upsync = Upsync::new(plan.clone(), kinds, tools.clone());
    let (progress, unshown) = (upsync.progress(), upsync.unshown());
    let run: Run = Box::new(move |stop| Box::pin(upsync.run(feeds, stop)));
    Upsyncing { run, progress: Some(progress), unshown }
}

/// What syncing came to, with what is wrong with shown objects.
pub fn merged(
    tasks: &mut Tasks,
    mut synced: watch::Receiver<Arc<Progress>>,
    mut shown: watch::Receiver<Arc<Progress>>,
) -> watch::Receiver<Arc<Progress>> {
    let (both, merged) = watch::channel::<Arc<Progress>>(Arc::default());
    tasks.start("progress", async move {
        loop {
            let progress = synced.borrow_and_update().with(&shown.borrow_and_update());
            both.send_if_modified(|known| {
                let changed = Progress { oldest: known.oldest, ..progress.clone() } != **known;
                *known = progress.into();
                changed
            });
            tokio::select! {
                Ok(()) = synced.changed() => {}
                Ok(()) = shown.changed() => {}
                // How long work waits is told without a word.
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    });
    merged
}
