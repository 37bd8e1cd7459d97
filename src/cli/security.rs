//! `tmc security check`: the check that a syncer makes of itself, from a shell.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use super::{
    say,
    workload::{ModeArg, kinds_or_default},
};
use crate::{
    api::placement::GroupResource,
    registration::{
        apply::find,
        kinds::SYNC_TARGET,
        syncer::{install::Identity, parse_kind},
    },
    security::{
        config::{SecurityConfig, TlsConfig},
        context::{
            Severity,
            facts::{self, SideName},
            gather::{Given, SideSource, gather, rights::Asked},
            validate_security_context,
        },
        rules::syncer::Scope,
        transport::Origin,
    },
    upstream::{Flags, Target},
};

/// How the connection to the workspace is secured, in the place of what the kubeconfig says.
#[derive(Clone, Debug, Default, Args)]
pub struct SecurityArgs {
    /// File with a bearer token, read again when it changes
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Client certificate, read again when it changes; --client-key belongs to it
    #[arg(long, value_name = "FILE")]
    pub client_certificate: Option<PathBuf>,

    /// Key of --client-certificate
    #[arg(long, value_name = "FILE")]
    pub client_key: Option<PathBuf>,

    /// CAs of the server
    #[arg(long, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,

    /// Believe any server
    #[arg(long)]
    pub insecure_skip_tls_verify: bool,

    /// The name in the server's certificate, where it is not that of the URL
    #[arg(long, value_name = "NAME")]
    pub tls_server_name: Option<String>,

    /// VersionTLS12 (the default) or VersionTLS13, for every connection
    #[arg(long, value_name = "VERSION")]
    pub tls_min_version: Option<String>,

    /// Cipher suites of TLS 1.2; else all that are good
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub tls_cipher_suites: Vec<String>,

    /// Let a kubeconfig run a program to log in
    #[arg(long)]
    pub allow_exec_plugin: bool,
}

impl SecurityArgs {
    pub fn config(&self) -> SecurityConfig {
        SecurityConfig {
            tls: TlsConfig {
                server_name: self.tls_server_name.clone(),
                min_version: self.tls_min_version.clone(),
                cipher_suites: self.tls_cipher_suites.clone(),
            },
            token_path: self.token_file.clone(),
            cert_path: self.client_certificate.clone(),
            key_path: self.client_key.clone(),
            ca_path: self.certificate_authority.clone(),
            skip_verify: self.insecure_skip_tls_verify,
        }
    }
}

#[derive(Debug, Args)]
pub struct SecurityCommandArgs {
    #[command(subcommand)]
    command: SecurityCommand,
}

#[derive(Debug, Subcommand)]
enum SecurityCommand {
    /// Say what of a syncer's credentials, files and rights is not as it should be
    Check(Box<CheckArgs>),
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// The SyncTarget that the syncer serves
    #[arg(long, value_name = "NAME")]
    sync_target_name: Option<String>,

    /// The uid that it must have
    #[arg(long, value_name = "UID", requires = "sync_target_name")]
    sync_target_uid: Option<String>,

    /// The workspace that it must serve
    #[arg(long, value_name = "PATH", requires = "sync_target_name")]
    workspace: Option<String>,

    /// Kubeconfig of the workspace; else $KUBECONFIG, then ~/.kube/config, then in-cluster
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Context of --kubeconfig; else its current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Kubeconfig of the physical cluster; else it is left out
    #[arg(long, value_name = "FILE")]
    downstream_kubeconfig: Option<PathBuf>,

    /// Context of --downstream-kubeconfig; else its current one
    #[arg(long, value_name = "NAME", requires = "downstream_kubeconfig")]
    downstream_context: Option<String>,

    /// How the syncer chooses what to sync
    #[arg(long, value_enum, default_value_t = ModeArg::Placement)]
    mode: ModeArg,

    /// Only these kinds, for example deployments.apps,services
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = parse_kind)]
    resource_types: Vec<GroupResource>,

    /// Let the workspace and the cluster be one and the same
    #[arg(long)]
    allow_same_cluster: bool,

    #[command(flatten)]
    security: SecurityArgs,

    /// How to print
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

pub async fn run(args: SecurityCommandArgs) -> anyhow::Result<()> {
    let SecurityCommand::Check(args) = args.command;
    let sides = sides(&args).await;
    let given = given(&args, &sides).await?;
    let facts = gather(&sides, &given, &mut Asked::default()).await;
    let verdict = validate_security_context(&facts);
    match args.output {
        Output::Json => say(serde_json::to_string_pretty(&verdict)?),
        Output::Text if verdict.findings.is_empty() => say("everything is as it should be"),
        Output::Text => verdict.findings.iter().for_each(say),
    }
    match verdict.of(Severity::Fatal).count() {
        0 => Ok(()),
        fatal => bail!("{fatal} of {} findings are fatal", verdict.findings.len()),
    }
}

async fn sides(args: &CheckArgs) -> Vec<SideSource> {
    let security = args.security.config();
    let up = Target {
        kubeconfig: args.kubeconfig.as_deref(),
        context: args.context.as_deref(),
        flags: Flags::default(),
    };
    let mut sides = vec![side(SideName::Upstream, Origin { security, ..Origin::of(&up) }).await];
    if let Some(kubeconfig) = &args.downstream_kubeconfig {
        let flags = Flags { kubeconfig: "--downstream-kubeconfig", context: "--downstream-context" };
        let down =
            Target { kubeconfig: Some(kubeconfig), context: args.downstream_context.as_deref(), flags };
        sides.push(side(SideName::Downstream, Origin::of(&down)).await);
    }
    sides
}

/// One that cannot be connected to is judged by its files.
async fn side(name: SideName, origin: Origin) -> SideSource {
    let settings = origin.settings().await.ok();
    let upstream = settings.and_then(|settings| settings.hold_token().ok()?.connect().ok());
    SideSource { name, origin, upstream, audiences: Vec::new() }
}

async fn given(args: &CheckArgs, sides: &[SideSource]) -> anyhow::Result<Given> {
    let mut given = Given {
        allow_same_cluster: args.allow_same_cluster,
        allow_exec_plugin: args.security.allow_exec_plugin,
        tls: args.security.config().tls,
        ..Given::default()
    };
    let Some(name) = &args.sync_target_name else { return Ok(given) };
    given.identity = facts::Identity {
        target: name.clone(),
        expected_uid: args.sync_target_uid.clone(),
        expected_workspace: args.workspace.clone(),
        ..facts::Identity::default()
    };
    let Some(upstream) = sides.first().and_then(|side| side.upstream.as_ref()) else { return Ok(given) };
    match find(upstream, SYNC_TARGET, "", name).await {
        Ok(Some(target)) => {
            let identity = Identity::of(&target);
            given.identity.workspace = target["spec"]["kcpCluster"].as_str().map(str::to_owned);
            given.identity.uid = Some(identity.uid.clone());
            given.scope = Some(scope(args, name, identity.uid));
        }
        Ok(None) => bail!("--sync-target-name: there is no SyncTarget {name} at {}", upstream.server),
        // What is wrong with the connection is among the findings, unless nothing is.
        Err(error) => say(format!("SyncTarget {name} cannot be read, so rights are not looked at: {error}")),
    }
    Ok(given)
}

fn scope(args: &CheckArgs, name: &str, uid: String) -> Scope {
    Scope {
        target: name.to_owned(),
        uid,
        mode: args.mode.into(),
        kinds: kinds_or_default(&args.resource_types),
        upsync: Vec::new(),
    }
}
