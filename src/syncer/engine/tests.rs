//! An engine between two simulated sides.

mod access;
mod changeovers;
mod chaos;
mod faults;
mod flows;
mod interrupted;
mod policies;
