//! `make bench`: server CPU of a GET and of a LIST of 1,000 views, side by side in one run: `tmc serve`, raw
//! hyper + rustls with the same bytes, and kube-apiserver with a custom resource of the same JSON.
//!
//! The servers take turns in short slices, so that whatever else the machine does falls on all of them; first on a CPU
//! of their own, then on all.
//! `TMC_BENCH_QUICK=1` takes a minute and says less.

#![allow(dead_code, reason = "the harness offers tests more than this needs")]
#![allow(clippy::panic, reason = "the harness fails as tests do")]

#[path = "../../tests/e2e/binaries.rs"]
mod binaries;
#[path = "../../tests/e2e/cluster.rs"]
mod cluster;
#[path = "../shared/cores.rs"]
mod cores;
mod custom_resource;
#[path = "../../tests/e2e/fixture.rs"]
mod fixture;
#[path = "../../tests/e2e/kubeconfig.rs"]
mod kubeconfig;
#[path = "../../tests/e2e/kubectl.rs"]
mod kubectl;
mod load;
#[path = "../shared/measure.rs"]
mod measure;
#[path = "../../tests/e2e/pki.rs"]
mod pki;
#[path = "../../tests/e2e/process.rs"]
mod process;
mod raw;
mod report;
mod servers;
mod slice;
#[path = "../../tests/e2e/tmc.rs"]
mod tmc;
#[path = "../../tests/e2e/wait.rs"]
mod wait;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mimalloc::MiMalloc;

use cores::Arrangement;
use fixture::block_on;
use report::{Measured, Report, Round};
use servers::{Operation, Servers};

/// As `tmc serve` has, so that the raw server is no slower for it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const VIEWS: usize = 1000;
/// The argument with which this program is the raw server.
pub const SERVE_RAW: &str = "serve-raw";

/// How long, and how often.
struct Plan {
    rounds: usize,
    warm_up: Duration,
    get: Duration,
    list: Duration,
}

impl Plan {
    fn of_environment() -> Self {
        let quick = std::env::var_os("TMC_BENCH_QUICK").is_some_and(|value| value == "1");
        let (rounds, warm_up, get, list) = if quick { (5, 500, 500, 1000) } else { (15, 3000, 2000, 3000) };
        let [warm_up, get, list] = [warm_up, get, list].map(Duration::from_millis);
        Self { rounds, warm_up, get, list }
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(SERVE_RAW) {
        return raw::run(Path::new(&arguments.next().context("the folder of the raw server")?));
    }
    ensure!(binaries::present(), "run `make kube-binaries` first");
    let (plan, cpus) = (Plan::of_environment(), measure::cpus());
    // Its threads are as many as the machine has CPUs, whichever they may use.
    block_on(std::future::ready(()));
    let mut reports = Vec::new();
    for arrangement in Arrangement::on(cpus) {
        println!("\n== {}", arrangement.title());
        arrangement.servers(cpus)?;
        let servers = Servers::start(arrangement.name(), VIEWS)?;
        arrangement.clients(cpus)?;
        let idle = idle(&servers.get, plan.warm_up)?;
        let get = measure(&servers.get, &plan, plan.get, &idle)?;
        let list = measure(&servers.list, &plan, plan.list, &idle)?;
        servers.stop()?;
        get.print(1.5, 25.0);
        list.print(1.2, 50.0);
        reports.push(Report::new(*arrangement, idle, vec![get, list]));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/side_by_side.json");
    report::write(&reports, &path)?;
    println!("\nevery slice: {}", path.display());
    Ok(())
}

/// What each server uses of a CPU when nobody asks.
fn idle(operation: &Operation, duration: Duration) -> Result<[f64; 3]> {
    let [raw, tmc, kube] = &operation.targets;
    block_on(async {
        let [raw, tmc, kube] = [raw, tmc, kube].map(|(target, _)| slice::idle(target.pid, duration));
        let (raw, tmc, kube) = tokio::try_join!(raw, tmc, kube)?;
        Ok([raw, tmc, kube])
    })
}

fn measure(operation: &Operation, plan: &Plan, slice: Duration, idle: &[f64; 3]) -> Result<Measured> {
    let Operation { name, connections, targets } = operation;
    println!("measuring {name}: {} rounds ...", plan.rounds);
    for (target, body) in targets {
        block_on(slice::slice(target, *connections, plan.warm_up, body.len()))?;
    }
    let rounds = (0..plan.rounds)
        .map(|round| {
            // There and back again: no server is always the one that comes after another.
            let order = if round % 2 == 0 { [0, 1, 2] } else { [2, 1, 0] };
            let mut slices = Vec::new();
            for at in order {
                let (target, body) = &targets[at];
                slices.push((at, block_on(slice::slice(target, *connections, slice, body.len()))?));
            }
            slices.sort_by_key(|(at, _)| *at);
            let slices = slices.into_iter().map(|(_, slice)| slice).collect::<Vec<_>>();
            Round::try_from(slices).map_err(|_| anyhow::anyhow!("a round is of three slices"))
        })
        .collect::<Result<Vec<_>>>()?;
    let bytes = targets.each_ref().map(|(_, body)| body.len());
    Ok(Measured::new((name, *connections), bytes, rounds, idle))
}
