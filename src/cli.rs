//! The command line: one file per command, each `Args -> run()`. The only wiring in the crate.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::upstream;

pub mod serve;

pub mod doctor;
pub mod installation;
pub mod manifests;
pub mod register;
pub mod unregister;
pub mod upstream;

/// Transparent Multi-Cluster for kcp and Kubernetes.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the aggregated views of a cluster's SyncTargets
    Serve(Box<serve::Args>),
}

/// Which Kubernetes API a command talks to.
#[derive(Debug, Args)]
pub struct UpstreamArgs {
    /// The kubeconfig file [default: $KUBECONFIG, ~/.kube/config, or the cluster we run in]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig
    #[arg(long)]
    context: Option<String>,
}

impl UpstreamArgs {
    pub fn target(&self) -> upstream::Target<'_> {
        upstream::Target { kubeconfig: self.kubeconfig.as_deref(), context: self.context.as_deref() }
    }
}

/// A duration as Kubernetes flags have it, `5s` or `1m30s`, or plain seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<u64>().map(Duration::from_secs).ok();
    let parsed = seconds.or_else(|| text.parse::<jiff::SignedDuration>().ok()?.try_into().ok());
    parsed.ok_or_else(|| format!("{text:?} is not a duration such as 5s or 1m30s"))
}

/// Runs the command to its end. An error is printed by `main` and makes the exit code 1.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::run(*args).await,
        }
    })
}
