//! `tmc workload`: what the owner of a physical cluster does with its SyncTarget. Every command says the next one.

use std::path::Path;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};

use crate::{
    api::{placement::GroupResource, workload::Mode},
    security::rules::syncer::default_kinds,
};

mod cordon;
mod detach;
pub mod install;
mod status;
mod sweep;
pub mod sync;

#[derive(Debug, Args)]
pub struct WorkloadArgs {
    #[command(subcommand)]
    command: WorkloadCommand,
}

#[derive(Debug, Subcommand)]
enum WorkloadCommand {
    /// Make a SyncTarget and write what its physical cluster needs
    Sync(Box<sync::SyncArgs>),
    /// Keep new workloads away; those that are there stay
    Cordon(cordon::CordonArgs),
    /// Take new workloads again
    Uncordon(cordon::CordonArgs),
    /// Say how a SyncTarget is, and why
    Status(status::StatusArgs),
    /// Take a SyncTarget away; its workloads stay where they are
    Detach(detach::DetachArgs),
    /// Find what an old syncer left on a cluster, and with --confirm delete it
    Sweep(sweep::SweepArgs),
}

pub async fn run(args: WorkloadArgs) -> anyhow::Result<()> {
    match args.command {
        WorkloadCommand::Sync(args) => sync::run(*args).await,
        WorkloadCommand::Cordon(args) => cordon::run(&args, true).await,
        WorkloadCommand::Uncordon(args) => cordon::run(&args, false).await,
        WorkloadCommand::Status(args) => status::run(&args).await,
        WorkloadCommand::Detach(args) => detach::run(&args).await,
        WorkloadCommand::Sweep(args) => sweep::run(&args).await,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// What a Placement decides
    Placement,
    /// Every object that the filters admit
    Filter,
    /// Nothing is written on the cluster, it is only reported
    Observe,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Placement => Self::Placement,
            ModeArg::Filter => Self::Filter,
            ModeArg::Observe => Self::Observe,
        }
    }
}

pub fn kinds_or_default(kinds: &[GroupResource]) -> Vec<GroupResource> {
    if kinds.is_empty() { default_kinds() } else { kinds.to_vec() }
}

/// Writes a file that only its owner reads, in one step: whoever opens it sees all of it or what was there before.
pub fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::{
        fs::{self, OpenOptions},
        io::Write,
        os::unix::fs::OpenOptionsExt,
    };
    let shown = path.display();
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    let write = || {
        let _ = fs::remove_file(beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(beside, path)
    };
    write().with_context(|| format!("--output: cannot write {shown}"))
}

/// `kubectl` as whoever reads it has to call it.
pub fn kubectl(upstream: &super::upstream::UpstreamArgs) -> String {
    let mut command = "kubectl".to_owned();
    if let Some(file) = &upstream.kubeconfig {
        command = format!("{command} --kubeconfig {}", file.display());
    }
    if let Some(context) = &upstream.context {
        command = format!("{command} --context {context}");
    }
    command
}

/// The flags by which `tmc` is called again.
pub fn flags(upstream: &super::upstream::UpstreamArgs) -> String {
    kubectl(upstream).replacen("kubectl", "", 1)
}

#[cfg(test)]
mod tests;
