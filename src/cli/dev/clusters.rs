//! The simulated physical clusters: each a control plane of its own behind its own port, with a kubeconfig of its
//! own, and with controllers that make its workloads run.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    kubeconfig, mode, names,
    server::{KUBERNETES, Server},
    start_plane,
};
use crate::{
    apiserver::{health::Check, log::EventKind, rest::Rest, server},
    controlplane::{
        credentials::{Credentials, write_private},
        follow::Follower,
        namespaces,
        plane::Plane,
        rbac::Door,
        simulation::{Mode, nodes::Nodes, objects::Objects, plane::StoreObjects, workloads::Workloads},
        store::{self, GroupResource},
        workspaces::{ROOT, create},
    },
    liveness::clock::SystemClock,
    security::rules::syncer::role_name,
    supervisor::Supervisor,
    upstream::Upstream,
};

pub const NAMES: [&str; 8] = ["east", "west", "north", "south", "alpha", "beta", "gamma", "delta"];
pub const MOST: i64 = NAMES.len() as i64;

pub struct Cluster {
    pub name: &'static str,
    pub kubeconfig: PathBuf,
    pub api: Upstream,
    /// The same as its syncer sees it.
    pub syncer: Upstream,
    pub mode: watch::Receiver<Mode>,
}

/// Starts as many, each with its kubeconfig beside `main`.
pub async fn start(
    tasks: &mut Supervisor,
    count: u8,
    ip: IpAddr,
    main: &Path,
) -> anyhow::Result<Vec<Cluster>> {
    let mut clusters = Vec::new();
    for (at, name) in NAMES[..usize::from(count)].iter().enumerate() {
        clusters.push(start_one(tasks, name, 3 + at, ip, mode::kubeconfig_of(main, name)).await?);
    }
    Ok(clusters)
}

async fn start_one(
    tasks: &mut Supervisor,
    name: &'static str,
    nodes: usize,
    ip: IpAddr,
    file: PathBuf,
) -> anyhow::Result<Cluster> {
    let listener = server::bind(SocketAddr::new(ip, 0)).await?;
    let address = listener.local_addr()?;
    let mut credentials = Credentials::issue(&names(address)).context("cannot make certificates")?;
    let user = role_name(name);
    credentials.admit(&user);
    let url = format!("https://{address}");
    kubeconfig::check(&file).await?;
    write_private(&file, &credentials.kubeconfig(&[(name.to_owned(), url.clone())]))
        .with_context(|| format!("--kubeconfig: cannot write {}", file.display()))?;
    let plane = start_plane(tasks, Door::Open, &url);
    let (sender, mode) = watch::channel(Mode::default());
    tasks.spawn_background("mode of a simulated cluster", follow(&plane, sender));
    let objects: Arc<dyn Objects> = Arc::new(StoreObjects::new(plane.store.clone(), ROOT.into()));
    let workloads = Workloads::new(objects, Arc::new(SystemClock::default()), mode.clone());
    tasks.spawn_background("workloads of a simulated cluster", workloads.run());
    let nodes = Arc::new(Nodes::new(name, nodes, KUBERNETES, Timestamp::now()));
    tasks.spawn_background("nodes of a simulated cluster", nodes.clone().run(mode.clone()));
    let mut server = Server::new(&plane);
    server.extra.rests.push(Arc::new(Rest::new(nodes, server.shared.clone())));
    let works = mode.clone();
    server.checks.push(Check::readiness("simulated-cluster", move || works.borrow().works()));
    server.start(tasks, &credentials, listener)?;
    let api = Upstream::in_memory(&credentials.login(&url)).await?;
    let login = credentials.login_as(&user, &url).context("a syncer that was not let in")?;
    let syncer = Upstream::in_memory(&login).await?;
    Ok(Cluster { name, kubeconfig: file, api, syncer, mode })
}

/// Keeps the mode what the cluster's own ConfigMap says; without a word of it, it is healthy.
fn follow(plane: &Plane, mode: watch::Sender<Mode>) -> impl Future<Output = ()> + use<> {
    let (store, resources) = (plane.store.clone(), plane.resources.clone());
    let config_maps = GroupResource::new("", "configmaps");
    let namespace = json!({"metadata": {"name": mode::NAMESPACE}});
    create(&store, &resources, &ROOT.into(), &namespaces::resource(), namespace);
    create(&store, &resources, &ROOT.into(), &config_maps, mode::config_map(Mode::default()));
    let versions = resources.find(ROOT, &config_maps);
    let log = versions.and_then(|versions| store.log(&ROOT.into(), &versions, "v1"));
    async move {
        let mut changes = Follower::new(log.expect("a control plane has ConfigMaps"));
        loop {
            for (kind, object) in changes.next().await {
                if *object.key.namespace != *mode::NAMESPACE || *object.key.name != *mode::NAME {
                    continue;
                }
                let said: Value = store::value(&object);
                let said = said["data"][mode::KEY].as_str().and_then(|text| text.parse().ok());
                let said = said.filter(|_| kind != EventKind::Deleted).unwrap_or_default();
                mode.send_if_modified(|now| std::mem::replace(now, said) != said);
            }
        }
    }
}
