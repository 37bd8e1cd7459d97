//! Through the engine to a real kube-apiserver: objects a second against bare loops of the same applies, turn by turn,
//! and how long after a change's arrival its apply is sent.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tmc::upstream::{Target, Upstream};
use tokio::time::{Instant, sleep, timeout};

use crate::bare::{self, Template};
use crate::cluster::Cluster;
use crate::measure::{Ratio, busy_ns, cpu_ns, cpus, median, pid_of, ratio};
use crate::rig::{Below, Rig};
use crate::timed::{Sent, Timed};
use crate::workload::{name, paths, write};

/// In which order the three have their turns in a round, each with a part of its objects: what drifts falls on all of
/// them, and none is always the one that comes after the same other.
const TURNS: [[usize; 3]; 6] = [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1], [1, 2, 0], [0, 2, 1]];
/// After each turn, in which the engine reads what it has written. It counts as CPU, and not as time.
const REST: Duration = Duration::from_millis(20);
/// Between two changes whose way is timed.
const PAUSE: Duration = Duration::from_millis(10);
/// For what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Objects a second, and who had the machine meanwhile.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Slice {
    pub per_second: f64,
    /// CPU of this process for an object, in microseconds.
    pub client_us: f64,
    /// The share of the machine that neither this process nor the cluster had.
    pub foreign: f64,
}

/// The turns of one of them.
#[derive(Clone, Copy, Default)]
struct Turns {
    objects: usize,
    took: Duration,
    /// With the rest.
    whole: Duration,
    own_ns: u64,
    foreign_ns: u64,
}

impl Turns {
    fn slice(self) -> Slice {
        let (objects, whole) = (self.objects as f64, self.whole.as_nanos() as f64);
        Slice {
            per_second: objects / self.took.as_secs_f64(),
            client_us: self.own_ns as f64 / 1000.0 / objects,
            foreign: self.foreign_ns as f64 / (whole * cpus() as f64),
        }
    }
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

    /// New objects and then other data for them, by the engine and by the loops.
    pub async fn round(&self, at: usize, objects: usize) -> Result<Round> {
        let paths = ["engine", "loop", "same"].map(|name| paths(&format!("{name}-{at:03}"), objects));
        let part = objects.div_ceil(TURNS.len());
        let mut slices = [[Turns::default(); 3]; 2];
        for (template, sums) in slices.iter_mut().enumerate() {
            for (number, turn) in TURNS.iter().enumerate() {
                for &who in turn {
                    let paths = paths[who].chunks(part).nth(number).unwrap_or_default();
                    self.turn(who, paths, (at, template), &mut sums[who]).await?;
                }
            }
        }
        let [made, changed] = slices.map(|sums| sums.map(Turns::slice));
        Ok(Round { made, changed })
    }

    async fn turn(
        &self,
        who: usize,
        paths: &[String],
        (round, template): (usize, usize),
        sum: &mut Turns,
    ) -> Result<()> {
        let requests = match who {
            0 => Vec::new(),
            _ => {
                let template = &self.templates[who - 1][template];
                paths.iter().map(|path| template.request(name(path))).collect()
            }
        };
        let (begun, before) = (Instant::now(), self.reading()?);
        let took = match who {
            0 => self.engine(paths, round * 2 + template).await?,
            _ => bare::run(&self.bare, requests).await?,
        };
        sleep(REST).await;
        let (whole, after) = (begun.elapsed(), self.reading()?);
        let [own, ours, busy] = [0, 1, 2].map(|at| after[at].saturating_sub(before[at]));
        sum.objects += paths.len();
        sum.took += took;
        sum.whole += whole;
        sum.own_ns += own;
        sum.foreign_ns += busy.saturating_sub(ours);
        Ok(())
    }

    /// Until all are applied; how long that took from when they could be read.
    async fn engine(&self, paths: &[String], data: usize) -> Result<Duration> {
        drop(self.timed.take());
        self.rig.above.hold();
        paths.iter().for_each(|path| self.rig.above.put(path, |object| write(object, path, data)));
        let begun = Instant::now();
        self.rig.above.release();
        let last = self.applied(paths.len()).await?.iter().map(|sent| sent.answered).max();
        Ok(last.context("some were applied")? - begun)
    }

    async fn applied(&self, count: usize) -> Result<Vec<Sent>> {
        timeout(PATIENCE, self.timed.answered(count)).await.context("not all were applied")?;
        Ok(self.timed.take())
    }

    /// CPU of this process, of it and the cluster, and of the machine.
    fn reading(&self) -> Result<[u64; 3]> {
        let own = cpu_ns(self.pids[0])?;
        Ok([own, own + cpu_ns(self.pids[1])? + cpu_ns(self.pids[2])?, busy_ns()?])
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
            let sent = self.applied(1).await?;
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
