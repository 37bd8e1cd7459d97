//! What an engine tells of its work to whoever measures it. Kinds and outcomes only, never a name of an object.

use std::time::Duration;

use crate::syncer::errors::{ErrorType, Side};

/// What was done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    Create,
    Update,
    Delete,
    StatusUpdate,
    Adopt,
    Release,
    Finalizer,
    Upsync,
}

impl Operation {
    /// The metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::StatusUpdate => "status_update",
            Self::Adopt => "adopt",
            Self::Release => "release",
            Self::Finalizer => "finalizer",
            Self::Upsync => "upsync",
        }
    }
}

/// What it came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Success,
    /// The server had it so already.
    Noop,
    Error,
    Conflict,
    Skipped,
}

impl Outcome {
    /// The metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Noop => "noop",
            Self::Error => "error",
            Self::Conflict => "conflict",
            Self::Skipped => "skipped",
        }
    }
}

/// Told of every operation. `kind` is `deployments.apps`, `secrets`.
pub trait Recorder: Send + Sync + 'static {
    fn operation(&self, kind: &str, operation: Operation, outcome: Outcome, took: Duration);
    fn error(&self, error_type: ErrorType);
    /// A field was set right.
    fn drift_corrected(&self) {}
    /// `policy` is `UpstreamWins`, `DownstreamWins` or `FailOnConflict`.
    fn conflict(&self, _policy: &'static str) {}
    /// A key was taken from the line after so long.
    fn waited(&self, _wait: Duration) {}
    fn depth(&self, _keys: usize) {}
    /// From the arrival of a change on one side to the write on the other.
    fn propagated(&self, _from: Side, _took: Duration) {}
}

/// Measures nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Recorder for Silent {
    fn operation(&self, _: &str, _: Operation, _: Outcome, _: Duration) {}
    fn error(&self, _: ErrorType) {}
}
