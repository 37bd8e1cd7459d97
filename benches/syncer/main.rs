//! `make bench`, the syncer's part: its own CPU for an object between APIs in memory; objects a second through it to a
//! real kube-apiserver beside a bare loop of the same requests; how long it holds a change up; and what its process
//! takes of memory and asks for when nothing changes.
//!
//! `TMC_BENCH_QUICK=1` does less of everything. Arguments choose parts: `cost`, `real`, `footprint`.

#![allow(dead_code, reason = "the harness offers tests more than this needs")]
#![allow(clippy::panic, reason = "the harness fails as tests do")]

#[path = "../../tests/e2e/audit.rs"]
mod audit;
mod bare;
#[path = "../../tests/e2e/binaries.rs"]
mod binaries;
#[path = "../../tests/e2e/cluster.rs"]
mod cluster;
#[path = "../shared/cores.rs"]
mod cores;
mod cost;
#[path = "../../tests/e2e/dev.rs"]
mod dev;
#[path = "../../tests/e2e/env.rs"]
mod env;
#[path = "../../tests/e2e/fixture.rs"]
mod fixture;
mod footprint;
#[path = "../../tests/e2e/kubeconfig.rs"]
mod kubeconfig;
#[path = "../../tests/e2e/kubectl.rs"]
mod kubectl;
#[path = "../shared/measure.rs"]
mod measure;
mod memory;
#[path = "../../tests/e2e/pki.rs"]
mod pki;
#[path = "../../tests/e2e/process.rs"]
mod process;
mod real;
mod rig;
#[path = "../../tests/e2e/syncer.rs"]
mod syncer;
mod timed;
#[path = "../../tests/e2e/tmc.rs"]
mod tmc;
#[path = "../../tests/e2e/wait.rs"]
mod wait;
#[path = "../../tests/e2e/wire.rs"]
mod wire;
mod workload;

use anyhow::{Result, ensure};
use mimalloc::MiMalloc;

use cluster::Cluster;
use cores::Arrangement;
use real::Real;

/// As the syncer has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How much of everything.
struct Plan {
    /// Between APIs in memory: objects, and rounds.
    cost: (usize, usize),
    /// To a real kube-apiserver: objects a slice, and rounds.
    real: (usize, usize),
    changes: usize,
    /// Objects that are counted, and those of them that are owned.
    footprint: (usize, usize),
}

const FULL: Plan = Plan { cost: (5_000, 7), real: (600, 25), changes: 1_000, footprint: (50_000, 10_000) };
const QUICK: Plan = Plan { cost: (1_000, 3), real: (200, 5), changes: 200, footprint: (5_000, 1_000) };

fn main() -> Result<()> {
    let quick = std::env::var_os("TMC_BENCH_QUICK").is_some_and(|value| value == "1");
    let plan = if quick { QUICK } else { FULL };
    let parts: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if wanted("cost") {
        let (objects, rounds) = plan.cost;
        cost::measure(objects, rounds)?.print(60.0);
    }
    if wanted("real") {
        ensure!(binaries::present(), "run `make kube-binaries` first");
        real(&plan)?;
    }
    if wanted("footprint") {
        ensure!(binaries::present(), "run `make kube-binaries` first");
        let (counted, owned) = plan.footprint;
        footprint::measure(counted, owned)?.print(64.0);
    }
    Ok(())
}

/// First as on machines of their own, one CPU for the client and one for its cluster, then with all for both.
fn real(plan: &Plan) -> Result<()> {
    let cpus = measure::cpus();
    for arrangement in Arrangement::on(cpus) {
        arrangement.servers(cpus)?;
        let cluster = Cluster::start(arrangement.name());
        arrangement.clients(cpus)?;
        println!("\n== {}", arrangement.title());
        measured(plan, cluster)?;
    }
    Ok(())
}

fn measured(plan: &Plan, cluster: Cluster) -> Result<()> {
    let ((objects, rounds), changes) = (plan.real, plan.changes);
    // As the syncer's own.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let measured = runtime.spawn(async move {
        let real = Real::start(&cluster).await?;
        // The first warms up.
        real.round(0, objects).await?;
        let mut done = Vec::new();
        for round in 1..=rounds {
            done.push(real.round(round, objects).await?);
        }
        real::print(&done, objects, 0.95);
        real::print_latencies(&real.latencies(changes).await?, 150.0);
        Ok(())
    });
    runtime.block_on(measured)?
}
