//! `tmc register`: makes a Kubernetes know a server that runs elsewhere.

use std::time::Duration;

use clap::Args;

use super::{
    installation::InstallationArgs,
    upstream::{UpstreamArgs, duration},
};
use crate::registration::apply::Apply;

/// Apply CRDs, RBAC and the APIService, and wait until it is Available
#[derive(Debug, Args)]
pub struct RegisterArgs {
    #[command(flatten)]
    pub upstream: UpstreamArgs,
    #[command(flatten)]
    pub installation: InstallationArgs,

    /// How long to wait for the APIService to become Available
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub timeout: Duration,

    /// Take over an APIService that leads to another Service
    #[arg(long)]
    pub force: bool,
}

pub async fn run(args: RegisterArgs) -> anyhow::Result<()> {
    let installation = args.installation.installation()?;
    let upstream = args.upstream.connect().await?;
    let mut say = |line: &str| super::say(line);
    let mut apply = Apply { upstream: &upstream, timeout: args.timeout, force: args.force, say: &mut say };
    apply.register(installation, crate::api::crds::definitions()).await?;
    super::say("registered. Next: kubectl get aggregatedviews");
    Ok(())
}
