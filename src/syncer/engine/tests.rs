//! An engine between two simulated sides.

mod changeovers;
mod chaos;
mod faults;
mod flows;
mod policies;
