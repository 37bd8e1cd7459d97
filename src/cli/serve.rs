//! `tmc serve`: the aggregated API server of the views, wired from its parts.
//!
//! Background tasks keep the views, the trust and the certificate current; the server ends by itself once
//! shutdown begins, and they go on until it has.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use clap::Args as ClapArgs;
use prometheus::Registry;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::upstream::{UpstreamArgs, delay};
use crate::{
    api,
    apiserver::{
        access::{RowAccess, hints::RbacHints},
        authn::{RequestAuthenticator, TokenLimits, system_clock},
        authz::{CachedAuthorizer, ReviewLimits},
        catalog::Fixed,
        encoded::EncodedCache,
        health::{Check, Health},
        log::RingLimits,
        metrics::Metrics,
        openapi::OpenApi,
        rest::{Rest, Shared},
        server::{self, ApiServer, Limits},
        tls::{self, CertificateFiles, RELOAD_EVERY, ServingCertificate},
        version::Version,
    },
    informers::{self, Event, Resource, Source},
    liveness::{LEASES, SYNC_TARGETS, clock::SystemClock},
    registration::{
        ca::{Leaf, ServingCertificates},
        installation::{ServiceReference, service_name},
    },
    supervisor::{Signals, Supervisor},
    telemetry,
    upstream::{
        Upstream,
        authentication::{AuthenticationConfig, Overrides},
        reviews::Reviews,
    },
    views::{self, Views},
};

mod hints;
mod permissions;
mod reconcilers;

/// The room for encodings that can be made again.
const ENCODED_BYTES: u64 = 128 << 20;
/// How long the start waits for the serving CA before it goes on without.
const FIRST_CERTIFICATE: Duration = Duration::from_secs(3);
/// Beyond the drain deadline of connections, for what else has to end.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(flatten)]
    upstream: UpstreamArgs,
    /// The address to listen on
    #[arg(long, default_value = "0.0.0.0")]
    bind_address: IpAddr,
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 6443)]
    secure_port: u16,
    /// The certificate chain to serve with, in PEM form; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file")]
    tls_cert_file: Option<PathBuf>,
    /// The key of --tls-cert-file, in PEM form
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    tls_private_key_file: Option<PathBuf>,
    /// The Service that kube-aggregator calls us by; the own serving certificate is made for its name
    #[arg(long, value_name = "NAMESPACE/NAME", default_value = "tmc-system/tmc", value_parser = service_name)]
    service: ServiceReference,
    /// Trust client certificates of these authorities, instead of the cluster's
    #[arg(long, value_name = "FILE")]
    client_ca_file: Option<PathBuf>,
    /// Trust request headers from these authorities, instead of the cluster's
    #[arg(long, value_name = "FILE")]
    requestheader_client_ca_file: Option<PathBuf>,
    /// The common names that may send request headers, instead of the cluster's
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    requestheader_allowed_names: Option<Vec<String>>,
    /// Requests that may be served at a time, watches and discovery not counted; above it they get 429
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    max_requests_inflight: u32,
    #[command(flatten)]
    reconcilers: reconcilers::ReconcilerArgs,
    /// How long to go on serving after readiness has failed, so that clients can notice
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = delay)]
    shutdown_delay_duration: Duration,
    /// Send traces there by OTLP over gRPC
    #[arg(long, value_name = "URL", value_parser = telemetry::endpoint)]
    otlp_endpoint: Option<String>,
    /// The format of log lines: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: telemetry::LogFormat,
    /// How much to log: 2 is usual, 4 debug, 6 trace
    #[arg(short, long = "v", value_name = "LEVEL", default_value_t = 2)]
    verbosity: u8,
}

/// Everything that asks the upstream who may what.
struct Identity {
    authenticator: Arc<RequestAuthenticator>,
    authorizer: Arc<CachedAuthorizer>,
    access: Arc<RowAccess>,
    hints: Arc<RbacHints>,
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    let signals = Signals::install()?;
    let _telemetry = telemetry::init(&telemetry::Options {
        format: args.log_format,
        verbosity: args.verbosity,
        otlp_endpoint: args.otlp_endpoint.clone(),
    })?;
    let limits = limits(&args);
    let reconcilers = args.reconcilers.read()?;
    let mut tasks = Supervisor::new(limits.shutdown_delay + limits.drain + GRACE);
    let certificate_files = certificate_files(&args)?;
    let overrides = overrides(&args);
    overrides.check().await?;
    let upstream = args.upstream.connect().await?;
    let listener = server::bind(SocketAddr::new(args.bind_address, args.secure_port))
        .await
        .context("--bind-address, --secure-port")?;
    check_permissions(&args, &upstream).await?;
    let registry = Registry::new();

    let identity = identity(&upstream);
    let trust = AuthenticationConfig::new(upstream.clone(), overrides, identity.authenticator.clone());
    let certificate = certificate(&mut tasks, certificate_files, &args.service, &upstream).await?;
    let metrics = informers::Metrics::new(&registry)?;
    let views = follow(&mut tasks, &upstream, &identity, &registry, &metrics)?;
    reconcilers.start(&mut tasks, &upstream, &registry, &metrics)?;
    let api = api_server(&identity, &views, registry, limits);

    let shutdown = tasks.shutdown();
    tasks.spawn_background("trust", trust.run(shutdown_never()));
    tasks.spawn_background("row access", identity.access.run(shutdown_never()));
    tasks.spawn_background("views", views.run(shutdown_never()));
    let address = listener.local_addr()?;
    tasks.spawn("API server", async {
        api.serve(listener, tls::server_config(certificate), shutdown).await;
        Ok::<(), std::convert::Infallible>(())
    });
    super::say(format_args!("tmc serve: listening on https://{address}"));
    tracing::info!(%address, upstream = upstream.server, "serving aggregated views");
    Ok(tasks.run(signals).await?)
}

/// Background tasks are dropped by the supervisor once the server has ended; nothing else stops them.
fn shutdown_never() -> CancellationToken {
    CancellationToken::new()
}

fn limits(args: &Args) -> Limits {
    Limits {
        requests_in_flight: args.max_requests_inflight as usize,
        shutdown_delay: args.shutdown_delay_duration,
        ..Limits::default()
    }
}

fn overrides(args: &Args) -> Overrides {
    Overrides {
        client_ca_file: args.client_ca_file.clone(),
        requestheader_client_ca_file: args.requestheader_client_ca_file.clone(),
        requestheader_allowed_names: args.requestheader_allowed_names.clone(),
    }
}

async fn check_permissions(args: &Args, upstream: &Upstream) -> Result<(), permissions::Denied> {
    let own_ca = args.tls_cert_file.is_none();
    let authorities_given = args.client_ca_file.is_some() && args.requestheader_client_ca_file.is_some();
    permissions::check(upstream, &args.service.namespace, own_ca, authorities_given).await
}

fn identity(upstream: &Upstream) -> Identity {
    let reviews = Arc::new(Reviews::new(upstream.clone()));
    let authorizer = Arc::new(CachedAuthorizer::new(reviews.clone(), ReviewLimits::default()));
    let hints = Arc::new(RbacHints::default());
    Identity {
        authenticator: Arc::new(RequestAuthenticator::new(reviews, TokenLimits::default(), system_clock())),
        access: Arc::new(RowAccess::new(authorizer.clone(), Some(hints.clone()))),
        authorizer,
        hints,
    }
}

/// The given files, checked before anything starts.
fn certificate_files(args: &Args) -> anyhow::Result<Option<(CertificateFiles, Arc<ServingCertificate>)>> {
    let (Some(cert), Some(key)) = (args.tls_cert_file.clone(), args.tls_private_key_file.clone()) else {
        return Ok(None);
    };
    let files = CertificateFiles { cert, key };
    let certificate = files.load().context("--tls-cert-file, --tls-private-key-file")?;
    Ok(Some((files, certificate)))
}

/// What new connections are shown, and the task that keeps it current.
async fn certificate(
    tasks: &mut Supervisor,
    files: Option<(CertificateFiles, Arc<ServingCertificate>)>,
    service: &ServiceReference,
    upstream: &Upstream,
) -> anyhow::Result<Arc<ServingCertificate>> {
    if let Some((files, certificate)) = files {
        tasks.spawn_background("serving certificate", files.follow(certificate.clone(), RELOAD_EVERY));
        return Ok(certificate);
    }
    let mut own = ServingCertificates::new(upstream.clone(), service.clone())?;
    // After a restart the aggregator should not meet a certificate that it cannot verify, not even once.
    if tokio::time::timeout(FIRST_CERTIFICATE, own.refresh(jiff::Timestamp::now())).await.is_err() {
        tracing::warn!("the serving CA could not be read in time; going on with a certificate for this run");
    }
    let certificate = ServingCertificate::new(own.leaf().chain(), own.leaf().key.clone_key())?;
    let shown = certificate.clone();
    let publish = move |leaf: &Leaf| {
        if let Err(error) = shown.replace(leaf.chain(), leaf.key.clone_key()) {
            tracing::error!(%error, "a certificate of our own making cannot be used");
        }
    };
    tasks.spawn_background("serving certificate", own.run(publish, shutdown_never()));
    Ok(certificate)
}

/// Starts the informers and the hints; returns the views they feed.
fn follow(
    tasks: &mut Supervisor,
    upstream: &Upstream,
    identity: &Identity,
    registry: &Registry,
    metrics: &informers::Metrics,
) -> anyhow::Result<Views> {
    let mut source = |name, resource: Resource, events: &mpsc::Sender<Event>| {
        let fetch = Arc::new(upstream.clone());
        let limits = informers::Limits::default();
        let source = Source::new(fetch, resource, limits, events.clone(), metrics.clone());
        tasks.spawn_background(name, source.run(shutdown_never()));
    };
    let (events, received) = mpsc::channel(views::QUEUE);
    source("SyncTargets", SYNC_TARGETS, &events);
    source("Leases", LEASES, &events);
    let (rbac, rbac_received) = mpsc::channel(views::QUEUE);
    source("ClusterRoles", hints::CLUSTER_ROLES, &rbac);
    source("ClusterRoleBindings", hints::CLUSTER_ROLE_BINDINGS, &rbac);
    tasks.spawn_background("row hints", hints::feed(rbac_received, identity.hints.clone()));
    let clock = Arc::new(SystemClock::default());
    Ok(Views::new(
        views::Origin::Kubernetes,
        received,
        clock,
        RingLimits::default(),
        views::Metrics::new(registry)?,
    ))
}

fn api_server(identity: &Identity, views: &Views, registry: Registry, limits: Limits) -> ApiServer {
    let metrics = Arc::new(Metrics::new(registry));
    let watches = CancellationToken::new();
    let shared = Shared {
        access: identity.access.clone(),
        encoded: Arc::new(EncodedCache::new(ENCODED_BYTES)),
        observer: metrics.clone(),
        shutdown: watches.clone(),
    };
    let rests = views.storages().into_iter().map(|storage| Rest::new(storage, shared.clone())).collect();
    let authenticator = identity.authenticator.clone();
    let availability = views.availability();
    let checks = vec![
        Check::readiness("authentication-config", move || authenticator.is_loaded()),
        Check::readiness("informer-sync", move || availability.borrow().is_ready()),
    ];
    let v3 = api::openapi::v3().into_iter().map(|(path, document)| (path, document.into())).collect();
    ApiServer {
        catalog: Arc::new(Fixed::new(rests, OpenApi::new(api::openapi::v2().into(), v3))),
        authenticator: identity.authenticator.clone(),
        workspaces: None,
        authorizer: identity.authorizer.clone(),
        watches,
        version: Version::new(concat!("v", env!("CARGO_PKG_VERSION"))),
        health: Health::new(checks),
        metrics,
        limits,
    }
}
