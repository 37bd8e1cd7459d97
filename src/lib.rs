//! Transparent Multi-Cluster for kcp and Kubernetes.
//!
//! The modules follow the data: an upstream API feeds `informers`, these feed the one `views` index,
//! which publishes immutable snapshots that `apiserver` serves. `cli` is the only place that wires them.
//! Which module may use which is checked by `tests/tidy.rs`.

pub mod api;
pub mod apiserver;
pub mod cli;
pub mod controlplane;
pub mod informers;
pub mod liveness;
pub mod reconcilers;
pub mod registration;
pub mod security;
pub mod supervisor;
pub mod syncer;
pub mod telemetry;
pub mod upstream;
pub mod views;
