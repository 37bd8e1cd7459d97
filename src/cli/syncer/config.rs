//! From flags to a configuration, with every mistake in them.

use std::{fmt::Display, net::IpAddr, path::Path, str::FromStr, time::Duration};

use super::{Args, findings::Findings};
use crate::{
    api::{workload::Mode, workspace::workspace_of},
    cli::upstream::{delay, duration},
    informers::Limits,
    security::context::Enforcement,
    syncer::{
        config::Config as Rules,
        discovery::Wanted,
        filter::{FilterOptions, ResourceFilter},
        report::{reach, reporter},
    },
    telemetry,
};

/// Everything is compared again no more often than this, in seconds.
const SHORTEST_RESYNC: u64 = 10;
/// More objects at a time than that are no use to anybody.
const MOST_WORKERS: usize = 1000;

#[derive(Clone, Debug)]
pub struct Config {
    pub sync_target: String,
    pub uid: Option<String>,
    pub workspace: Option<String>,
    pub mode: Mode,
    /// What belongs to the target.
    pub filter: ResourceFilter,
    /// The kinds that are asked for.
    pub wanted: Wanted,
    /// What the file with transforms and policies says.
    pub rules: Rules,
    pub concurrency: usize,
    /// `None`: never.
    pub resync: Option<Duration>,
    pub qps: f64,
    pub burst: u32,
    pub leader_elect: bool,
    pub dry_run: bool,
    /// What a fatal finding about the security context leads to.
    pub security: Enforcement,
    pub allow_exec_plugin: bool,
    pub allow_same_cluster: bool,
    pub bind_address: IpAddr,
    pub metrics_port: u16,
    pub health_port: u16,
    pub grace: Duration,
    pub report_period: Duration,
    pub probe_period: Duration,
    /// Of what is followed on the cluster.
    pub limits: Limits,
    pub telemetry: telemetry::Options,
}

impl Config {
    /// What is wrong goes to `findings`; what it is about has some value then, which must not be used.
    pub fn read(args: &Args, findings: &mut Findings) -> Self {
        let mut read = Reader(findings);
        let mut config = Self {
            sync_target: read.name(args.sync_target_name.as_deref()),
            uid: args.sync_target_uid.clone(),
            workspace: args.workspace.as_deref().and_then(|path| read.with("--workspace", path, workspace)),
            mode: read.with("--mode", &args.mode, mode).unwrap_or(Mode::Observe),
            wanted: Wanted::Default,
            filter: ResourceFilter::default(),
            rules: Rules::default(),
            concurrency: read.with("--concurrency", &args.concurrency, workers).unwrap_or(1),
            resync: read.with("--resync-period", &args.resync_period, resync).flatten(),
            qps: read.with("--qps", &args.qps, qps).unwrap_or(1.0),
            burst: read.with("--burst", &args.burst, at_least_one).unwrap_or(1),
            leader_elect: read.yes("--leader-elect", &args.leader_elect),
            dry_run: read.yes("--dry-run", &args.dry_run),
            security: read.with("--security-mode", &args.security_mode, security).unwrap_or_default(),
            allow_exec_plugin: args.security.allow_exec_plugin,
            allow_same_cluster: read.yes("--allow-same-cluster", &args.allow_same_cluster),
            bind_address: read
                .with("--bind-address", &args.bind_address, address)
                .unwrap_or(IpAddr::from([127, 0, 0, 1])),
            metrics_port: read.with("--metrics-port", &args.metrics_port, port).unwrap_or_default(),
            health_port: read.with("--health-port", &args.health_port, port).unwrap_or_default(),
            grace: read.with("--grace-period", &args.grace_period, delay).unwrap_or_default(),
            report_period: read
                .with("--report-period", &args.report_period, some_time)
                .unwrap_or(reporter::PACE),
            probe_period: read.with("--probe-period", &args.probe_period, some_time).unwrap_or(reach::PERIOD),
            limits: Limits::quiet(),
            telemetry: telemetry::Options {
                format: read.with("--log-format", &args.log_format, log_format).unwrap_or_default(),
                verbosity: read.with("--log-level", &args.log_level, level).unwrap_or_default(),
                otlp_endpoint: args
                    .otlp_endpoint
                    .as_deref()
                    .and_then(|url| read.with("--otlp-endpoint", url, telemetry::endpoint)),
            },
        };
        config.choose(args, findings);
        if config.metrics_port != 0 && config.metrics_port == config.health_port {
            findings.add(format!("--metrics-port, --health-port: both are {}, take two", config.health_port));
        }
        config
    }

    fn choose(&mut self, args: &Args, findings: &mut Findings) {
        if let Some(file) = &args.config {
            self.rules = rules(file, findings);
            if self.mode == Mode::Observe && !self.rules.upsync.is_empty() {
                let file = file.display();
                findings.add(format!(
                    "--config: {file}: upsync: mode observe writes nothing into the workspace; leave it out, or choose \
                     another --mode"
                ));
            }
        }
        let of_file = &self.rules.filter;
        let given = |all: &[String], of_file: &[String]| {
            let given: Vec<_> = all.iter().filter(|text| !text.is_empty()).cloned().collect();
            if given.is_empty() { of_file.to_vec() } else { given }
        };
        let one = |given: &str, of_file: &str| if given.is_empty() { of_file } else { given }.to_owned();
        let options = FilterOptions {
            namespaces: given(&args.namespaces, &of_file.namespaces),
            resource_types: given(&args.resource_types, &of_file.resource_types),
            namespace_selector: one(&args.namespace_selector, &of_file.namespace_selector),
            label_selector: one(&args.label_selector, &of_file.label_selector),
            annotation_selector: given(&args.annotation_selector, &of_file.annotation_selector),
        };
        match ResourceFilter::parse(&options) {
            Ok(filter) => self.filter = filter,
            Err(errors) => return errors.iter().for_each(|error| findings.add(error.to_string())),
        }
        match Wanted::parse(&options.resource_types) {
            Ok(wanted) => self.wanted = wanted,
            Err(errors) => errors.into_iter().for_each(|error| findings.add(error)),
        }
    }
}

/// What the file says; what is wrong with it is named with its line.
fn rules(file: &Path, findings: &mut Findings) -> Rules {
    let shown = file.display().to_string();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            findings.add(format!("--config: cannot read {shown}: {error}"));
            return Rules::default();
        }
    };
    Rules::read(&shown, &text).unwrap_or_else(|errors| {
        errors.iter().for_each(|error| findings.add(format!("--config: {error}")));
        Rules::default()
    })
}

struct Reader<'a>(&'a mut Findings);

impl Reader<'_> {
    fn with<T, E: Display>(
        &mut self,
        flag: &str,
        text: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = read(text).map_err(|error| format!("{text:?}: {error}"));
        self.0.take(flag, value)
    }

    fn name(&mut self, name: Option<&str>) -> String {
        match name.filter(|name| !name.is_empty()) {
            Some(name) => self.with("--sync-target-name", name, dns_name).unwrap_or_default(),
            None => {
                self.0.add("--sync-target-name: it is required: the SyncTarget that stands for the cluster");
                String::new()
            }
        }
    }

    fn yes(&mut self, flag: &str, text: &str) -> bool {
        let read = |text: &str| bool::from_str(text).map_err(|_| "it is neither true nor false");
        self.with(flag, text, read).unwrap_or_default()
    }
}

fn mode(text: &str) -> Result<Mode, &'static str> {
    match text {
        "placement" => Ok(Mode::Placement),
        "filter" => Ok(Mode::Filter),
        "observe" => Ok(Mode::Observe),
        _ => Err("it is none of placement, filter and observe"),
    }
}

fn security(text: &str) -> Result<Enforcement, &'static str> {
    match text {
        "enforce" => Ok(Enforcement::Enforce),
        "warn" => Ok(Enforcement::Warn),
        _ => Err("it is neither enforce nor warn"),
    }
}

fn workspace(text: &str) -> Result<String, &'static str> {
    workspace_of(Some(text))
        .map(str::to_owned)
        .ok_or("it is not the path of a workspace, as root:production is one")
}

fn at_least_one(text: &str) -> Result<u32, &'static str> {
    text.parse().ok().filter(|number| *number > 0).ok_or("give a whole number from 1 on")
}

fn workers(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST_WORKERS).contains(number));
    number.ok_or_else(|| format!("give a whole number from 1 to {MOST_WORKERS}"))
}

fn resync(text: &str) -> Result<Option<Duration>, String> {
    match text.parse() {
        Ok(0) => Ok(None),
        Ok(seconds) if seconds >= SHORTEST_RESYNC => Ok(Some(Duration::from_secs(seconds))),
        _ => Err(format!("give whole seconds from {SHORTEST_RESYNC} on, or 0 for never")),
    }
}

fn qps(text: &str) -> Result<f64, &'static str> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or("give a number above 0")
}

fn port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "give a port from 1 to 65535, or 0 for a free one")
}

fn address(text: &str) -> Result<IpAddr, &'static str> {
    text.parse().map_err(|_| "it is not an IP address, as 127.0.0.1 is one")
}

fn some_time(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it must be above 0".to_owned()),
        time => Ok(time),
    }
}

fn log_format(text: &str) -> Result<telemetry::LogFormat, &'static str> {
    text.parse().map_err(|_| "it is neither text nor json")
}

fn level(text: &str) -> Result<u8, &'static str> {
    text.parse().map_err(|_| "give a number: 2 is usual, 4 debug, 6 trace")
}

fn dns_name(text: &str) -> Result<String, &'static str> {
    let fits = text.len() <= 253 && text.split('.').all(is_label);
    if fits { Ok(text.to_owned()) } else { Err("it is not the name of a SyncTarget") }
}

fn is_label(text: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests;
