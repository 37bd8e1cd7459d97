//! The Lease of a SyncTarget: its syncer renews it as a sign of life, and of several syncers its holder writes.
//!
//! The reconciler of heartbeats makes it; while it is missing nobody leads. It must not know what is written
//! under it.

use std::time::Duration;

use crate::{
    liveness::LEASES,
    reconcilers::{
        call::Caller,
        leader::{Election, Timing},
    },
};

/// Between renewals.
pub const BEAT: Duration = Duration::from_secs(10);

/// No write begins once the last renewal is 20 s old; another syncer takes over 30 s after the last change that
/// it saw.
const TIMING: Timing = Timing {
    lease: Duration::from_secs(30),
    renew: Duration::from_secs(20),
    retry: Duration::from_secs(2),
    beat: BEAT,
};

/// Among the syncers of the target with this uid. `identity` tells this process from all others.
pub fn election(caller: Caller, uid: &str, identity: String, grace: Duration) -> Election {
    let namespace = LEASES.namespace.unwrap_or_default();
    Election::new(caller, namespace, format!("synctarget-{uid}"), identity, TIMING)
        .of_a_given_lease()
        .with_grace(grace)
}

#[cfg(test)]
mod tests;
