//! Which CPUs a thread may use, and with it whatever it starts from then on.

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_setaffinity};

/// This thread and what it starts run on these CPUs alone.
pub fn only(cpus: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    cpus.iter().for_each(|cpu| set.set(*cpu));
    sched_setaffinity(None, &set).context("cannot choose CPUs")
}
