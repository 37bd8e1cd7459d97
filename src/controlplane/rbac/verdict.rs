//! What an authorizer says of a question, with its words for a review.

/// Allowed, not allowed, or forbidden whatever others may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Allow,
    NoOpinion,
    Deny,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// May be empty.
    pub reason: String,
}

impl Verdict {
    pub fn allow(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::Allow, reason: reason.into() }
    }

    pub fn no_opinion(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::NoOpinion, reason: reason.into() }
    }

    pub fn deny(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::Deny, reason: reason.into() }
    }

    pub fn allowed(&self) -> bool {
        self.outcome == Outcome::Allow
    }
}
