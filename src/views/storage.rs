//! What the API server sees of the views: two resources, each with one log, once there is something to say.

use std::sync::Arc;

use tokio::sync::watch;

use crate::apiserver::{
    log::ResourceLog, resource::ResourceInfo, scope::Scope, status::ApiError, storage::Storage,
};

/// Whether there is anything to serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Availability {
    /// The first complete list is not there yet.
    #[default]
    Starting,
    /// The SyncTarget CRD is missing. The server itself is fine.
    NotInstalled,
    Serving,
}

impl Availability {
    /// Whether the process may say that it is ready.
    pub fn is_ready(self) -> bool {
        self != Self::Starting
    }
}

pub struct ViewsStorage {
    pub(super) info: Arc<ResourceInfo>,
    pub(super) log: Arc<ResourceLog>,
    pub(super) availability: watch::Receiver<Availability>,
}

impl Storage for ViewsStorage {
    fn info(&self) -> &Arc<ResourceInfo> {
        &self.info
    }

    fn log(&self, scope: &Scope) -> Result<Arc<ResourceLog>, ApiError> {
        if *scope != Scope::None {
            return Err(ApiError::unknown_path());
        }
        match *self.availability.borrow() {
            Availability::Serving => Ok(self.log.clone()),
            // Reflectors wait and ask again after this one; after others they would list without need.
            Availability::Starting => {
                let mut error = ApiError::too_many_requests();
                error.message = "SyncTargets and their Leases have not been read completely yet".into();
                Err(error)
            }
            // kubectl waits this long ten times before it shows the message.
            Availability::NotInstalled => Err(ApiError::unavailable(
                "the SyncTarget CRD is not installed: run `tmc register` or `kubectl apply -f deploy/crds`",
                1,
            )),
        }
    }
}
