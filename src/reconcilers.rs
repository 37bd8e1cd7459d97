//! Level-triggered tasks that write back upstream what follows from what is there.
//!
//! Fed by `informers`; each writes through [`call::Caller`] while it leads, see [`leader`]. None of them
//! knows who serves what it reads or wrote.

pub mod call;
pub mod heartbeat;
pub mod leader;
mod pace;
mod requests;
pub mod status;

#[cfg(test)]
pub mod fake;
