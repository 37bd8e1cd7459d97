//! `tmc workload detach`: takes a SyncTarget away and leaves its workloads running where they are.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;
use tokio::time::Instant;

use super::{flags, kinds_or_default};
use crate::{
    api::placement::GroupResource,
    cli::{
        say,
        upstream::{UpstreamArgs, duration},
    },
    registration::{
        apply::find,
        kinds::SYNC_TARGET,
        syncer::{INSTANCE, install::Identity, namespace, parse_kind, release},
    },
    upstream::Upstream,
};

/// What a syncer consists of on its cluster.
const CLEANED: &str =
    "namespace,clusterrole,clusterrolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding";
/// Between looks for the target.
const POLL: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub struct DetachArgs {
    #[command(flatten)]
    upstream: UpstreamArgs,

    /// Name of the SyncTarget
    #[arg(value_name = "NAME")]
    name: String,

    /// Its syncer is gone for good: take its finalizers off the workloads here instead
    #[arg(long)]
    force: bool,

    /// With --force, kinds it has synced; else the usual ones and those in the target's status
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = parse_kind, requires = "force")]
    resource_types: Vec<GroupResource>,

    /// How long to wait for the syncer to release everything
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    timeout: Duration,

    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(args: &DetachArgs) -> anyhow::Result<()> {
    let upstream = args.upstream.connect().await?;
    let found = find(&upstream, SYNC_TARGET, "", &args.name).await?;
    let target = found.with_context(|| format!("there is no SyncTarget {}", args.name))?;
    let identity = Identity::of(&target);
    if args.dry_run {
        say(format!(
            "would delete SyncTarget {} (uid {}); its workloads stay on the cluster",
            args.name, identity.uid
        ));
        return Ok(());
    }
    if args.force {
        release::force(&upstream, &args.name, &identity.uid).await?;
    }
    release::delete(&upstream, &args.name, &identity.uid).await?;
    if args.force {
        forced(&upstream, args, &target, &identity).await?;
    }
    gone(&upstream, args, &identity.uid).await?;
    release::revoke(&upstream, &args.name).await?;
    say(format!(
        "SyncTarget {} is gone, and its syncer's account; its workloads stay on the cluster",
        args.name
    ));
    say(format!(
        "Next: kubectl --context <context of the physical cluster> delete {CLEANED} -l {INSTANCE}={} --wait=false",
        namespace(&args.name)
    ));
    Ok(())
}

/// What the syncer would have done.
async fn forced(
    upstream: &Upstream,
    args: &DetachArgs,
    target: &Value,
    identity: &Identity,
) -> anyhow::Result<()> {
    let mut kinds = kinds_or_default(&args.resource_types);
    if args.resource_types.is_empty() {
        kinds.extend(reported(target));
        kinds.sort();
        kinds.dedup();
    }
    // One that belongs to no workspace has never synced anything.
    if let Some(key) = &identity.key {
        let left = release::release(upstream, &kinds, key, &mut |line| say(line)).await;
        if !left.is_empty() {
            bail!("not everything is released, run the command again:\n{}", left.join("\n"));
        }
    }
    if let Some(target) = find(upstream, SYNC_TARGET, "", &args.name).await? {
        release::let_go(upstream, &target).await?;
    }
    Ok(())
}

fn reported(target: &Value) -> impl Iterator<Item = GroupResource> {
    let rows = target["status"]["resources"].as_array().into_iter().flatten();
    rows.filter_map(|row| {
        let group = row["group"].as_str().unwrap_or_default().to_owned();
        Some(GroupResource { group, resource: row["resource"].as_str()?.to_owned() })
    })
}

/// Until the target, or at least the one with this uid, is there no more.
async fn gone(upstream: &Upstream, args: &DetachArgs, uid: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + args.timeout;
    loop {
        let found = find(upstream, SYNC_TARGET, "", &args.name).await?;
        if found.is_none_or(|found| found["metadata"]["uid"] != uid) {
            return Ok(());
        }
        if Instant::now() + POLL > deadline {
            bail!(
                "its syncer has not released everything within {:?}. It goes on; wait with \
                 `tmc workload detach {name}{flags} --timeout 10m`, or if the syncer is gone for good: \
                 `tmc workload detach {name}{flags} --force`",
                args.timeout,
                name = args.name,
                flags = flags(&args.upstream),
            );
        }
        tokio::time::sleep(POLL).await;
    }
}
