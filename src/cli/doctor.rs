//! `tmc doctor`: says what is wrong with an installation.

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::upstream::UpstreamArgs;
use crate::registration::{doctor, installation::ServiceReference};

/// Check an installation and say what to do about what is wrong
#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub upstream: UpstreamArgs,

    /// The Service that should be registered; else the one the APIService leads to
    #[arg(long, value_name = "NS/NAME:PORT")]
    pub service: Option<ServiceReference>,

    /// How to print
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

pub async fn run(args: DoctorArgs) -> anyhow::Result<()> {
    let upstream = args.upstream.connect().await?;
    let crds = crate::api::crds::definitions();
    let report = doctor::examine(&upstream, args.service, &crds, jiff::Timestamp::now()).await;
    match args.output {
        Output::Json => super::say(serde_json::to_string_pretty(&report)?),
        Output::Text => report.checks.iter().for_each(super::say),
    }
    match report.failed() {
        0 => Ok(()),
        failed => bail!("{failed} of {} checks failed", report.checks.len()),
    }
}
