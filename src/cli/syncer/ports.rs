//! The two ports of a syncer: metrics, and health.

use std::{net::SocketAddr, sync::Arc};

use axum::response::IntoResponse;
use parking_lot::RwLock;
use prometheus::Registry;
use tokio::net::TcpListener;

use super::{config::Config, findings::Findings};
use crate::{
    apiserver::{
        health::{Check, Health},
        metrics,
        server::bind,
    },
    supervisor::Supervisor,
    syncer::health::server,
};

/// What is answered about health; replaced once there is more to say.
pub type Shown = Arc<RwLock<Health>>;

pub struct Ports {
    metrics: TcpListener,
    health: TcpListener,
}

impl Ports {
    pub async fn bind(config: &Config, findings: &mut Findings) -> Option<Self> {
        let mut listeners = Vec::new();
        let ports = [("--metrics-port", config.metrics_port), ("--health-port", config.health_port)];
        for (flag, port) in ports {
            let bound = bind(SocketAddr::new(config.bind_address, port)).await;
            let bound = bound.map_err(|error| format!("{:#}", anyhow::Error::from(error)));
            listeners.extend(findings.take(&format!("--bind-address, {flag}"), bound));
        }
        let health = listeners.pop()?;
        Some(Self { metrics: listeners.pop()?, health })
    }

    /// Serves from now on until the process ends.
    pub fn serve(self, tasks: &mut Supervisor, registry: &Registry) -> std::io::Result<Shown> {
        let [metrics, health] = [self.metrics.local_addr()?, self.health.local_addr()?];
        crate::cli::say(format_args!(
            "syncer: metrics on http://{metrics}/metrics, health on http://{health}/readyz"
        ));
        let shown: Shown = Arc::new(RwLock::new(not_yet()));
        let (answers, registry) = (shown.clone(), registry.clone());
        tasks.spawn_background(
            "metrics port",
            server::serve(
                self.metrics,
                Arc::new(move |path, _| {
                    (path == "/metrics").then(|| metrics::text(&registry).into_response())
                }),
            ),
        );
        tasks.spawn_background(
            "health port",
            server::serve(self.health, Arc::new(move |path, query| answers.read().answer(path, query))),
        );
        Ok(shown)
    }
}

/// Before the target is known.
fn not_yet() -> Health {
    Health::new(vec![Check::readiness("sync-target", || false)])
}
