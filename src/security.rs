//! What the process may do, how it proves who it is, and whether it runs as safely as it should.

pub mod config;
pub mod context;
pub mod rules;
pub mod transport;
