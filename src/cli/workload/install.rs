//! The flags of an installation of a syncer, and what they ask for.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::Args;

use super::{ModeArg, kinds_or_default};
use crate::{
    api::{
        placement::GroupResource,
        workload::{Mode, NamespaceMapping},
    },
    cli::upstream::duration,
    registration::{
        ca::to_pem,
        syncer::{Access, TargetSpec, install, parse_kind},
    },
    syncer::config::Config,
    upstream::settings::Settings,
};

/// What an installation of a syncer is told, wherever the cluster is.
#[derive(Clone, Debug, Args)]
pub struct InstallArgs {
    /// Image that holds the program `syncer`
    #[arg(long, value_name = "IMAGE", default_value = concat!("tmc:", env!("CARGO_PKG_VERSION")))]
    pub syncer_image: String,

    /// The workspace that the target serves, for example root:production; a kcp knows it itself
    #[arg(long, value_name = "PATH")]
    pub workspace: Option<String>,

    /// Labels of the SyncTarget, for example region=eu,tier=prod
    #[arg(long, value_name = "PAIRS", value_delimiter = ',', value_parser = pair)]
    pub labels: Vec<(String, String)>,

    /// APIExports whose resources the target takes
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub apiexports: Vec<String>,

    /// How namespaces are named on the cluster: Hashed or Preserve
    #[arg(long, value_name = "MAPPING", value_parser = mapping)]
    pub namespace_mapping: Option<NamespaceMapping>,

    /// How the syncer chooses what to sync
    #[arg(long, value_enum, default_value_t = ModeArg::Placement)]
    pub mode: ModeArg,

    /// Only these kinds, for example deployments.apps,services
    #[arg(long, visible_alias = "resource-types", value_name = "KINDS", value_delimiter = ',', value_parser = parse_kind)]
    pub resources: Vec<GroupResource>,

    /// Kinds that are copied up, beside those that --config names; they have to be there in the end
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = parse_kind)]
    pub upsync: Vec<GroupResource>,

    /// Only these namespaces
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub namespaces: Vec<String>,

    /// Only objects with these labels
    #[arg(long, value_name = "SELECTOR")]
    pub label_selector: Option<String>,

    /// Pods of the syncer, of which one writes
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub replicas: u32,

    /// Requests a second to each side
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub qps: u32,

    /// Requests that may come at once to each side
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    pub burst: u32,

    /// File with transforms and policies, which the syncer gets as --config
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Leave out the ValidatingAdmissionPolicy that holds the syncer to its own namespaces
    #[arg(long)]
    pub no_fence: bool,

    /// URL by which the physical cluster reaches this API, where it is not that of the kubeconfig
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,

    /// Use this token instead of asking the API for one
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// How long a token that is asked for holds; run the command again before it ends
    #[arg(long, value_name = "DURATION", default_value = "8760h", value_parser = lifetime)]
    pub token_lifetime: Duration,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl InstallArgs {
    /// Everything that is wrong with the flags is said at once.
    pub fn request(&self, name: &str, settings: &Settings) -> anyhow::Result<install::Request> {
        let mut wrong = Vec::new();
        let mut or_wrong = |result: anyhow::Result<String>| {
            result.unwrap_or_else(|error| {
                wrong.push(format!("{error:#}"));
                String::new()
            })
        };
        let token = self.token_file.as_deref().map(|file| read("--token-file", file).and_then(usable_token));
        let token = token.map(&mut or_wrong).unwrap_or_default();
        let config = self.config.as_deref().map(|file| read("--config", file)).map(&mut or_wrong);
        if !is_dns_name(name) {
            wrong
                .push(format!("{name:?}: a SyncTarget's name has lower-case letters, digits, - and . alone"));
        }
        let server = self.server.clone().unwrap_or_else(|| settings.server());
        if !server.starts_with("https://") {
            wrong.push(format!("--server: {server}: a syncer logs in by https alone: give such a URL"));
        }
        if settings.skips_verification() {
            wrong.push(
                "the kubeconfig says insecure-skip-tls-verify: a syncer verifies its server, give its CA"
                    .to_owned(),
            );
        }
        if !wrong.is_empty() {
            bail!("{}", wrong.join("\n"));
        }
        Ok(install::Request {
            name: name.to_owned(),
            spec: self.spec(),
            mode: self.mode.into(),
            kinds: kinds_or_default(&self.resources),
            upsync: self.upsync(config.as_deref()),
            image: self.syncer_image.clone(),
            replicas: self.replicas,
            flags: self.flags(),
            config,
            fence: !self.no_fence,
            access: Access {
                server: server.trim_end_matches('/').to_owned(),
                authorities: settings
                    .authorities()
                    .unwrap_or_default()
                    .iter()
                    .map(|der| to_pem(der))
                    .collect(),
                server_name: settings.server_name(),
                token,
            },
            token_lifetime: self.token_lifetime,
        })
    }

    /// A file with mistakes is told of by the syncer.
    fn upsync(&self, config: Option<&str>) -> Vec<GroupResource> {
        let read = config.and_then(|text| Config::read("--config", text).ok()).unwrap_or_default();
        let named = read.upsync.into_iter().map(|kind| kind.kind().group_resource());
        self.upsync.iter().cloned().chain(named).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn spec(&self) -> TargetSpec {
        TargetSpec {
            workspace: self.workspace.clone(),
            labels: self.labels.clone(),
            namespace_mapping: self.namespace_mapping,
            api_exports: self.apiexports.clone(),
        }
    }

    /// What the syncer is told beside what the plan says.
    fn flags(&self) -> Vec<String> {
        let mut flags = vec![format!("--qps={}", self.qps), format!("--burst={}", self.burst)];
        if Mode::from(self.mode) != Mode::Observe
            && let Some(workspace) = &self.workspace
        {
            flags.push(format!("--workspace={workspace}"));
        }
        if !self.namespaces.is_empty() {
            flags.push(format!("--namespaces={}", self.namespaces.join(",")));
        }
        if let Some(selector) = &self.label_selector {
            flags.push(format!("--label-selector={selector}"));
        }
        flags
    }
}

fn read(flag: &str, file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("{flag}: cannot read {}", file.display()))
}

fn usable_token(text: String) -> anyhow::Result<String> {
    let token = text.trim();
    let usable = !token.is_empty() && http::HeaderValue::from_str(token).is_ok();
    ensure!(usable, "--token-file: it holds no token that can be sent");
    Ok(token.to_owned())
}

fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("give key=value")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn mapping(text: &str) -> Result<NamespaceMapping, String> {
    match text {
        "Hashed" => Ok(NamespaceMapping::Hashed),
        "Preserve" => Ok(NamespaceMapping::Preserve),
        _ => Err("give Hashed or Preserve".to_owned()),
    }
}

/// What an API server gives at least.
const SHORTEST: Duration = Duration::from_secs(600);

fn lifetime(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        short if short < SHORTEST => Err("a token holds at least 10m".to_owned()),
        lifetime => Ok(lifetime),
    }
}
