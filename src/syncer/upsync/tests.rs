//! The loop between two simulated sides.

mod chaos;
mod flows;
mod world;
