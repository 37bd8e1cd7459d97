//! CPU of processes from the scheduler's own nanoseconds, what else the machine did meanwhile, and ratios of pairs
//! measured side by side. Knows nothing of what is measured.

use std::fs;

use anyhow::{Context, Result};
use serde::Serialize;

/// A slice in which others had more of the machine than this is disturbed.
pub const FOREIGN_LIMIT: f64 = 0.05;

/// Of the machine, however few of them this thread may use.
pub fn cpus() -> usize {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let is_one = |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| !rest.starts_with(' '));
    stat.lines().filter(is_one).count().max(1)
}

/// Nanoseconds on a CPU, over all threads of the process, since it started.
///
/// The group leader's `schedstat` alone would leave the other threads out.
pub fn cpu_ns(pid: u32) -> Result<u64> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).context("the process has ended")?;
    let times = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Ok(times.sum())
}

/// The process that runs `program` with `flag`; a cluster of the harness keeps its own to itself.
pub fn pid_of(program: &str, flag: &str) -> Result<u32> {
    let entries = fs::read_dir("/proc")?.flatten();
    let mut pids = entries.filter_map(|entry| {
        let command = fs::read_to_string(entry.path().join("cmdline")).ok()?;
        let mut arguments = command.split('\0');
        let runs = arguments.next()?.ends_with(program) && arguments.any(|argument| argument == flag);
        entry.file_name().to_str()?.parse().ok().filter(|_| runs)
    });
    pids.next().with_context(|| format!("no {program} runs with {flag}"))
}

/// What all CPUs did besides waiting, in steps of 10 ms.
pub fn busy_ns() -> Result<u64> {
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
