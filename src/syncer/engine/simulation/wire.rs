//! The way to a simulated API, on which everything can happen to a request.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::server::Server;
use crate::syncer::api::{Action, Answer, Api, ApiError, Call};

/// What happens to a request.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::syncer) enum Fault {
    /// It is not carried out.
    Before(ApiError),
    /// It is carried out, and the answer is lost.
    After(ApiError),
    /// The process dies before it goes out, or after it was carried out.
    CrashBefore,
    CrashAfter,
}

#[derive(Default)]
pub(in crate::syncer) struct Faults {
    /// By the number of the request.
    pub(in crate::syncer) at: BTreeMap<usize, Fault>,
    /// Of every request.
    pub(in crate::syncer) always: Option<Fault>,
    /// Of every GET only.
    pub(in crate::syncer) reads: Option<ApiError>,
    count: usize,
}

/// One side's wire.
#[derive(Clone)]
pub(in crate::syncer) struct Wire {
    pub(in crate::syncer) server: Arc<Mutex<Arc<Server>>>,
    pub(in crate::syncer) faults: Arc<Mutex<Faults>>,
    /// Told when the process is to die.
    pub(in crate::syncer) crash: Arc<Notify>,
}

impl Wire {
    pub(in crate::syncer) fn new(server: Arc<Server>, crash: Arc<Notify>) -> Self {
        Self { server: Arc::new(Mutex::new(server)), faults: Arc::default(), crash }
    }

    /// Requests so far.
    pub(in crate::syncer) fn count(&self) -> usize {
        self.faults.lock().count
    }

    pub(in crate::syncer) fn heal(&self) {
        let mut faults = self.faults.lock();
        faults.at.clear();
        faults.always = None;
        faults.reads = None;
    }

    async fn die(&self) -> ! {
        self.crash.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl Api for Wire {
    async fn call(&self, call: &Call) -> Result<Answer, ApiError> {
        // Others get a turn before an answer is there.
        tokio::time::sleep(Duration::from_millis(3)).await;
        let fault = {
            let mut faults = self.faults.lock();
            faults.count += 1;
            let number = faults.count;
            let reads = faults.reads.clone().filter(|_| call.action == Action::Get).map(Fault::Before);
            faults.at.get(&number).cloned().or_else(|| faults.always.clone()).or(reads)
        };
        let server = self.server.lock().clone();
        match fault {
            None => server.call(call),
            Some(Fault::Before(error)) => Err(error),
            Some(Fault::After(error)) => {
                let _ = server.call(call);
                Err(error)
            }
            Some(Fault::CrashBefore) => self.die().await,
            Some(Fault::CrashAfter) => {
                let _ = server.call(call);
                self.die().await
            }
        }
    }
}
