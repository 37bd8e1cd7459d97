//! The engine's own CPU for an object: between two APIs in memory that answer at once, all in one thread.
//!
//! What the APIs themselves take is measured apart, by making the same requests of a twin, and taken off. What is
//! left is reading the watches, deciding, rendering, comparing, writing the requests and reading the answers: all but
//! the network.

use std::sync::{Arc, atomic::Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use crate::measure::{cpu_ns, median};
use crate::memory::Memory;
use crate::rig::{Below, Rig};
use crate::workload::{paths, write};

/// In which what is left over after the last write is done.
const REST: Duration = Duration::from_millis(100);

/// Microseconds of CPU for an object.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Cost {
    pub all: f64,
    /// Of the APIs in memory.
    pub apis: f64,
}

impl Cost {
    pub fn own(self) -> f64 {
        self.all - self.apis
    }
}

#[derive(serde::Serialize)]
pub struct Costs {
    pub objects: usize,
    /// Of objects that are new: two writes each, the finalizer and the object.
    pub made: Vec<Cost>,
    /// Of objects with other data: one write each.
    pub changed: Vec<Cost>,
}

pub fn measure(objects: usize, rounds: usize) -> Result<Costs> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut costs = Costs { objects, made: Vec::new(), changed: Vec::new() };
        // The first warms up.
        for round in 0..=rounds {
            let below = Arc::new(Memory::default());
            let rig = Rig::start(Below { fetch: below.clone(), api: below.clone() }).await?;
            let paths = paths("counted", objects);
            let made = run(&rig, &below, &paths, 0).await?;
            let changed = run(&rig, &below, &paths, 1).await?;
            if round > 0 {
                costs.made.push(made);
                costs.changed.push(changed);
            }
        }
        Ok(costs)
    })
}

/// Writes all of them and waits until that is below.
async fn run(rig: &Rig, below: &Memory, paths: &[String], round: usize) -> Result<Cost> {
    let twins = [rig.above.twin(), below.twin()];
    rig.above.record();
    below.record();
    let due = below.written.load(Ordering::Relaxed) + paths.len();
    paths.iter().for_each(|path| rig.above.put(path, |object| write(object, path, round)));
    let before = cpu_ns(std::process::id())?;
    rig.until("all is written", || below.written.load(Ordering::Relaxed) >= due).await?;
    sleep(REST).await;
    let all = cpu_ns(std::process::id())? - before;
    rig.until_synced(paths.len()).await?;
    let calls = [rig.above.recorded(), below.recorded()];
    let before = cpu_ns(std::process::id())?;
    // To record a request is a copy of it, too.
    for (twin, calls) in twins.iter().zip(&calls) {
        calls.iter().for_each(|call| drop(twin.serve(&call.clone())));
    }
    let apis = cpu_ns(std::process::id())? - before;
    let each = |ns: u64| ns as f64 / 1000.0 / paths.len() as f64;
    Ok(Cost { all: each(all), apis: each(apis) })
}

impl Costs {
    pub fn print(&self, goal: f64) {
        println!("\nown CPU, {} ConfigMaps, {} rounds, medians", self.objects, self.made.len());
        println!("{:<24} {:>10} {:>14} {:>10}", "", "all", "APIs in memory", "own");
        for (what, costs) in [("a new object", &self.made), ("a changed object", &self.changed)] {
            let each = |of: fn(&Cost) -> f64| median(costs.iter().map(of).collect());
            let (all, apis, own) = (each(|cost| cost.all), each(|cost| cost.apis), each(|cost| cost.own()));
            let verdict = if own <= goal { "met" } else { "missed" };
            println!(
                "{what:<24} {all:>7.1} µs {apis:>11.1} µs {own:>7.1} µs, goal at most {goal:.0}: {verdict}"
            );
        }
    }
}
