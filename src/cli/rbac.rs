//! `tmc rbac`: prints the roles of a syncer, made from the table that it also checks itself by.

use anyhow::{Context, ensure};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{
    upstream::UpstreamArgs,
    workload::{ModeArg, kinds_or_default},
};
use crate::{
    api::placement::GroupResource,
    registration::{
        apply::find,
        kinds, manifests,
        syncer::{self, install::Identity, parse_kind},
    },
    security::rules::syncer::Scope,
};

#[derive(Debug, Args)]
pub struct RbacArgs {
    #[command(subcommand)]
    command: RbacCommand,
}

#[derive(Debug, Subcommand)]
enum RbacCommand {
    /// Print the roles of a syncer, for `kubectl apply -f -`
    Manifests(ManifestsArgs),
}

#[derive(Debug, Args)]
struct ManifestsArgs {
    #[command(flatten)]
    upstream: UpstreamArgs,

    /// Name of the SyncTarget
    #[arg(value_name = "NAME")]
    name: String,

    /// Its uid, which its Lease is named by; else it is read from the API
    #[arg(long, value_name = "UID")]
    sync_target_uid: Option<String>,

    /// Its key, which the fence is made of; else it is read from the API
    #[arg(long, value_name = "KEY", requires = "sync_target_uid")]
    key: Option<String>,

    /// The side that the roles are for
    #[arg(long, value_enum)]
    side: Side,

    /// How the syncer chooses what to sync
    #[arg(long, value_enum, default_value_t = ModeArg::Placement)]
    mode: ModeArg,

    /// Only these kinds, for example deployments.apps,services
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = parse_kind)]
    resource_types: Vec<GroupResource>,

    /// Kinds that are copied up
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = parse_kind)]
    upsync: Vec<GroupResource>,

    /// Leave out the ValidatingAdmissionPolicy that holds the syncer to its own namespaces
    #[arg(long)]
    no_fence: bool,

    /// How to print
    #[arg(short, long, value_enum, default_value_t = Format::Yaml)]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Side {
    Upstream,
    Downstream,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Yaml,
    Json,
}

impl Format {
    /// A YAML stream, or one list.
    pub fn text(self, objects: &[Value]) -> anyhow::Result<String> {
        Ok(match self {
            Self::Yaml => manifests::yaml(objects)?,
            Self::Json => {
                let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
                format!("{}\n", serde_json::to_string_pretty(&list)?)
            }
        })
    }
}

pub async fn run(args: RbacArgs) -> anyhow::Result<()> {
    use std::io::Write;
    let RbacCommand::Manifests(args) = args.command;
    let text = args.output.text(&objects(&args).await?)?;
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to stdout")
}

async fn objects(args: &ManifestsArgs) -> anyhow::Result<Vec<Value>> {
    let identity = match &args.sync_target_uid {
        Some(uid) => Identity { uid: uid.clone(), key: args.key.clone() },
        None => read(args).await?,
    };
    let scope = Scope {
        target: args.name.clone(),
        uid: identity.uid,
        mode: args.mode.into(),
        kinds: kinds_or_default(&args.resource_types),
        upsync: args.upsync.clone(),
    };
    if args.side == Side::Upstream {
        return Ok(syncer::upstream(&scope));
    }
    let fence = !args.no_fence && args.mode != ModeArg::Observe;
    ensure!(
        !fence || identity.key.is_some(),
        "--key: the fence around the syncer is made of it: give it, or --no-fence, or a SyncTarget with spec.kcpCluster"
    );
    Ok(syncer::downstream_rights(&scope, identity.key.as_deref().filter(|_| fence)))
}

async fn read(args: &ManifestsArgs) -> anyhow::Result<Identity> {
    let upstream = args.upstream.connect().await?;
    let found = find(&upstream, kinds::SYNC_TARGET, "", &args.name).await?;
    let found = found.with_context(|| {
        format!(
            "there is no SyncTarget {} at {}: make it, or give --sync-target-uid",
            args.name, upstream.server
        )
    })?;
    Ok(Identity::of(&found))
}
