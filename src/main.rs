//! Parses the command line, runs the command, and maps its outcome to an exit code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match tmc::cli::run(tmc::cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tmc: {error:#}");
            ExitCode::FAILURE
        }
    }
}
