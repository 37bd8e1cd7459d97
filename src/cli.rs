//! The command line: one file per command, each `Args -> run()`. The only wiring in the crate.

use std::{fmt::Display, io::Write};

use anyhow::Context;
use clap::{Parser, Subcommand};

mod combine;
pub mod dev;
pub mod doctor;
pub mod installation;
pub mod join;
pub mod manifests;
pub mod rbac;
pub mod register;
pub mod security;
pub mod serve;
pub mod syncer;
pub mod unregister;
pub mod upstream;
pub mod view;
pub mod workload;

/// Transparent Multi-Cluster for kcp and Kubernetes.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole system in this process, on an embedded control plane
    Dev(Box<dev::Args>),
    /// Print the aggregated views as kubectl does
    View(view::ViewArgs),
    /// Serve the aggregated views of a cluster's SyncTargets
    Serve(Box<serve::Args>),
    /// Register a server with a cluster and wait until it is available
    Register(register::RegisterArgs),
    /// Take a registration away again
    Unregister(unregister::UnregisterArgs),
    /// Print the objects that register applies
    Manifests(manifests::ManifestsArgs),
    /// Say what is wrong with an installation
    Doctor(doctor::DoctorArgs),
    /// Make clusters of a kubeconfig SyncTargets, and start a syncer on each of them
    Join(Box<join::JoinArgs>),
    /// Add, cordon, look at and take away the SyncTargets of physical clusters
    Workload(workload::WorkloadArgs),
    /// Print the roles of a syncer
    Rbac(rbac::RbacArgs),
    /// Check how safely a syncer runs
    Security(security::SecurityCommandArgs),
}

/// Prints a line. A reader that went away does not stop a command halfway: its exit code still tells.
fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The stack of a worker. Bodies are read and judged recursively; their depth is bounded, and the deepest that is
/// allowed takes more than the usual 2 MiB in a build without optimization, which would end the process.
const STACK: usize = 16 << 20;

/// With so many workers; else as many as there are cores.
fn runtime(workers: Option<usize>) -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = workers {
        builder.worker_threads(workers);
    }
    builder.enable_all().thread_stack_size(STACK).build().context("cannot start the runtime")
}

/// Runs the command to its end. An error is printed by `main` and makes the exit code 1.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    runtime(None)?.block_on(async {
        match cli.command {
            Command::Dev(args) => dev::run(*args).await,
            Command::View(args) => view::run(args).await,
            Command::Serve(args) => serve::run(*args).await,
            Command::Register(args) => register::run(args).await,
            Command::Unregister(args) => unregister::run(args).await,
            Command::Manifests(args) => manifests::run(args).await,
            Command::Doctor(args) => doctor::run(args).await,
            Command::Join(args) => join::run(*args).await,
            Command::Workload(args) => workload::run(args).await,
            Command::Rbac(args) => rbac::run(args).await,
            Command::Security(args) => security::run(args).await,
        }
    })
}

#[cfg(test)]
mod tests;
