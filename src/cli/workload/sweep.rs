//! `tmc workload sweep`: finds what a syncer that is gone left on a cluster, and deletes it if that is confirmed.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Args;

use super::{flags, kinds_or_default};
use crate::{
    api::placement::GroupResource,
    cli::{say, upstream::UpstreamArgs},
    registration::{
        apply::find,
        kinds::SYNC_TARGET,
        syncer::{
            install::Identity,
            parse_kind,
            sweep::{Fate, Former, Leftover, delete, survey},
        },
    },
    upstream::{Flags, Target, Upstream},
};

#[derive(Debug, Args)]
pub struct SweepArgs {
    #[command(flatten)]
    upstream: UpstreamArgs,

    /// Name of the SyncTarget
    #[arg(value_name = "NAME")]
    name: String,

    /// Kubeconfig of the physical cluster
    #[arg(long, value_name = "FILE")]
    downstream_kubeconfig: PathBuf,

    /// Context of --downstream-kubeconfig; else its current one
    #[arg(long, value_name = "NAME")]
    downstream_context: Option<String>,

    /// Uid and key of a SyncTarget that is gone, as the objects' annotation and label say
    #[arg(long, value_name = "UID", requires = "key")]
    sync_target_uid: Option<String>,

    /// See --sync-target-uid
    #[arg(long, value_name = "KEY", requires = "sync_target_uid")]
    key: Option<String>,

    /// The whole workspace is gone: delete without asking it whether the origins are
    #[arg(long, requires = "sync_target_uid")]
    workspace_gone: bool,

    /// Only these kinds, for example deployments.apps,services
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = parse_kind)]
    resource_types: Vec<GroupResource>,

    /// Delete; without it only what would be deleted is said
    #[arg(long)]
    confirm: bool,
}

pub async fn run(args: &SweepArgs) -> anyhow::Result<()> {
    let flags = Flags { kubeconfig: "--downstream-kubeconfig", context: "--downstream-context" };
    let (kubeconfig, context) =
        (Some(args.downstream_kubeconfig.as_path()), args.downstream_context.as_deref());
    let downstream = Upstream::connect(&Target { kubeconfig, context, flags }).await?;
    let upstream = match args.workspace_gone {
        true => None,
        false => Some(args.upstream.connect().await?),
    };
    let former = former(args, upstream.as_ref()).await?;
    let kinds = kinds_or_default(&args.resource_types);
    let (found, unread) = survey(upstream.as_ref(), &downstream, &kinds, &former).await;
    unread.iter().for_each(say);
    let mut failed = unread.len();
    let (mut swept, mut kept) = (0, 0);
    for leftover in &found {
        match (&leftover.fate, args.confirm) {
            (Fate::Keep(why), _) => {
                kept += 1;
                say(format!("kept {}: {why}", leftover.path));
            }
            (Fate::Sweep, false) => {
                swept += 1;
                say(format!("would delete {}", leftover.path));
            }
            (Fate::Sweep, true) => match one(&downstream, leftover).await {
                true => swept += 1,
                false => failed += 1,
            },
        }
    }
    let done = if args.confirm { "deleted" } else { "would be deleted" };
    say(format!("{swept} {done}, {kept} kept"));
    if failed > 0 {
        bail!("{failed} things could not be looked at or deleted; run the command again");
    }
    if !args.confirm && swept > 0 {
        say(format!("Next: tmc workload sweep {}{} … --confirm", args.name, self::flags(&args.upstream)));
    }
    Ok(())
}

async fn one(downstream: &Upstream, leftover: &Leftover) -> bool {
    match delete(downstream, leftover).await {
        Ok(()) => say(format!("deleted {}", leftover.path)),
        Err(error) => {
            say(format!("cannot delete {}: {error}", leftover.path));
            return false;
        }
    }
    true
}

async fn former(args: &SweepArgs, upstream: Option<&Upstream>) -> anyhow::Result<Former> {
    let workspace_gone = args.workspace_gone;
    if let (Some(uid), Some(key)) = (&args.sync_target_uid, &args.key) {
        return Ok(Former { key: key.clone(), uid: uid.clone(), workspace_gone });
    }
    let upstream = upstream.context("give --sync-target-uid and --key")?;
    let found = find(upstream, SYNC_TARGET, "", &args.name).await?;
    let found = found.with_context(|| {
        format!(
            "there is no SyncTarget {} any more: give --sync-target-uid and --key of the old one",
            args.name
        )
    })?;
    let identity = Identity::of(&found);
    ensure!(
        identity.key.is_some(),
        "SyncTarget {} belongs to no workspace, so nothing was ever synced",
        args.name
    );
    Ok(Former { key: identity.key.unwrap_or_default(), uid: identity.uid, workspace_gone })
}
