//! An engine between two simulated sides.

mod chaos;
mod faults;
mod flows;
mod policies;
