//! What was measured, as a table for people and as JSON with every slice for whoever wants to compute.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use k8s_openapi::jiff::Timestamp;
use serde::Serialize;

use crate::cores::Arrangement;
use crate::measure::{FOREIGN_LIMIT, Ratio, cpus, median, ratio};
use crate::servers::{KUBE, RAW, TMC};
use crate::slice::Slice;

/// Each server once, in the order raw, tmc, kube-apiserver.
pub type Round = [Slice; 3];

#[derive(Serialize)]
pub struct Measured {
    pub name: &'static str,
    pub connections: usize,
    pub bytes: [usize; 3],
    pub rounds: Vec<Round>,
    /// Rounds in which the machine did too much else. They are left out as long as two thirds remain.
    pub disturbed: usize,
    pub too_noisy: bool,
    pub cost_us: [f64; 3],
    pub per_second: [f64; 3],
    pub tmc_to_raw: Ratio,
    pub kube_to_tmc: Ratio,
}

impl Measured {
    pub fn new(
        (name, connections): (&'static str, usize),
        bytes: [usize; 3],
        rounds: Vec<Round>,
        idle: &[f64; 3],
    ) -> Self {
        let quiet = |round: &&Round| round.iter().all(|slice| slice.foreign <= FOREIGN_LIMIT);
        let left: Vec<&Round> = rounds.iter().filter(quiet).collect();
        let disturbed = rounds.len() - left.len();
        let too_noisy = disturbed * 3 > rounds.len();
        let used: Vec<&Round> = if too_noisy { rounds.iter().collect() } else { left };
        let cost = |round: &Round, at: usize| round[at].cost_ns(idle[at]);
        let pairs = |a, b| used.iter().map(|round| (cost(round, a), cost(round, b))).collect::<Vec<_>>();
        let (tmc_to_raw, kube_to_tmc) = (ratio(&pairs(1, 0)), ratio(&pairs(2, 1)));
        let each = |of: &dyn Fn(&Round, usize) -> f64| {
            [0, 1, 2].map(|at| median(used.iter().map(|round| of(round, at)).collect()))
        };
        let cost_us = each(&|round, at| cost(round, at) / 1000.0);
        let per_second = each(&|round, at| round[at].per_second());
        Self {
            name,
            connections,
            bytes,
            disturbed,
            too_noisy,
            cost_us,
            per_second,
            tmc_to_raw,
            kube_to_tmc,
            rounds,
        }
    }

    pub fn print(&self, at_most_raw: f64, at_least_kube: f64) {
        println!("\n{}, {} connections, {} rounds", self.name, self.connections, self.rounds.len());
        println!("{:<20} {:>12} {:>18} {:>12}", "", "body bytes", "server CPU each", "answers/s");
        for (at, server) in [RAW, TMC, KUBE].into_iter().enumerate() {
            let (bytes, cost, rate) = (self.bytes[at], self.cost_us[at], self.per_second[at]);
            println!("{server:<20} {bytes:>12} {cost:>15.1} µs {rate:>12.0}");
        }
        line("tmc / raw", self.tmc_to_raw, "at most", at_most_raw, self.tmc_to_raw.high <= at_most_raw);
        let enough = self.kube_to_tmc.low >= at_least_kube;
        line("kube-apiserver / tmc", self.kube_to_tmc, "at least", at_least_kube, enough);
        if self.disturbed > 0 {
            let all = self.rounds.len();
            let kept =
                if self.too_noisy { "too many to leave out: the machine was busy" } else { "left out" };
            println!("{} of {all} rounds had over 5 % of the machine used by others: {kept}", self.disturbed);
        }
    }
}

fn line(what: &str, ratio: Ratio, bound: &str, goal: f64, met: bool) {
    let Ratio { median, low, high } = ratio;
    let verdict = if met { "met" } else { "missed" };
    println!("{what:<20} {median:>12.2} x  ({low:.2} to {high:.2}), goal {bound} {goal:.1}: {verdict}");
}

#[derive(Serialize)]
pub struct Report {
    time: Timestamp,
    arrangement: Arrangement,
    machine: String,
    cpus: usize,
    load: String,
    kubernetes: &'static str,
    servers: [&'static str; 3],
    idle_cpu: [f64; 3],
    operations: Vec<Measured>,
}

impl Report {
    pub fn new(arrangement: Arrangement, idle_cpu: [f64; 3], operations: Vec<Measured>) -> Self {
        let machine = Command::new("uname").arg("-srm").output().map(|output| output.stdout);
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            time: Timestamp::now(),
            arrangement,
            machine: String::from_utf8_lossy(&machine.unwrap_or_default()).trim().to_owned(),
            cpus: cpus(),
            load: load.trim().to_owned(),
            kubernetes: "v1.36.3",
            servers: [RAW, TMC, KUBE],
            idle_cpu,
            operations,
        }
    }
}

pub fn write(reports: &[Report], path: &Path) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, serde_json::to_string_pretty(reports)? + "\n")?;
    Ok(())
}
