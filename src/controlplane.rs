//! The embedded control plane: workspaces, objects and the controllers a cluster cannot do without, in memory.
//!
//! Built on `apiserver`, which serves it; wired by `cli::dev`. It keeps nothing on disk: when the process ends,
//! everything is gone.

pub mod aggregation;
pub mod catalog;
pub mod credentials;
pub mod definitions;
pub mod documents;
pub mod establish;
pub mod follow;
pub mod garbage;
pub mod kinds;
pub mod namespaces;
pub mod plane;
pub mod policies;
pub mod protobuf;
pub mod rbac;
pub mod resources;
pub mod reviews;
pub mod simulation;
pub mod store;
pub mod system;
pub mod tokens;
pub mod views_access;
pub mod workspaces;
