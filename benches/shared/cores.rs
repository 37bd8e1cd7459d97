//! Which CPUs servers and clients have.

use std::fs;

use anyhow::{Context, Result};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

/// What is measured on the CPUs of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Arrangement {
    /// As on machines of their own: servers on one CPU, clients on another.
    Apart,
    /// All on all.
    Together,
}

impl Arrangement {
    /// Those that are possible on a machine with so many.
    pub fn on(cpus: usize) -> &'static [Self] {
        if cpus > 1 { &[Self::Apart, Self::Together] } else { &[Self::Together] }
    }

    /// Where servers are started.
    pub fn servers(self, cpus: usize) -> Result<()> {
        match self {
            Self::Apart => only(&[1]),
            Self::Together => only(&(0..cpus).collect::<Vec<_>>()),
        }
    }

    /// Where clients are.
    pub fn clients(self, cpus: usize) -> Result<()> {
        match self {
            Self::Apart => only(&[0]),
            Self::Together => only(&(0..cpus).collect::<Vec<_>>()),
        }
    }

    /// Of its clusters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apart => "bench-apart",
            Self::Together => "bench-together",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Apart => "servers on one CPU, clients on another",
            Self::Together => "servers and clients on all CPUs",
        }
    }
}

/// All threads of this process, and what they start from then on, run on these CPUs alone. What was started before
/// stays where it is.
fn only(cpus: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    cpus.iter().for_each(|cpu| set.set(*cpu));
    for task in fs::read_dir("/proc/self/task")? {
        let thread = task?.file_name().to_str().and_then(|id| id.parse().ok()).and_then(Pid::from_raw);
        sched_setaffinity(thread, &set).context("cannot choose CPUs")?;
    }
    Ok(())
}
