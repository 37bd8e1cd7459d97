//! The aggregated views over all workspaces, the reconciler of heartbeats that they need, and that of combined
//! statuses.
//!
//! All read the server of this very process over `/clusters/*`, as they will read a kcp.

use std::{convert::Infallible, sync::Arc};

use prometheus::Registry;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::server::Server;
use crate::{
    api,
    apiserver::{
        health::Check,
        log::{ResourceLog, RingLimits},
        rest::{Rest, Shared},
    },
    cli::combine::combiner,
    controlplane::{
        credentials::Credentials,
        plane::Plane,
        views_access::{Rows, ViewsAccess, ViewsAuthorizer, WorkspaceViews},
    },
    informers::{self, Event, Source},
    liveness::{LEASES, SYNC_TARGETS, clock::SystemClock},
    reconcilers::{
        heartbeat::{self, Heartbeat},
        leader,
    },
    supervisor::Supervisor,
    syncer::discovery::Wanted,
    upstream::{ACROSS, Upstream},
    views::{self, Origin, Views},
};

pub struct Aggregation {
    views: Views,
    events: mpsc::Sender<Event>,
}

impl Aggregation {
    /// Makes them part of what the server serves. Nothing is read yet.
    pub fn new(plane: &Plane, server: &mut Server) -> anyhow::Result<Self> {
        let (events, received) = mpsc::channel(views::QUEUE);
        let clock = Arc::new(SystemClock::default());
        let metrics = views::Metrics::new(&server.registry)?;
        let origin = Origin::Kcp(plane.workspaces.clone());
        let views = Views::new(origin, received, clock, RingLimits::default(), metrics);
        let (store, workspaces) = (plane.store.clone(), plane.workspaces.clone());
        let rows = Rows::new(store, workspaces, plane.authorizer.clone(), views.trees());
        let shared = Shared { access: Arc::new(ViewsAccess::new(rows.clone())), ..server.shared.clone() };
        for views in views.storages() {
            let storage = Arc::new(WorkspaceViews { views, rows: rows.clone() });
            server.extra.rests.push(Arc::new(Rest::new(storage, shared.clone())));
        }
        for (path, document) in api::openapi::v3() {
            server.extra.openapi.insert(path, serde_json::from_slice(document)?);
        }
        server.authorizer = Arc::new(ViewsAuthorizer(rows));
        let availability = views.availability();
        server.checks.push(Check::readiness("informer-sync", move || availability.borrow().is_ready()));
        Ok(Self { views, events })
    }

    /// Follows the server at `url`. Returns where the trees are.
    pub async fn start(
        self,
        tasks: &mut Supervisor,
        plane: &Plane,
        credentials: &Credentials,
        url: &str,
        registry: &Registry,
    ) -> anyhow::Result<Arc<ResourceLog>> {
        let all = Arc::new(Upstream::in_memory(&credentials.login(&format!("{url}{ACROSS}"))).await?);
        let server = Arc::new(Upstream::in_memory(&credentials.login(url)).await?);
        let metrics = informers::Metrics::new(registry)?;
        for (name, resource) in [("SyncTargets", SYNC_TARGETS), ("Leases", LEASES)] {
            let limits = informers::Limits::default();
            let source = Source::new(all.clone(), resource, limits, self.events.clone(), metrics.clone());
            let run = source.run(tasks.shutdown());
            tasks.spawn(name, async {
                run.await;
                Ok::<(), Infallible>(())
            });
        }
        let clock = Arc::new(SystemClock::default());
        let counts = heartbeat::Metrics::new(registry)?;
        let combiner =
            combiner(tasks, all.clone(), server.clone(), Wanted::Default, registry, metrics.clone())?;
        let heartbeat = Heartbeat::across(all, server, plane.workspaces.clone(), clock, metrics, counts);
        // Nobody takes their leads over: they are dropped, not given back to a server that ends as well.
        let never = CancellationToken::new();
        lead(tasks, "heartbeat", heartbeat.run(leader::identity(), never.clone()));
        lead(tasks, "combined statuses", combiner.run(leader::identity(), never));
        let trees = self.views.trees();
        let (views, events) = (self.views, self.events);
        tasks.spawn_background("views", async move {
            // Its sources end when shutdown begins; the views stay as they are until the server has ended.
            let _events = events;
            views.run(CancellationToken::new()).await;
        });
        Ok(trees)
    }
}

fn lead(tasks: &mut Supervisor, name: &'static str, run: impl Future<Output = ()> + Send + 'static) {
    let shutdown = tasks.shutdown();
    tasks.spawn(name, async move {
        shutdown.run_until_cancelled(run).await;
        Ok::<(), Infallible>(())
    });
}
