//! Parses the command line of the syncer, runs it, and maps its outcome to an exit code.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match tmc::cli::syncer::main(tmc::cli::syncer::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("syncer: {error:#}");
            ExitCode::FAILURE
        }
    }
}
