//! Starts the reconciler of heartbeats beside the server.

use std::{convert::Infallible, sync::Arc};

use prometheus::Registry;

use crate::{
    informers,
    liveness::clock::SystemClock,
    reconcilers::{
        heartbeat::{Heartbeat, Metrics},
        leader,
    },
    supervisor::Supervisor,
    upstream::Upstream,
};

/// It gives its lead back before the process ends.
pub fn start(
    tasks: &mut Supervisor,
    upstream: &Upstream,
    registry: &Registry,
    metrics: informers::Metrics,
) -> anyhow::Result<()> {
    let (upstream, clock) = (Arc::new(upstream.clone()), Arc::new(SystemClock::default()));
    let heartbeat = Heartbeat::new(upstream, clock, metrics, Metrics::new(registry)?);
    let run = heartbeat.run(leader::identity(), tasks.shutdown());
    tasks.spawn("heartbeat", async {
        run.await;
        Ok::<(), Infallible>(())
    });
    Ok(())
}
