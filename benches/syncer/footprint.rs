//! What the real `syncer` takes of memory with many objects, and what it asks of two real clusters when nothing
//! changes: its own process, with the rights that the product gives it and no others.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use kube::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::audit::{self, Request};
use crate::cluster::{Cluster, Plan};
use crate::env::Env;
use crate::fixture::{block_on, client};
use crate::measure::pid_of;
use crate::syncer::{Sides, Syncer};
use crate::wait::{seconds, until};

const CONTROLLERS: &str = "clusterrole-aggregation-controller,serviceaccount,namespace";
/// Objects made at a time.
const WRITERS: usize = 16;
/// Objects in one namespace.
const CROWD: usize = 500;
const RESYNC: Duration = Duration::from_secs(60);
const QUIET: Duration = Duration::from_secs(150);

/// Resident memory in MiB.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Memory {
    pub now: f64,
    pub peak: f64,
}

#[derive(serde::Serialize)]
pub struct Footprint {
    pub counted: usize,
    pub owned: usize,
    /// After all of them were made below by this process.
    pub synced: Memory,
    /// After a start that finds all as it should be.
    pub started: Memory,
    /// After a while of quiet.
    pub settled: Memory,
    pub quiet_seconds: f64,
    /// In the quiet time, on either side: verb and path.
    pub above: Vec<String>,
    pub below: Vec<String>,
    pub writes: usize,
}

pub fn measure(counted: usize, owned: usize) -> Result<Footprint> {
    let audit = audit::policy();
    let plan = |name| Plan { name, controllers: Some(CONTROLLERS), audit: Some(&audit), beside: None };
    let env = Env::on(Cluster::start_as(&plan("bench-above")));
    let below = Cluster::start_as(&plan("bench-below"));
    println!("making {owned} ConfigMaps above and {} below ...", counted - owned);
    for (cluster, prefix, count) in [(&env.cluster, "team", owned), (&below, "other", counted - owned)] {
        block_on(fill(client(cluster.admin().kubeconfig()), prefix, count))?;
    }
    let resync = format!("--resync-period={}", RESYNC.as_secs());
    let flags = ["--resource-types=configmaps", "--qps=2000", "--burst=2000", &resync];
    let syncer = Syncer::start(Sides::new(&env, &below), "filter", &flags);
    let begun = Instant::now();
    until_synced(&syncer, owned);
    println!("{owned} objects were synced in {:.0?}", begun.elapsed());
    let synced = memory(&syncer)?;
    syncer.terminate();
    let [above_before, below_before] = [syncer.asked_above().len(), syncer.asked_below().len()];
    syncer.run();
    syncer.until_ready();
    until_synced(&syncer, owned);
    let started = memory(&syncer)?;
    let writes = |asked: &[Request]| asked.iter().filter(|request| is_of_object(request)).count();
    // What it did to get here again was to read.
    let mut wrote =
        writes(&syncer.asked_above()[above_before..]) + writes(&syncer.asked_below()[below_before..]);
    // The first verification and the first reports are over.
    std::thread::sleep(Duration::from_secs(30));
    let [above_before, below_before] = [syncer.asked_above().len(), syncer.asked_below().len()];
    let begun = Instant::now();
    std::thread::sleep(QUIET);
    let (above, below_asked) =
        (syncer.asked_above().split_off(above_before), syncer.asked_below().split_off(below_before));
    wrote += writes(&above) + writes(&below_asked);
    let settled = memory(&syncer)?;
    let told = |asked: &[Request]| asked.iter().map(ToString::to_string).collect();
    Ok(Footprint {
        counted,
        owned,
        synced,
        started,
        settled,
        quiet_seconds: begun.elapsed().as_secs_f64(),
        above: told(&above),
        below: told(&below_asked),
        writes: wrote,
    })
}

/// Whether it could change a synced object or its like; the Lease and the report change all the time.
fn is_of_object(request: &Request) -> bool {
    request.writes() && request.resource != "leases" && !request.resource.starts_with("synctargets")
}

fn until_synced(syncer: &Syncer<'_>, owned: usize) {
    until("all objects are synced", seconds(600), || {
        match syncer.metric(&["syncer_resources_total{", "status=\"synced\""]) {
            Some(count) if count as usize == owned => Ok(()),
            count => Err(format!("{count:?} of {owned}: {}", last_line(&syncer.log()))),
        }
    });
}

fn last_line(log: &str) -> String {
    log.lines().last().unwrap_or_default().to_owned()
}

fn memory(syncer: &Syncer<'_>) -> Result<Memory> {
    let pid = pid_of("syncer", &format!("--sync-target-name={}", syncer.target))?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("the kernel tells it")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        anyhow::Ok(kib / 1024.0)
    };
    Ok(Memory { now: field("VmRSS:")?, peak: field("VmHWM:")? })
}

/// Makes that many ConfigMaps, some hundred in a namespace.
async fn fill(client: Client, prefix: &str, count: usize) -> Result<()> {
    for namespace in 0..count.div_ceil(CROWD) {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("{prefix}-{namespace:03}")}});
        create(&client, "/api/v1/namespaces", &object).await?;
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (client, prefix) = (client.clone(), prefix.to_owned());
        writers.spawn(async move {
            for at in (writer..count).step_by(WRITERS) {
                let path = format!(
                    "/api/v1/namespaces/{prefix}-{:03}/configmaps/{prefix}-config-{at:05}",
                    at / CROWD
                );
                let mut object = json!({"metadata": {}});
                crate::workload::write(&mut object, &path, at);
                let (collection, _) = path.rsplit_once('/').context("a path")?;
                object["metadata"]["namespace"] = format!("{prefix}-{:03}", at / CROWD).into();
                create(&client, collection, &object).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    Ok(())
}

async fn create(client: &Client, path: &str, object: &Value) -> Result<()> {
    let request = http::Request::post(path).header("Content-Type", "application/json");
    let _: Value = client.request(request.body(object.to_string().into_bytes())?).await?;
    Ok(())
}

impl Footprint {
    pub fn print(&self, goal: f64) {
        println!("\nthe syncer's memory, {} ConfigMaps counted, {} owned", self.counted, self.owned);
        println!("{:<36} {:>10} {:>10}", "", "resident", "peak");
        for (what, memory) in [
            ("after making them", self.synced),
            ("after a start that finds them", self.started),
            ("after quiet", self.settled),
        ] {
            println!("{what:<36} {:>6.1} MiB {:>6.1} MiB", memory.now, memory.peak);
        }
        let verdict = if self.settled.peak.max(self.synced.peak) <= goal { "met" } else { "missed" };
        println!("goal at most {goal:.0} MiB, by its peak: {verdict}");
        println!(
            "in {:.0} s of quiet, over a resync and more: {} writes of objects",
            self.quiet_seconds, self.writes
        );
        for (side, asked) in [("above", &self.above), ("below", &self.below)] {
            let minutes = self.quiet_seconds / 60.0;
            println!("{side}: {:.1} requests a minute", asked.len() as f64 / minutes);
            asked.iter().for_each(|request| println!("  {request}"));
        }
    }
}
