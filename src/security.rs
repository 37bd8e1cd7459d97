//! What the process may do and how it proves who it is.

pub mod rules;
