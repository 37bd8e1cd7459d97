//! What was asked and answered, with the order in which it was: the material of the checks. Judges nothing.

use serde_json::Value;

/// Everything that happened to one resource.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub resource: &'static str,
    /// The version before anything happened.
    pub start: u64,
    pub calls: Vec<Call>,
    pub lists: Vec<List>,
    pub watches: Vec<Watch>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    Get,
    Create,
    /// The whole object anew, made of the version named.
    Update(u64),
    /// A merge patch, made of a version or not.
    Merge(Option<u64>),
    Json,
    Apply,
    /// With a precondition or not.
    Delete(Option<u64>),
}

/// One request about one object, and its answer. Times are of one counter that all clients share.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    pub op: Op,
    pub sent: Value,
    pub asked: u64,
    pub answered: u64,
    pub status: u16,
    pub answer: Value,
}

impl Call {
    pub fn is_accepted_write(&self) -> bool {
        self.op != Op::Get && self.status < 300
    }
}

/// One list, its pages together.
#[derive(Clone, Debug)]
pub struct List {
    pub asked: u64,
    pub answered: u64,
    pub selection: Selection,
    pub version: u64,
    pub items: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    Everything,
    /// Those whose label `color` is red.
    Red,
    /// The one of this number.
    One(usize),
}

impl Selection {
    pub fn query(self) -> String {
        match self {
            Self::Everything => String::new(),
            Self::Red => "&labelSelector=color%3Dred".to_owned(),
            Self::One(number) => format!("&fieldSelector=metadata.name%3D{}", name(number)),
        }
    }

    pub fn has(self, object: &Value) -> bool {
        match self {
            Self::Everything => true,
            Self::Red => object["metadata"]["labels"]["color"] == "red",
            Self::One(number) => object["metadata"]["name"] == name(number),
        }
    }
}

pub fn name(number: usize) -> String {
    format!("n{number}")
}

/// What a watch was told to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    After(u64),
    /// Whatever is there, without a word on where that ends.
    State,
    /// The same, its end said.
    Streamed,
}

/// One watch, or several that went on where the one before had ended.
#[derive(Clone, Debug)]
pub struct Watch {
    pub title: &'static str,
    pub begin: Begin,
    pub selection: Selection,
    pub table: bool,
    pub events: Vec<Value>,
}

/// `metadata.resourceVersion` as a number; 0 where there is none.
pub fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}
