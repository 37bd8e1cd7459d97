//! The command line: one file per command, each `Args -> run()`. The only wiring in the crate.

use clap::{Parser, Subcommand};

/// Transparent Multi-Cluster for kcp and Kubernetes.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {}

/// Runs the command to its end. An error is printed by `main` and makes the exit code 1.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {}
}
