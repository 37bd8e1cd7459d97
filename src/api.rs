//! The wire types: what is written to and read from an API server, and the documents made from them.
//!
//! Everything that reads or writes these objects uses this module; it must not know HTTP, a client or
//! how a view is computed.

pub mod crds;
pub mod openapi;
pub mod placement;
mod schema;
pub mod share;
pub mod views;
pub mod workload;
pub mod workspace;
