//! The API server of one control plane, of the workspaces or of a simulated cluster.

use std::{convert::Infallible, sync::Arc, time::Duration};

use anyhow::Context;
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    apiserver::{
        access::Everything,
        authn::{RequestAuthenticator, Trust, authority::Authority, system_clock},
        encoded::EncodedCache,
        health::{Check, Health},
        identity::Authorizer,
        metrics::Metrics,
        rest::Shared,
        server::{ApiServer, Limits},
        tls::{self, ServingCertificate},
        version::Version,
    },
    controlplane::{
        catalog::Extra,
        credentials::Credentials,
        plane::Plane,
        tokens::{self, Own},
    },
    supervisor::Supervisor,
};

/// The version of Kubernetes whose behaviour is the measure; clients compare theirs with it.
pub const KUBERNETES: &str = concat!("v1.36.3+tmc", env!("CARGO_PKG_VERSION"));
/// The room for encodings that can be made again.
const ENCODED_BYTES: u64 = 64 << 20;

pub struct Server {
    plane: Plane,
    metrics: Arc<Metrics>,
    pub registry: Registry,
    pub shared: Shared,
    /// What is served beside the objects of the control plane.
    pub extra: Extra,
    pub authorizer: Arc<dyn Authorizer>,
    pub checks: Vec<Check>,
}

impl Server {
    pub fn new(plane: &Plane) -> Self {
        let registry = Registry::new();
        let metrics = Arc::new(Metrics::new(registry.clone()));
        let shared = Shared {
            access: Arc::new(Everything),
            encoded: Arc::new(EncodedCache::new(ENCODED_BYTES)),
            observer: metrics.clone(),
            shutdown: CancellationToken::new(),
        };
        Self {
            authorizer: plane.authorizer.clone(),
            plane: plane.clone(),
            metrics,
            registry,
            shared,
            extra: Extra::default(),
            checks: vec![Check::readiness("store", || true)],
        }
    }

    /// Serves from now on.
    pub fn start(
        self,
        tasks: &mut Supervisor,
        credentials: &Credentials,
        listener: TcpListener,
    ) -> anyhow::Result<()> {
        let tokens = Arc::new(credentials.tokens().with_accounts(self.plane.accounts.clone()));
        let own = Own { tokens: tokens.clone(), authorizer: self.authorizer.clone() };
        let authenticator = RequestAuthenticator::new(Arc::new(own), tokens::limits(), system_clock());
        let client_ca = Authority::from_pem(credentials.ca_pem.as_bytes()).context("the CA of this run")?;
        authenticator.replace(Trust { client_ca: Some(client_ca), fronts: Vec::new() });
        let watches = self.shared.shutdown.clone();
        let api = ApiServer {
            catalog: Arc::new(self.plane.catalog(self.shared, tokens, self.extra)),
            authenticator: Arc::new(authenticator),
            authorizer: self.authorizer,
            workspaces: Some(self.plane.workspaces.clone()),
            watches,
            version: Version::new(KUBERNETES),
            health: Health::new(self.checks),
            metrics: self.metrics,
            limits: Limits { shutdown_delay: Duration::ZERO, ..Limits::default() },
        };
        let (chain, key) = (credentials.serving_chain.clone(), credentials.serving_key.clone_key());
        let tls = tls::server_config(ServingCertificate::new(chain, key)?);
        let shutdown = tasks.shutdown();
        tasks.spawn("API server", async move {
            api.serve(listener, tls, shutdown).await;
            Ok::<(), Infallible>(())
        });
        Ok(())
    }
}
