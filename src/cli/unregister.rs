//! `tmc unregister`: takes away what `tmc register` made.

use anyhow::Context;
use clap::Args;

use super::upstream::UpstreamArgs;
use crate::registration::{
    apply::{Removal, installed_service, remove},
    installation::ServiceReference,
};

/// Remove the APIService, the RBAC and the Service; CRDs and SyncTargets stay
#[derive(Debug, Args)]
pub struct UnregisterArgs {
    #[command(flatten)]
    pub upstream: UpstreamArgs,

    /// The Service that was registered; else the one the APIService leads to
    #[arg(long, value_name = "NS/NAME[:PORT]")]
    pub service: Option<ServiceReference>,

    /// Remove the CRDs too, and with them every SyncTarget and Placement
    #[arg(long)]
    pub crds: bool,

    /// Remove the namespace too, with everything in it, if `tmc register` made it
    #[arg(long)]
    pub namespace: bool,
}

pub async fn run(args: UnregisterArgs) -> anyhow::Result<()> {
    let upstream = args.upstream.connect().await?;
    let service = match args.service {
        Some(service) => service,
        None => installed_service(&upstream).await?.unwrap_or_default(),
    };
    let crds = if args.crds { crate::api::crds::definitions() } else { Vec::new() };
    let removal = Removal { service, crds, namespace: args.namespace };
    remove(&upstream, &removal, &mut |line| super::say(line))
        .await
        .context("not everything is removed; run the command again")?;
    super::say("unregistered");
    Ok(())
}
