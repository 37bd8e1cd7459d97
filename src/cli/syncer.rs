//! `syncer`: keeps one physical cluster in step with a workspace, or only reports it, wired from its parts.
//!
//! Everything that is wrong with its flags, its files and what they lead to is said at once, before anything is
//! written.

use std::{path::PathBuf, sync::Arc};

use clap::Parser;
use prometheus::Registry;
use tokio_util::sync::CancellationToken;

use self::{
    config::Config, findings::Findings, guarding::Guarding, ports::Ports, process::Process, sides::Sides,
};
use crate::{
    cli::security::SecurityArgs,
    supervisor::{Signals, Supervisor},
    telemetry,
};

pub mod config;
pub mod findings;
pub mod guarding;
mod ports;
pub mod process;
pub mod sides;
mod sources;
mod syncing;
mod tasks;
mod upsyncing;
mod watching;

/// Keeps a physical cluster in step with a workspace: workloads down, status up.
#[derive(Clone, Debug, Parser)]
#[command(name = "syncer", version, about, max_term_width = 100)]
pub struct Args {
    /// The SyncTarget that stands for the cluster (required)
    #[arg(long, value_name = "NAME")]
    sync_target_name: Option<String>,
    /// The uid that this SyncTarget must have; else the one that it has is taken
    #[arg(long, value_name = "UID")]
    sync_target_uid: Option<String>,
    /// The workspace that this SyncTarget must serve, for example root:production
    #[arg(long, value_name = "PATH")]
    workspace: Option<String>,
    /// Kubeconfig of the workspace; else $KUBECONFIG, then ~/.kube/config, then in-cluster
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Context of --kubeconfig; else its current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Kubeconfig of the physical cluster; else the cluster that the syncer runs in
    #[arg(long, value_name = "FILE")]
    downstream_kubeconfig: Option<PathBuf>,
    /// Context of --downstream-kubeconfig; else its current one
    #[arg(long, value_name = "NAME")]
    downstream_context: Option<String>,
    /// What is synced: what a Placement decides (placement), all that the filters admit (filter), or nothing,
    /// the cluster is only reported (observe)
    #[arg(long, value_name = "MODE", default_value = "placement")]
    mode: String,
    /// Only these namespaces; else all that are not the system's
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    namespaces: Vec<String>,
    /// Only these kinds, for example deployments.apps,services; else all that may be synced
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    resource_types: Vec<String>,
    /// Only namespaces with these labels
    #[arg(long, value_name = "SELECTOR", default_value = "")]
    namespace_selector: String,
    /// Only objects with these labels
    #[arg(long, value_name = "SELECTOR", default_value = "")]
    label_selector: String,
    /// Only objects with all of these annotations, for example team=shop,tier=web
    #[arg(long, value_name = "PAIRS", value_delimiter = ',')]
    annotation_selector: Vec<String>,
    /// File with transforms and policies
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Objects that are synced at a time
    #[arg(long, value_name = "NUMBER", default_value = "5")]
    concurrency: String,
    /// Seconds after which everything is compared again; 0 turns it off
    #[arg(long, value_name = "SECONDS", default_value = "300")]
    resync_period: String,
    /// Requests a second to each side
    #[arg(long, value_name = "NUMBER", default_value = "20")]
    qps: String,
    /// Requests that may come at once to each side
    #[arg(long, value_name = "NUMBER", default_value = "30")]
    burst: String,
    /// Be one of several syncers of the target, of which one writes
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true")]
    leader_elect: String,
    /// Say what would be done, and write nothing but the report
    #[arg(long, value_name = "BOOL", default_value = "false", num_args = 0..=1, default_missing_value = "true")]
    dry_run: String,
    /// What a fatal finding about the security context leads to: not to start (enforce), or a condition (warn)
    #[arg(long, value_name = "MODE", default_value = "enforce")]
    security_mode: String,
    #[command(flatten)]
    security: SecurityArgs,
    /// Let the workspace and the cluster be one and the same
    #[arg(long, value_name = "BOOL", default_value = "false", num_args = 0..=1, default_missing_value = "true")]
    allow_same_cluster: String,
    /// The address that metrics and health are served on
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0")]
    bind_address: String,
    /// The port of /metrics; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value = "8080")]
    metrics_port: String,
    /// The port of /healthz, /livez and /readyz; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value = "8081")]
    health_port: String,
    /// How long to finish what is in flight before the end
    #[arg(long, value_name = "DURATION", default_value = "20s")]
    grace_period: String,
    /// How much to log: 2 is usual, 4 debug, 6 trace
    #[arg(long, short = 'v', value_name = "LEVEL", default_value = "2")]
    log_level: String,
    /// The format of log lines: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: String,
    /// Send traces there by OTLP over gRPC
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// The least time between two reports
    #[arg(long, value_name = "DURATION", default_value = "10s", hide = true)]
    report_period: String,
    /// Between questions to the cluster whether it is ready
    #[arg(long, value_name = "DURATION", default_value = "30s", hide = true)]
    probe_period: String,
}

/// Runs the syncer to its end. An error is printed by the program and makes the exit code 1.
///
/// It has one worker: what an object takes are short steps that wait for each other, and one core does more of them
/// than a cluster can take. To hand them from thread to thread would cost more than it gains.
pub fn main(args: Args) -> anyhow::Result<()> {
    super::runtime(Some(1))?.block_on(run(args))
}

async fn run(args: Args) -> anyhow::Result<()> {
    let signals = Signals::install()?;
    let mut findings = Findings::default();
    let config = Config::read(&args, &mut findings);
    let ports = Ports::bind(&config, &mut findings).await;
    let connected = Sides::connect(&args, &mut findings).await;
    let mut start = None;
    if let Some((sides, ways)) = connected {
        let identity = sides.identify(&config, &mut findings).await;
        let guarding = Guarding::new(&config, &sides, &ways);
        guarding.first(identity.as_ref().ok(), &config, &mut findings).await;
        start = Some((sides, ways, guarding, identity));
    }
    if let (Some((.., Err(undecided))), false) = (&start, findings.is_empty()) {
        findings.add(format!("{undecided:#}"));
    }
    // Without a finding all of them are there.
    let (Some((sides, ways, guarding, identity)), Some(ports)) = findings.none((start, ports))? else {
        return Ok(());
    };
    let _telemetry = telemetry::init(&config.telemetry)?;
    let mut tasks = Supervisor::new(config.grace + process::END);
    let registry = Registry::new();
    let health = ports.serve(&mut tasks, &registry)?;
    for (name, way) in [("workspace credentials", ways.upstream), ("cluster credentials", ways.downstream)] {
        tasks.spawn_background(name, way.rotation.run(CancellationToken::new()));
    }
    let (config, identity, guarding) = (Arc::new(config), identity.ok(), Some(guarding));
    let process = Process { config, sides, identity, guarding, registry, health };
    tasks.spawn("syncer", process.run(tasks.shutdown()));
    Ok(tasks.run(signals).await?)
}
