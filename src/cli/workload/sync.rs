//! `tmc workload sync`: makes a SyncTarget upstream and writes what its physical cluster needs.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use clap::Args;

use super::{install::InstallArgs, kubectl, write_secret};
use crate::{
    cli::{say, upstream::UpstreamArgs},
    registration::{
        apply::Apply,
        kinds::{Kind, address},
        manifests::yaml,
        syncer::{downstream, install},
    },
    upstream::Upstream,
};

#[derive(Debug, Args)]
pub struct SyncArgs {
    #[command(flatten)]
    upstream: UpstreamArgs,

    /// Name of the SyncTarget
    #[arg(value_name = "NAME")]
    name: String,

    /// Where to write the objects for the physical cluster; - prints them. They hold a token: keep them closed
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    #[command(flatten)]
    install: InstallArgs,
}

pub async fn run(args: SyncArgs) -> anyhow::Result<()> {
    let (upstream, settings) = args.upstream.read().await?;
    let request = args.install.request(&args.name, &settings)?;
    if args.install.dry_run {
        return preview(&upstream, &request).await;
    }
    let to_stdout = args.output == Path::new("-");
    // What is printed is to be applied, so everything else goes elsewhere.
    let mut told = |line: &str| if to_stdout { eprintln!("{line}") } else { say(line) };
    if is_loopback(&request.access.server) {
        told(&format!(
            "note: {} is this machine alone; where the cluster is elsewhere, give --server",
            request.access.server
        ));
    }
    let installed = install(&upstream, &request, &mut told).await?;
    let text = yaml(&downstream(&installed.plan, &installed.access))?;
    let next = format!("{} get synctarget {} -w", kubectl(&args.upstream), args.name);
    if to_stdout {
        use std::io::Write;
        std::io::stdout().write_all(text.as_bytes()).context("cannot write to stdout")?;
    } else {
        write_secret(&args.output, &text)?;
        told(&format!("wrote {} (it holds a token: keep it closed)", args.output.display()));
    }
    if let Some(expires) = installed.expires {
        told(&format!(
            "the token holds until {expires}; run this command again before that and apply the file"
        ));
    }
    told(&format!(
        "Next: kubectl --context <context of the physical cluster> apply -f {}",
        args.output.display()
    ));
    told(&format!("Then: {next}"));
    Ok(())
}

fn is_loopback(server: &str) -> bool {
    let url = server.parse::<http::Uri>().ok();
    let host = url.as_ref().and_then(http::Uri::host).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Everything upstream; the objects for the cluster are the caller's to use.
pub async fn install(
    upstream: &Upstream,
    request: &install::Request,
    say: &mut (dyn FnMut(&str) + Send),
) -> anyhow::Result<install::Installed> {
    let mut apply = Apply { upstream, timeout: Duration::ZERO, force: false, say };
    Ok(install::install(&mut apply, request).await?)
}

async fn preview(upstream: &Upstream, request: &install::Request) -> anyhow::Result<()> {
    for object in install::preview(upstream, request).await? {
        let kind = Kind::of(&object).map(|kind| kind.resource()).unwrap_or_default();
        let (namespace, name) = address(&object);
        let place = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        say(format!("would apply {kind} {place}{name}"));
    }
    say("nothing was done (--dry-run)");
    Ok(())
}
