//! What is remembered of an object from one pass to the next. Losing it costs requests, never an object.

use std::collections::BTreeMap;

use crate::syncer::errors::ErrorType;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// What was found below that is not ours.
    pub foreign: Option<Foreign>,
    /// The upstream said itself that the object with this uid is gone. That never changes.
    pub gone_above: Option<String>,
    /// The cluster said itself that nothing of ours is there.
    pub gone_below: bool,
    pub settled: Option<Settled>,
    pub refused: Option<Refused>,
    pub causes: Option<Causes>,
}

impl Memory {
    /// Whether there is anything worth keeping.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An object in our place that is not ours, as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreign {
    pub uid: String,
    pub deleting: bool,
    /// This target let it go, and of the same object upstream.
    pub released: bool,
    /// Another syncer's, in words.
    pub other: Option<String>,
    /// It is as it should be but for the stamps.
    pub same: bool,
}

/// Fields that the server keeps otherwise than they were written, and as what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Of what was written.
    pub hash: String,
    /// The live value of each, as a hash.
    pub values: BTreeMap<String, u64>,
}

/// Writing this failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub hash: String,
    pub error_type: ErrorType,
    pub message: String,
}

/// Fields that other managers hold otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    /// Of what was to be written.
    pub hash: String,
    pub fields: Vec<Held>,
}

/// A field and who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub field: String,
    /// As a JSON pointer into what was to be written.
    pub pointer: String,
    pub manager: String,
}
