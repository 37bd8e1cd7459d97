//! What kind of API the SyncTargets come from, which decides whose they are.
//!
//! Chosen once, when the views are made. It knows paths of logical clusters through [`Paths`] alone.

use std::sync::Arc;

use super::workspace::{Paths, workspace_of, workspace_within};

#[derive(Clone)]
pub enum Origin {
    /// One cluster. A target belongs to the workspace that it names.
    Kubernetes,
    /// Many logical clusters. A target belongs to the workspace that stores it, or to one below which it names.
    Kcp(Arc<dyn Paths>),
}

impl Origin {
    /// The one workspace of a target that says `kcp_cluster`, if it belongs to any.
    pub fn workspace(&self, cluster: &str, kcp_cluster: Option<&str>) -> Option<Arc<str>> {
        match self {
            Self::Kubernetes => workspace_of(kcp_cluster).map(Arc::from),
            Self::Kcp(paths) => {
                let stored = paths.path(cluster)?;
                Some(match workspace_within(&stored, kcp_cluster) {
                    own if own == &*stored => stored,
                    below => below.into(),
                })
            }
        }
    }
}
