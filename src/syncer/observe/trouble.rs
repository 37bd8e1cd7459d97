//! Why one object is not ready, in few bytes.

use jiff::Timestamp;

/// As long as a report lets a reason or a message be.
const LONGEST: usize = 256;

/// Namespace and name.
pub(super) type Key = (Box<str>, Box<str>);

/// Where an object is in its workspace, if that is elsewhere.
pub(super) type Elsewhere = Option<Box<Key>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// How much of the object works, in percent: the least is the worst.
    pub(super) works: u8,
    pub(super) reason: Box<str>,
    pub(super) message: Box<str>,
    /// When it began, if the object tells.
    pub(super) since: Option<Timestamp>,
    pub(super) upstream: Elsewhere,
}

impl Trouble {
    pub(super) fn new(works: u8, reason: &str, message: &str, since: Option<Timestamp>) -> Self {
        let reason = if reason.is_empty() { "NotReady" } else { reason };
        Self { works, reason: cut(reason), message: cut(message), since, upstream: None }
    }
}

fn cut(text: &str) -> Box<str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => text[..end].into(),
        None => text.into(),
    }
}
