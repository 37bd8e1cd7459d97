//! What one server did in one slice of time: answers, its CPU, and what others had of the machine meanwhile.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::load::{Connections, Target};
use crate::measure::{busy_ns, cpu_ns, cpus};

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
