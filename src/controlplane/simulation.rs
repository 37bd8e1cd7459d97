//! Simulated physical clusters: what their controllers make of workloads.
//!
//! [`deployment`] and [`stateful_set`] are pure; [`workloads`] drives them over the objects of one cluster. No pod
//! exists: a pod is a moment at which it is ready. It must not know who looks at a cluster.

pub mod deployment;
pub mod nodes;
pub mod objects;
pub mod plane;
mod pods;
pub mod stateful_set;
mod template;
pub mod workloads;

use std::{fmt, str::FromStr};

/// How a simulated cluster is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    #[default]
    Healthy,
    /// Its syncer may not read Secrets: the target is Degraded.
    Restricted,
    /// Its nodes are down and its API is not ready: no pod runs, the target is Unhealthy.
    Failing,
    /// Its workloads run on, and nothing is heard from it: the target becomes Unknown.
    Partitioned,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Healthy, Self::Restricted, Self::Failing, Self::Partitioned];

    /// Whether pods run there.
    pub fn works(self) -> bool {
        self != Self::Failing
    }

    /// Whether its syncer reaches the workspaces.
    pub fn is_connected(self) -> bool {
        self != Self::Partitioned
    }

    fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Restricted => "restricted",
            Self::Failing => "failing",
            Self::Partitioned => "partitioned",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cluster is healthy, restricted, failing or partitioned")]
pub struct UnknownMode;

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        Self::ALL.into_iter().find(|mode| mode.name() == text).ok_or(UnknownMode)
    }
}
