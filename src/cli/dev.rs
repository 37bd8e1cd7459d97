//! `tmc dev`: the whole system in one process, on an embedded control plane.
//!
//! Wires the control plane of the workspaces, the simulated physical clusters, the aggregated views over all of it
//! and the demo. Everything it knows is in memory, and gone when it ends.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context;
use clap::Args as ClapArgs;
use tokio::net::TcpListener;

use self::{path::WorkspacePath, server::Server};
use crate::{
    api::workload::Mode,
    apiserver::server as library,
    controlplane::{
        credentials::{Credentials, write_private},
        plane::Plane,
        rbac::Door,
    },
    security::rules::syncer::role_name,
    supervisor::{Signals, Supervisor},
    telemetry,
    upstream::Upstream,
};

mod aggregation;
mod clusters;
mod demo;
mod join;
mod kubeconfig;
mod link;
mod mode;
mod path;
mod server;
mod welcome;

/// Where it listens unless told otherwise.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 6443);
const DEFAULT_WORKSPACES: [&str; 2] = ["root:production", "root:staging"];
const GRACE: Duration = Duration::from_secs(5);

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    mode: Option<mode::Command>,
    /// The address to listen on; port 0 takes a free one [default: 127.0.0.1:6443, or a free port if that is busy]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where to write the kubeconfig; those of the physical clusters are written beside it
    #[arg(long, value_name = "FILE", default_value = mode::KUBECONFIG)]
    kubeconfig: PathBuf,
    /// How many physical clusters to simulate
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=clusters::MOST))]
    clusters: u8,
    /// The workspaces to begin with [default: root:production,root:staging with the demo, else none]
    #[arg(long, value_name = "PATHS", value_delimiter = ',')]
    workspaces: Option<Vec<WorkspacePath>>,
    /// Begin with SyncTargets and sample workloads (this is the default)
    #[arg(long, overrides_with = "no_demo")]
    demo: bool,
    /// What the demo's syncers do: `filter` carries all of a workspace down to its clusters and the status up, `observe`
    /// reports what runs on the clusters and writes nothing there
    #[arg(long, value_name = "MODE", default_value = "filter", value_parser = syncer_mode)]
    syncer_mode: Mode,
    /// Begin with nothing but the workspaces
    #[arg(long)]
    no_demo: bool,
    /// How much to log: 0 errors, 1 problems, also those of clusters that are broken on purpose, 2 usual, 4 debug, 6 trace
    #[arg(short, long = "v", value_name = "LEVEL", default_value_t = 0)]
    verbosity: u8,
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    if let Some(command) = args.mode {
        return command.run().await;
    }
    let signals = Signals::install()?;
    let _telemetry =
        telemetry::init(&telemetry::Options { verbosity: args.verbosity, ..telemetry::Options::default() })?;
    let mut tasks = Supervisor::new(GRACE);
    let listener = listen(args.listen).await?;
    let address = listener.local_addr()?;
    let mut credentials = Credentials::issue(&names(address)).context("cannot make certificates")?;
    clusters::NAMES.iter().for_each(|name| credentials.admit(&role_name(name)));
    let url = format!("https://{address}");
    let contexts = [("root".to_owned(), format!("{url}/clusters/root")), ("base".to_owned(), url.clone())];
    kubeconfig::check(&args.kubeconfig).await?;
    write_private(&args.kubeconfig, &credentials.kubeconfig(&contexts))
        .with_context(|| format!("--kubeconfig: cannot write {}", args.kubeconfig.display()))?;
    let plane = start_plane(&mut tasks, Door::Access, &url);
    let mut server = Server::new(&plane);
    let views = aggregation::Aggregation::new(&plane, &mut server)?;
    let registry = server.registry.clone();
    server.start(&mut tasks, &credentials, listener)?;
    super::say(format_args!("tmc dev: serving on {url}; what it holds is in memory, and gone when it ends"));
    let seen = views.start(&mut tasks, &plane, &credentials, &url, &registry).await?;

    let clusters = clusters::start(&mut tasks, args.clusters, address.ip(), &args.kubeconfig).await?;
    let workspaces = args.workspaces.unwrap_or_else(|| match args.no_demo {
        true => Vec::new(),
        false => DEFAULT_WORKSPACES.map(WorkspacePath::known).into(),
    });
    let api = Upstream::in_memory(&credentials.login(&url)).await?;
    let started = async {
        demo::make_workspaces(&api, &plane, &workspaces).await?;
        if !args.no_demo && !workspaces.is_empty() {
            let mode = args.syncer_mode;
            let server =
                demo::Workspaces { plane: &plane, api: &api, address, credentials: &credentials, mode };
            demo::start(&mut tasks, &server, &workspaces, &clusters).await?;
            demo::until_seen(&seen, clusters.len()).await;
        }
        anyhow::Ok(())
    };
    started.await.context("the demo")?;
    welcome::say(&welcome::Welcome {
        url: &url,
        kubeconfig: &args.kubeconfig,
        workspaces: &workspaces,
        clusters: &clusters,
        demo: !args.no_demo,
        synced: args.syncer_mode != Mode::Observe && !clusters.is_empty(),
    });
    Ok(tasks.run(signals).await?)
}

/// Nobody decides about placements here yet.
fn syncer_mode(text: &str) -> Result<Mode, &'static str> {
    match text {
        "observe" => Ok(Mode::Observe),
        "filter" => Ok(Mode::Filter),
        _ => Err("it is neither observe nor filter"),
    }
}

/// What a certificate is made for.
fn names(address: SocketAddr) -> Vec<String> {
    vec!["localhost".to_owned(), address.ip().to_string()]
}

/// A control plane with its controllers.
fn start_plane(tasks: &mut Supervisor, door: Door, url: &str) -> Plane {
    let plane = Plane::new(door);
    for (name, task) in plane.tasks(url, &tasks.shutdown()) {
        // It stops by itself when shutdown begins, and that is no failure.
        tasks.spawn(name, async {
            task.await;
            Ok::<(), std::convert::Infallible>(())
        });
    }
    plane
}

/// The asked-for address, or the usual one, or any free port of it.
async fn listen(asked: Option<SocketAddr>) -> anyhow::Result<TcpListener> {
    match asked {
        Some(address) => library::bind(address).await.context("--listen"),
        None => match library::bind(DEFAULT_LISTEN).await {
            Ok(listener) => Ok(listener),
            Err(_) => {
                let listener =
                    library::bind(SocketAddr::new(DEFAULT_LISTEN.ip(), 0)).await.context("--listen")?;
                super::say(format_args!(
                    "{DEFAULT_LISTEN} is in use, listening on {} (choose with --listen)",
                    listener.local_addr()?
                ));
                Ok(listener)
            }
        },
    }
}
