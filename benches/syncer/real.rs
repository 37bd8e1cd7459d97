//! Through the engine to a real kube-apiserver: objects a second against bare loops of the same applies, turn by turn,
//! and how long after a change's arrival its apply is sent.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tmc::upstream::{Target, Upstream};
use tokio::time::{Instant, sleep};

use crate::bare::{self, Template};
use crate::cluster::Cluster;
use crate::measure::{Ratio, busy_ns, cpu_ns, cpus, median, pid_of, ratio};
use crate::rig::{Below, Rig};
use crate::timed::Timed;
use crate::workload::{name, paths, write};

/// In which order the three have their turns.
const TURNS: [[usize; 3]; 6] = [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1], [1, 2, 0], [0, 2, 1]];

/// Between two changes whose way is timed.
const PAUSE: Duration = Duration::from_millis(10);

/// Objects a second, and who had the machine meanwhile.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Slice {
    pub per_second: f64,
    /// CPU of this process for an object, in microseconds.
    pub client_us: f64,
    /// The share of the machine that neither this process nor the cluster had.
    pub foreign: f64,
}

/// Of the engine, of the bare loop, and of one with the engine's query.
#[derive(Clone, Copy, serde::Serialize)]
pub struct Round {
    pub made: [Slice; 3],
    pub changed: [Slice; 3],
}

pub struct Real {
    rig: Rig,
    timed: Arc<Timed>,
    bare: Upstream,
    /// To make an object and to change one, as [`Round`] has them.
    templates: [[Template; 2]; 2],
    pids: [u32; 3],
}

impl Real {
    pub async fn start(cluster: &Cluster) -> Result<Self> {
        let timed = Arc::new(Timed::new(connect(cluster).await?));
        let below = Below { fetch: Arc::new(connect(cluster).await?), api: timed.clone() };
        let rig = Rig::start(below).await?;
        let etcd = format!("--data-dir={}", cluster.folder.join("etcd").display());
        let pids = [
            std::process::id(),
            pid_of("kube-apiserver", &format!("--secure-port={}", cluster.port))?,
            pid_of("etcd", &etcd)?,
        ];
        let same = templates(&rig, &timed).await?;
        let templates = [[0, 1].map(|at| same[at].plain()), same];
        Ok(Self { rig, timed, bare: connect(cluster).await?, templates, pids })
    }

    /// New objects and then other data for them, by the engine and by the loop.
    pub async fn round(&self, at: usize, objects: usize) -> Result<Round> {
        let engine = paths(&format!("engine-{at:03}"), objects);
        let loops = ["loop", "same"].map(|name| paths(&format!("{name}-{at:03}"), objects));
        let mut slices = Vec::new();
        for template in [0, 1] {
            let mut done = [None; 3];
            // None is always the one that comes after the same other.
            for turn in TURNS[at % TURNS.len()] {
                done[turn] = Some(match turn {
                    0 => self.engine(&engine, at * 2 + template).await?,
                    _ => self.bare(&loops[turn - 1], &self.templates[turn - 1][template]).await?,
                });
            }
            let [engine, plain, same] = done.map(|slice| slice.context("each had its turn"));
            slices.push([engine?, plain?, same?]);
        }
        Ok(Round { made: slices[0], changed: slices[1] })
    }

    async fn engine(&self, paths: &[String], data: usize) -> Result<Slice> {
        drop(self.timed.take());
        self.rig.above.hold();
        paths.iter().for_each(|path| self.rig.above.put(path, |object| write(object, path, data)));
        let (begun, before) = (Instant::now(), self.reading()?);
        self.rig.above.release();
        self.rig.until("all are applied", || self.timed.count() >= paths.len()).await?;
        let last = self.timed.take().iter().map(|sent| sent.answered).max().context("some were applied")?;
        self.slice(paths.len(), last - begun, before)
    }

    async fn bare(&self, paths: &[String], template: &Template) -> Result<Slice> {
        let requests = paths.iter().map(|path| template.request(name(path))).collect();
        let before = self.reading()?;
        let took = bare::run(&self.bare, requests).await?;
        self.slice(paths.len(), took, before)
    }

    /// CPU of this process, of it and the cluster, and of the machine.
    fn reading(&self) -> Result<[u64; 3]> {
        let own = cpu_ns(self.pids[0])?;
        Ok([own, own + cpu_ns(self.pids[1])? + cpu_ns(self.pids[2])?, busy_ns()?])
    }

    fn slice(&self, objects: usize, took: Duration, before: [u64; 3]) -> Result<Slice> {
        let after = self.reading()?;
        let [own, ours, busy] = [0, 1, 2].map(|at| (after[at] - before[at]) as f64);
        let objects = objects as f64;
        Ok(Slice {
            per_second: objects / took.as_secs_f64(),
            client_us: own / 1000.0 / objects,
            foreign: (busy - ours).max(0.0) / (took.as_nanos() as f64 * cpus() as f64),
        })
    }

    /// From when a change can be read to when its apply is sent, and the apply itself, in microseconds.
    pub async fn latencies(&self, changes: usize) -> Result<Vec<[f64; 2]>> {
        let paths = paths("timed", 50);
        self.engine(&paths, 0).await?;
        let mut found = Vec::new();
        for change in 0..changes {
            sleep(PAUSE).await;
            let path = &paths[change % paths.len()];
            drop(self.timed.take());
            self.rig.above.hold();
            self.rig.above.put(path, |object| write(object, path, change + 1));
            let begun = Instant::now();
            self.rig.above.release();
            self.rig.until("the change is applied", || self.timed.count() > 0).await?;
            let sent = self.timed.take();
            let apply = sent.iter().find(|sent| sent.name == name(path)).context("it was applied")?;
            let micros = |from: Instant, to: Instant| (to - from).as_nanos() as f64 / 1000.0;
            found.push([micros(begun, apply.sent), micros(apply.sent, apply.answered)]);
        }
        Ok(found)
    }
}

async fn connect(cluster: &Cluster) -> Result<Upstream> {
    let kubeconfig = cluster.admin().kubeconfig().to_owned();
    Upstream::connect(&Target { kubeconfig: Some(&kubeconfig), ..Target::default() }).await
}

/// What the engine sends to make an object and to change one.
async fn templates(rig: &Rig, timed: &Timed) -> Result<[Template; 2]> {
    let path = &paths("template", 1)[0];
    let mut found = Vec::new();
    for round in 0..2 {
        timed.keep();
        let due = timed.count() + 1;
        rig.above.put(path, |object| write(object, path, round));
        rig.until("the template is applied", || timed.count() >= due).await?;
        found.push(Template::of(timed.kept().first().context("it was applied")?)?);
    }
    <[Template; 2]>::try_from(found).map_err(|_| anyhow::anyhow!("there are two"))
}

pub fn print(rounds: &[Round], objects: usize, goal: f64) {
    println!("\nto a real kube-apiserver, {objects} ConfigMaps a slice, {} rounds, medians", rounds.len());
    println!("{:<24} {:>10} {:>10} {:>10}", "", "engine", "bare loop", "same query");
    let made: Vec<_> = rounds.iter().map(|round| round.made).collect();
    let changed: Vec<_> = rounds.iter().map(|round| round.changed).collect();
    for (what, slices) in [("new objects/s", &made), ("changed objects/s", &changed)] {
        let each = |of: fn(&Slice) -> f64| {
            [0, 1, 2].map(|at| median(slices.iter().map(|slices| of(&slices[at])).collect()))
        };
        let [engine, bare, same] = each(|slice| slice.per_second);
        println!("{what:<24} {engine:>10.0} {bare:>10.0} {same:>10.0}");
        let [engine, bare, same] = each(|slice| slice.client_us);
        println!("{:<24} {engine:>7.0} µs {bare:>7.0} µs {same:>7.0} µs", "  CPU of this process");
        for (other, at, goal) in [("bare loop", 1, Some(goal)), ("same query", 2, None)] {
            let pairs: Vec<_> = slices.iter().map(|all| (all[0].per_second, all[at].per_second)).collect();
            let Ratio { median: middle, low, high } = ratio(&pairs);
            let verdict = match goal {
                Some(goal) if low >= goal => format!(", goal at least {goal:.2}: met"),
                Some(goal) => format!(", goal at least {goal:.2}: missed"),
                None => String::new(),
            };
            println!("  engine / {other:<13} {middle:>10.3} ({low:.3} to {high:.3}){verdict}");
        }
    }
    let foreign = median(made.iter().chain(&changed).flatten().map(|slice| slice.foreign).collect());
    println!("others had {:.0} % of the machine in the median slice", foreign * 100.0);
}

pub fn print_latencies(found: &[[f64; 2]], goal: f64) {
    println!("\none change at a time, {} of them", found.len());
    for (at, what) in ["change read to apply sent", "the apply itself"].into_iter().enumerate() {
        let mut all: Vec<_> = found.iter().map(|pair| pair[at]).collect();
        all.sort_by(f64::total_cmp);
        let [p50, p99] = [50, 99].map(|percent| all[(all.len() - 1) * percent / 100]);
        let verdict = match at {
            0 if p50 <= goal => format!(", goal p50 at most {goal:.0} µs: met"),
            0 => format!(", goal p50 at most {goal:.0} µs: missed"),
            _ => String::new(),
        };
        println!("{what:<28} p50 {p50:>7.0} µs, p99 {p99:>7.0} µs{verdict}");
    }
}
