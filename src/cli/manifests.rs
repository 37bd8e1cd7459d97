//! `tmc manifests`: prints what `tmc register` would apply.

use std::io::Write;

use anyhow::Context;
use clap::Args;

use super::installation::InstallationArgs;
use crate::registration::manifests;

#[cfg(test)]
mod tests;

/// Print the CRDs, the RBAC and the APIService as YAML, for `kubectl apply -f -`
#[derive(Debug, Args)]
pub struct ManifestsArgs {
    #[command(flatten)]
    pub installation: InstallationArgs,

    /// Leave the CRDs out
    #[arg(long)]
    pub no_crds: bool,
}

pub async fn run(args: ManifestsArgs) -> anyhow::Result<()> {
    let text = text(&args)?;
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to stdout")
}

/// In the order in which kubectl has to apply them.
fn text(args: &ManifestsArgs) -> anyhow::Result<String> {
    let mut objects = manifests::objects(&args.installation.installation()?);
    if !args.no_crds {
        let first = objects.iter().take_while(|object| object["kind"] == "Namespace").count();
        objects.splice(first..first, crate::api::crds::definitions());
    }
    Ok(manifests::yaml(&objects)?)
}
