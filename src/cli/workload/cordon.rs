//! `tmc workload cordon` and `uncordon`: whether a SyncTarget takes new workloads.

use clap::Args;
use serde_json::{Value, json};

use super::flags;
use crate::{
    cli::{say, upstream::UpstreamArgs},
    registration::kinds::SYNC_TARGET,
};

#[derive(Debug, Args)]
pub struct CordonArgs {
    #[command(flatten)]
    pub upstream: UpstreamArgs,

    /// Name of the SyncTarget
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub async fn run(args: &CordonArgs, unschedulable: bool) -> anyhow::Result<()> {
    let upstream = args.upstream.connect().await?;
    let query = if args.dry_run { "?dryRun=All" } else { "" };
    let path = format!("{}{query}", SYNC_TARGET.path("", &args.name));
    let body = json!({"spec": {"unschedulable": unschedulable}}).to_string().into_bytes();
    let patch = Some("application/merge-patch+json");
    upstream.json::<Value>(http::Method::PATCH, &path, patch, body).await?;
    let (done, next) = match unschedulable {
        true => ("takes no new workloads; those that are there stay", "uncordon"),
        false => ("takes new workloads", "status"),
    };
    let dry = if args.dry_run { " (dry run)" } else { "" };
    say(format!("{} {done}{dry}", args.name));
    say(format!("Next: tmc workload {next} {}{}", args.name, flags(&args.upstream)));
    Ok(())
}
