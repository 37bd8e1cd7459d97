//! Whether a target's syncer lives: the one rule of its Lease and of time, for whoever judges by it.
//!
//! Fed with Leases and a clock. It must not know what silence leads to.

pub mod clock;
pub mod deadlines;
pub mod lease;
pub mod leases;

use std::time::Duration;

use crate::{api::workload, informers::Resource};

/// A target that was silent for longer is not vouched for by anybody.
pub const SILENT_AFTER: Duration = Duration::from_secs(40);
/// A source that was not heard of for longer may hide any change.
pub const SOURCE_UNSEEN_AFTER: Duration = Duration::from_secs(30);

/// What must be followed to know it.
pub const SYNC_TARGETS: Resource = Resource {
    group: workload::GROUP,
    version: workload::VERSION,
    plural: workload::RESOURCE,
    namespace: None,
};
pub const LEASES: Resource =
    Resource { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace: Some("tmc-system") };

/// Whether nobody vouches for the target now. `None`: it was never heard of.
pub fn silent(age: Option<Duration>) -> bool {
    age.is_none_or(|age| age > SILENT_AFTER)
}
