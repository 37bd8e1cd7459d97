//! CPU of a process from the scheduler's own nanoseconds, what else the machine did meanwhile, and ratios
//! of pairs measured side by side.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::load::{Connections, Target};

/// A slice in which others had more of the machine than this is disturbed.
pub const FOREIGN_LIMIT: f64 = 0.05;

/// What one server did in one slice of time.
#[derive(Clone, Debug, Serialize)]
pub struct Slice {
    pub requests: u64,
    pub cpu_ns: u64,
    pub wall_ns: u64,
    /// The share of the machine that neither this server nor the client had, steal included.
    pub foreign: f64,
}

impl Slice {
    /// Nanoseconds of CPU for a request, without what the server spends when nobody asks.
    pub fn cost_ns(&self, idle: f64) -> f64 {
        (self.cpu_ns as f64 - idle * self.wall_ns as f64).max(0.0) / self.requests.max(1) as f64
    }

    pub fn per_second(&self) -> f64 {
        self.requests as f64 * 1e9 / self.wall_ns as f64
    }
}

/// Asks one server for `duration`. Handshakes are done before, but for them the slice is complete.
pub async fn slice(target: &Target, connections: usize, duration: Duration, length: usize) -> Result<Slice> {
    let connections = Connections::open(target, connections).await?;
    let before = Reading::take(target.pid)?;
    let requests = connections.run(before.at + duration, length).await?;
    Ok(Reading::take(target.pid)?.since(&before, requests))
}

/// The share of one CPU that a server uses when nobody asks.
pub async fn idle(pid: u32, duration: Duration) -> Result<f64> {
    let before = cpu_ns(pid)?;
    sleep(duration).await;
    Ok((cpu_ns(pid)? - before) as f64 / duration.as_nanos() as f64)
}

struct Reading {
    at: Instant,
    server_ns: u64,
    client_ns: u64,
    busy_ns: u64,
}

impl Reading {
    fn take(pid: u32) -> Result<Self> {
        let client_ns = cpu_ns(std::process::id())?;
        Ok(Self { at: Instant::now(), server_ns: cpu_ns(pid)?, client_ns, busy_ns: busy_ns()? })
    }

    fn since(&self, before: &Self, requests: u64) -> Slice {
        let wall_ns = (self.at - before.at).as_nanos() as u64;
        let cpu_ns = self.server_ns - before.server_ns;
        let ours = cpu_ns + self.client_ns - before.client_ns;
        let others = (self.busy_ns - before.busy_ns).saturating_sub(ours);
        let machine = wall_ns as f64 * cpus() as f64;
        Slice { requests, cpu_ns, wall_ns, foreign: others as f64 / machine }
    }
}

pub fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Nanoseconds on a CPU, over all threads of the process, since it started.
///
/// The group leader's `schedstat` alone would leave the other threads out.
fn cpu_ns(pid: u32) -> Result<u64> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).context("the server has ended")?;
    let times = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Ok(times.sum())
}

/// What all CPUs did besides waiting, in steps of 10 ms.
fn busy_ns() -> Result<u64> {
    const TICK_NS: u64 = 10_000_000;
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<u64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; the guests' are in user already.
    let busy = ticks.iter().take(8).enumerate().filter(|(at, _)| !matches!(at, 3 | 4)).map(|(_, n)| n);
    Ok(busy.sum::<u64>() * TICK_NS)
}

/// The median of per-pair ratios and its bootstrap 95 % interval.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ratio {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

pub fn ratio(pairs: &[(f64, f64)]) -> Ratio {
    let ratios: Vec<f64> = pairs.iter().map(|(a, b)| a / b).collect();
    // A fixed seed: the same pairs give the same interval.
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut pick = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    let mut medians: Vec<f64> =
        (0..2000).map(|_| median((0..ratios.len()).map(|_| ratios[pick(ratios.len())]).collect())).collect();
    medians.sort_by(f64::total_cmp);
    Ratio { median: median(ratios), low: medians[50], high: medians[1949] }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}
