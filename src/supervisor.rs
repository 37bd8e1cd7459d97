//! Owns every task.
