//! The three servers with the same objects: `tmc serve`, the raw reference, and kube-apiserver with a custom
//! resource of the same JSON. All run on one test cluster and are asked by one user, who may read both by RBAC.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::custom_resource;
use crate::fixture::{Report, Targets, VIEWS, block_on};
use crate::load::{Target, tls};
use crate::measure::pid_of;
use crate::pki::{Identity, Leaf};
use crate::process::Process;
use crate::raw;
use crate::tmc::{SERVER_NAME, Tmc};
use crate::wait::{seconds, until};

pub const TMC: &str = "tmc";
pub const RAW: &str = "raw hyper+rustls";
pub const KUBE: &str = "kube-apiserver";

/// Who asks.
const READER: &str = "reader";

/// Writers at a time while the objects are made.
pub const WRITERS: usize = 4;
const SYNC_TARGETS_EACH: usize = 2;

/// One operation: what each server is asked, and the bytes of its answer.
pub struct Operation {
    pub name: &'static str,
    pub connections: usize,
    /// In the order raw, tmc, kube-apiserver.
    pub targets: [(Target, Bytes); 3],
}

/// They run as long as this lives.
pub struct Servers {
    pub get: Operation,
    pub list: Operation,
    _raw: Process,
    tmc: Tmc,
    cluster: Cluster,
}

impl Servers {
    /// Its logs are in a folder of this name.
    pub fn start(name: &str, views: usize) -> Result<Self> {
        let cluster = Cluster::start(name);
        let reader = cluster.authority.issue(&Leaf { common_name: READER, ..Leaf::default() })?;
        grants().iter().for_each(|grant| cluster.admin().apply(grant));
        let tmc = Tmc::start_with(&cluster, &["--heartbeat=false", "--combine-status=false"]);
        println!("making {views} workspaces with {SYNC_TARGETS_EACH} SyncTargets each ...");
        let tmc_list = tmc_target(&cluster, &tmc, &reader)?;
        make_sync_targets(&cluster, views);
        let list = until_settled(&tmc_list, views)?;

        let names = names(&list)?;
        let middle = names.get(names.len() / 2).context("there is a view")?;
        let tmc_get = tmc_list.at(format!("{VIEWS}/{middle}?resourceVersion=0"));
        let view = block_on(tmc_get.get())?;

        let kube = kube_target(&cluster, &reader)?;
        custom_resource::copy(&cluster, &list)?;
        let kube_list = kube.at(format!("{}?resourceVersion=0", custom_resource::PATH));
        let name = custom_resource::name(middle);
        let kube_get = kube.at(format!("{}/{name}?resourceVersion=0", custom_resource::PATH));

        let (process, raw) = start_raw(&cluster, &reader, &view, &list)?;
        let raw_get = raw.at(raw::GET);
        let raw_list = raw.at(raw::LIST);
        let get = operation("GET one view", 16, [raw_get, tmc_get, kube_get])?;
        let list = operation("LIST of all views", 2, [raw_list, tmc_list, kube_list])?;
        Ok(Self { get, list, _raw: process, tmc, cluster })
    }

    /// Ends what is measured in good order.
    pub fn stop(self) -> Result<()> {
        let status = self.tmc.terminate();
        ensure!(status.success(), "tmc serve ended with {status}, logs: {}", self.cluster.logs.display());
        Ok(())
    }
}

/// Nobody's group is `system:masters`, whose requests kube-apiserver does not review.
fn grants() -> [Value; 2] {
    let name = json!({"name": "bench-reader"});
    let (rbac, version) = ("rbac.authorization.k8s.io", "rbac.authorization.k8s.io/v1");
    let rule = json!({"apiGroups": [custom_resource::GROUP, "views.workload.kcp.io"], "resources": ["*"],
        "verbs": ["get", "list", "watch"]});
    [
        json!({"apiVersion": version, "kind": "ClusterRole", "metadata": name, "rules": [rule]}),
        json!({"apiVersion": version, "kind": "ClusterRoleBinding", "metadata": name,
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "bench-reader"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": READER}]}),
    ]
}

fn operation(name: &'static str, connections: usize, targets: [Target; 3]) -> Result<Operation> {
    let [raw, tmc, kube] = targets;
    let with_body = |target: Target| anyhow::Ok((target.clone(), block_on(target.get())?));
    let targets = [with_body(raw)?, with_body(tmc)?, with_body(kube)?];
    ensure!(targets[0].1 == targets[1].1, "{name}: the views changed while the bench was set up");
    Ok(Operation { name, connections, targets })
}

fn tmc_target(cluster: &Cluster, tmc: &Tmc, identity: &Identity) -> Result<Target> {
    // Its own authority, as the aggregator knows it.
    let tls = tls(&tmc.authority(), identity)?;
    let pid = tmc.with_process(|process| process.pid());
    let address = SocketAddr::from(([127, 0, 0, 1], tmc.port));
    ensure!(tmc.port != cluster.port, "two servers cannot have one port");
    Ok(Target { name: TMC, address, host: SERVER_NAME, tls, pid, path: format!("{VIEWS}?resourceVersion=0") })
}

fn kube_target(cluster: &Cluster, identity: &Identity) -> Result<Target> {
    let tls = tls(&cluster.authority.pem, identity)?;
    let pid = pid_of("kube-apiserver", &format!("--secure-port={}", cluster.port))?;
    let address = SocketAddr::from(([127, 0, 0, 1], cluster.port));
    Ok(Target { name: KUBE, address, host: "localhost", tls, pid, path: String::new() })
}

fn start_raw(cluster: &Cluster, reader: &Identity, view: &[u8], list: &[u8]) -> Result<(Process, Target)> {
    let folder = cluster.folder.join("raw");
    fs::create_dir(&folder)?;
    fs::write(folder.join(raw::GET_FILE), view)?;
    fs::write(folder.join(raw::LIST_FILE), list)?;
    fs::write(folder.join(raw::AUTHORITY_FILE), &cluster.authority.pem)?;
    let serving = Leaf { common_name: "raw", serves: &[raw::HOST], ..Leaf::default() };
    cluster.authority.issue(&serving)?.write(&folder, raw::CERTIFICATE)?;
    let process = raw_process(&folder, &cluster.logs)?;
    let (address, _) = until("the raw server listens", seconds(20), || {
        process
            .stdout()
            .trim()
            .parse::<SocketAddr>()
            .map_err(|error| format!("{error}: {}", process.stderr()))
    });
    let tls = tls(&cluster.authority.pem, reader)?;
    let pid = process.pid();
    Ok((process, Target { name: RAW, address, host: raw::HOST, tls, pid, path: String::new() }))
}

fn raw_process(folder: &Path, logs: &Path) -> Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(crate::SERVE_RAW).arg(folder);
    Process::start("raw", &command, logs)
}

/// Their syncers were never seen, so nothing about them changes with time.
fn make_sync_targets(cluster: &Cluster, views: usize) {
    let targets = Targets::new(cluster.admin().kubeconfig());
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let targets = targets.clone();
            scope.spawn(move || {
                for at in (writer..views).step_by(WRITERS) {
                    for each in 0..SYNC_TARGETS_EACH {
                        let name = format!("cluster-{at:04}-{each}");
                        targets.create(&name, &format!("root:bench:w{at:04}"));
                        targets.report(&name, Report::healthy(at as u64 % 50 + 1));
                    }
                }
            });
        }
    });
}

/// The list once it holds all views and has not changed between two looks a second apart.
fn until_settled(target: &Target, views: usize) -> Result<Bytes> {
    let (mut list, mut seen) = (Bytes::new(), 0);
    for _ in 0..60 {
        let now = block_on(target.get())?;
        seen = names(&now)?.len();
        if seen == views && now == list {
            return Ok(now);
        }
        list = now;
        std::thread::sleep(seconds(1));
    }
    anyhow::bail!("the views do not settle: {seen} of {views} are served")
}

fn names(list: &[u8]) -> Result<Vec<String>> {
    let list: Value = serde_json::from_slice(list)?;
    let items = list["items"].as_array().context("a list has items")?;
    Ok(items.iter().filter_map(|view| view["metadata"]["name"].as_str()).map(str::to_owned).collect())
}
