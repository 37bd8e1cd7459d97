//! Which reconcilers run beside the server, and their start. Each gives its lead back before the process ends.

use std::{convert::Infallible, sync::Arc};

use clap::Args;
use prometheus::Registry;

use crate::{
    cli::combine::combiner,
    informers,
    liveness::clock::SystemClock,
    reconcilers::{
        heartbeat::{Heartbeat, Metrics},
        leader,
    },
    supervisor::Supervisor,
    syncer::discovery::Wanted,
    upstream::Upstream,
};

#[derive(Debug, Args)]
pub struct ReconcilerArgs {
    /// Write the conditions of SyncTargets that follow from their heartbeats, as one of several servers
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    heartbeat: bool,
    /// Write the statuses of what several targets sync, made of what each of them tells, as one of several servers
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    combine_status: bool,
    /// The kinds whose statuses are combined, as `plural.group` [default: those that a syncer syncs by default]
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    combine_resource_types: Vec<String>,
}

/// Which of them are to run.
pub struct Reconcilers {
    heartbeat: bool,
    /// The kinds whose statuses are combined.
    combine: Option<Wanted>,
}

impl ReconcilerArgs {
    /// # Errors
    /// All names that are none of a kind.
    pub fn read(&self) -> anyhow::Result<Reconcilers> {
        // The syncer has the same flag under another name.
        let renamed = |finding: String| finding.replacen("--resource-types", "--combine-resource-types", 1);
        let wanted = Wanted::parse(&self.combine_resource_types).map_err(|findings| {
            anyhow::anyhow!(findings.into_iter().map(renamed).collect::<Vec<_>>().join("\n"))
        })?;
        Ok(Reconcilers { heartbeat: self.heartbeat, combine: self.combine_status.then_some(wanted) })
    }
}

impl Reconcilers {
    pub fn start(
        self,
        tasks: &mut Supervisor,
        upstream: &Upstream,
        registry: &Registry,
        metrics: &informers::Metrics,
    ) -> anyhow::Result<()> {
        let upstream = Arc::new(upstream.clone());
        if self.heartbeat {
            let (upstream, clock) = (upstream.clone(), Arc::new(SystemClock::default()));
            let heartbeat = Heartbeat::new(upstream, clock, metrics.clone(), Metrics::new(registry)?);
            lead(tasks, "heartbeat", heartbeat.run(leader::identity(), tasks.shutdown()));
        }
        if let Some(wanted) = self.combine {
            let (fetch, requests) = (upstream.clone(), upstream);
            let combiner = combiner(tasks, fetch, requests, wanted, registry, metrics.clone())?;
            lead(tasks, "combined statuses", combiner.run(leader::identity(), tasks.shutdown()));
        }
        Ok(())
    }
}

fn lead(tasks: &mut Supervisor, name: &'static str, run: impl Future<Output = ()> + Send + 'static) {
    tasks.spawn(name, async {
        run.await;
        Ok::<(), Infallible>(())
    });
}
