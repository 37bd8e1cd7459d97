//! `tmc join`: makes physical clusters that are in a kubeconfig already targets of a workspace, both sides of it.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail, ensure};
use clap::Args;

use super::{
    say,
    upstream::UpstreamArgs,
    workload::{install::InstallArgs, kubectl, sync::install},
};
use crate::{
    registration::{apply::Apply, kinds, syncer::downstream},
    upstream::{
        Flags, Target, Upstream, UpstreamError,
        settings::{Settings, contexts},
    },
};

/// Make clusters of a kubeconfig SyncTargets, and start a syncer on each of them
#[derive(Debug, Args)]
pub struct JoinArgs {
    /// Contexts of the physical clusters; their names become those of the SyncTargets
    #[arg(long, value_name = "NAMES", value_delimiter = ',', num_args = 1.., required_unless_present = "all_contexts")]
    context: Vec<String>,

    /// Every context of --kubeconfig but that of the workspace
    #[arg(long, conflicts_with = "context")]
    all_contexts: bool,

    /// Kubeconfig with the physical clusters; else $KUBECONFIG, then ~/.kube/config
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Kubeconfig of the workspace; else --kubeconfig
    #[arg(long, value_name = "FILE")]
    upstream_kubeconfig: Option<PathBuf>,

    /// Context of the workspace; else the current one of its kubeconfig
    #[arg(long, value_name = "NAME")]
    upstream_context: Option<String>,

    /// Name of the SyncTarget, for one context
    #[arg(long, value_name = "NAME", conflicts_with = "all_contexts")]
    name: Option<String>,

    #[command(flatten)]
    install: InstallArgs,
}

/// One physical cluster.
struct Cluster {
    context: String,
    name: String,
    api: Upstream,
}

pub async fn run(args: JoinArgs) -> anyhow::Result<()> {
    let (upstream, settings) = upstream(&args).await?;
    let clusters = clusters(&args, &upstream).await?;
    let mut failed = Vec::new();
    for cluster in &clusters {
        if let Err(error) = join(&args, &upstream, &settings, cluster).await {
            say(format!("{}: {error:#}", cluster.context));
            failed.push(cluster.context.clone());
        }
    }
    if !failed.is_empty() {
        bail!("{} of {} clusters are not joined: {}", failed.len(), clusters.len(), failed.join(", "));
    }
    let shown = UpstreamArgs {
        kubeconfig: args.upstream_kubeconfig.clone().or(args.kubeconfig.clone()),
        context: args.upstream_context.clone(),
    };
    match clusters.as_slice() {
        [one] => say(format!("Next: {} get synctarget {} -w", kubectl(&shown), one.name)),
        _ => say(format!("Next: {} get synctargets -w", kubectl(&shown))),
    }
    Ok(())
}

async fn upstream(args: &JoinArgs) -> anyhow::Result<(Upstream, Settings)> {
    let flags = match &args.upstream_kubeconfig {
        Some(_) => Flags { kubeconfig: "--upstream-kubeconfig", context: "--upstream-context" },
        None => Flags { kubeconfig: "--kubeconfig", context: "--upstream-context" },
    };
    let kubeconfig = args.upstream_kubeconfig.as_deref().or(args.kubeconfig.as_deref());
    let target = Target { kubeconfig, context: args.upstream_context.as_deref(), flags };
    let settings = Settings::read(&target, &Default::default()).await?;
    Ok((settings.clone().connect()?, settings))
}

/// All of them can be reached by name before anything is written; what cannot is said at once.
async fn clusters(args: &JoinArgs, upstream: &Upstream) -> anyhow::Result<Vec<Cluster>> {
    let names = match args.all_contexts {
        true => contexts(args.kubeconfig.as_deref())?,
        false => args.context.clone(),
    };
    ensure!(args.name.is_none() || names.len() == 1, "--name: it names one SyncTarget, give one --context");
    let (mut clusters, mut wrong) = (Vec::new(), Vec::new());
    for context in names {
        let (kubeconfig, flags) = (args.kubeconfig.as_deref(), Flags::default());
        let target = Target { kubeconfig, context: Some(&context), flags };
        match Upstream::connect(&target).await {
            Ok(api) if api.server == upstream.server && args.all_contexts => {}
            Ok(api) if api.server == upstream.server => {
                wrong.push(format!(
                    "--context {context}: it leads to the workspace itself, give a physical cluster"
                ));
            }
            Ok(api) => {
                let name = args.name.clone().unwrap_or_else(|| target_name(&context));
                clusters.push(Cluster { context, name, api });
            }
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    for (index, one) in clusters.iter().enumerate() {
        if let Some(other) = clusters[..index].iter().find(|other| other.name == one.name) {
            wrong.push(format!(
                "--context {} and {}: both would be SyncTarget {}",
                other.context, one.context, one.name
            ));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(!clusters.is_empty(), "--all-contexts: there is no other context");
    Ok(clusters)
}

/// Contexts are named freely; an object's name is not.
fn target_name(context: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let name: String = context.chars().map(plain).collect();
    name.split('.')
        .map(|label| label.trim_matches('-'))
        .filter(|label| !label.is_empty())
        .collect::<Vec<_>>()
        .join(".")
}

async fn join(
    args: &JoinArgs,
    upstream: &Upstream,
    settings: &Settings,
    cluster: &Cluster,
) -> anyhow::Result<()> {
    let Cluster { context, name, api } = cluster;
    different(upstream, api).await?;
    let request = args.install.request(name, settings)?;
    if args.install.dry_run {
        say(format!("would make SyncTarget {name} and start its syncer on {context}"));
        return Ok(());
    }
    let mut tell = |line: &str| say(format!("{context}: {line}"));
    let installed = install(upstream, &request, &mut tell).await?;
    let objects = downstream(&installed.plan, &installed.access);
    let mut apply = Apply { upstream: api, timeout: Duration::ZERO, force: false, say: &mut tell };
    for object in &objects {
        apply.apply(object).await?;
    }
    if let Some(expires) = installed.expires {
        tell(&format!("the token holds until {expires}; run this command again before that"));
    }
    tell(&format!("joined as SyncTarget {name}"));
    Ok(())
}

/// Two addresses can lead to one cluster.
async fn different(upstream: &Upstream, cluster: &Upstream) -> anyhow::Result<()> {
    let uid = async |api: &Upstream| -> Result<Option<String>, UpstreamError> {
        let found: serde_json::Value = api.get(&kinds::NAMESPACE.path("", "kube-system")).await?;
        Ok(found["metadata"]["uid"].as_str().map(str::to_owned))
    };
    let of_cluster = uid(cluster).await.context("the cluster cannot be asked who it is")?;
    // A workspace may have no such namespace, or show it to nobody.
    let of_upstream = uid(upstream).await.unwrap_or_default();
    ensure!(of_cluster.is_none() || of_cluster != of_upstream, "it is the cluster of the workspace itself");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_becomes_a_name() {
        let cases = [
            ("east", "east"),
            ("kind-East_1", "kind-east-1"),
            ("admin@prod.example.com", "admin-prod.example.com"),
            ("arn:aws:eks:eu:1:cluster/a", "arn-aws-eks-eu-1-cluster-a"),
            ("-a-.b-", "a.b"),
        ];
        for (context, name) in cases {
            assert_eq!(target_name(context), name);
        }
    }
}
