//! Where in an object a walk stands, without an allocation per step.
//!
//! Each step lives on the stack of the walk; the text is made only when a field is to be named.

use std::fmt;

/// A step and the way to it.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    /// A named field, or the key of a map where keys are written like fields.
    Field(&'a Path<'a>, &'a str),
    /// The key of a map: `labels[a]`.
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    pub(super) fn field(&'a self, name: &'a str) -> Path<'a> {
        Path::Field(self, name)
    }

    pub(super) fn key(&'a self, name: &'a str) -> Path<'a> {
        Path::Key(self, name)
    }

    pub(super) fn index(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }

    pub(super) fn is_root(&self) -> bool {
        matches!(self, Path::Root)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => formatter.write_str(name),
            Path::Field(parent, name) => write!(formatter, "{parent}.{name}"),
            Path::Key(parent, name) => write!(formatter, "{parent}[{name}]"),
            Path::Index(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}
