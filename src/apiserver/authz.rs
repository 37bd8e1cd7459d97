//! Whether a caller may do what he asks: every answer is a SubjectAccessReview, nobody is exempt.
//!
//! Fed by the filters (the door, a single object) and by `access` (rows). It owns the short memory of answers
//! and the limits on what goes upstream; it must not know how a review is sent, see [`Reviewer`].

mod answers;
mod pace;
#[cfg(test)]
pub mod tests;

use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::Semaphore, time::Instant};

pub use answers::{Answers, Timed};
pub use pace::Pace;

use super::{
    identity::{Attributes, Authorizer, Decision, User},
    status::ApiError,
};

/// How long an interactive review may wait for one of the places upstream.
pub const PLACE_TIMEOUT: Duration = Duration::from_secs(10);

/// What a TokenReview says of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenAnswer {
    Accepted {
        user: User,
        /// Those of the asked audiences the token is meant for; empty when the reviewer does not say.
        audiences: Vec<String>,
    },
    Rejected,
}

/// Nobody could be asked. Never a "no", and never remembered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    #[error("the review was not answered: {0}")]
    Unanswered(String),
    #[error("too many reviews are waiting")]
    Busy,
}

/// Who is asked: kube-apiserver, or a count of questions in a test.
#[async_trait]
pub trait Reviewer: Send + Sync {
    async fn token_review(&self, token: &str, audiences: &[String]) -> Result<TokenAnswer, ReviewError>;
    async fn subject_access_review(&self, attributes: &Attributes) -> Result<Decision, ReviewError>;
}

/// Whether a client waits for the answer, or an open watch is only being re-checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Request,
    Recheck,
}

/// The bounds of what is asked and remembered.
#[derive(Clone, Copy, Debug)]
pub struct ReviewLimits {
    /// How long an answer holds, counted from when it was asked; zero remembers nothing.
    pub ttl: Duration,
    /// The sum of the remembered questions' bytes.
    pub bytes: u64,
    /// Questions of requests that are upstream at a time; re-checks have half as many places of their own.
    pub in_flight: usize,
    /// Re-checks a second; requests are not held back, but count.
    pub rechecks_per_second: u32,
}

impl Default for ReviewLimits {
    fn default() -> Self {
        Self { ttl: Duration::from_secs(10), bytes: 16 << 20, in_flight: 50, rechecks_per_second: 50 }
    }
}

/// Asks the reviewer, one question at a time for equal attributes, and remembers for a few seconds.
pub struct CachedAuthorizer {
    reviewer: Arc<dyn Reviewer>,
    answers: Answers<Vec<u8>, Decision>,
    request_places: Semaphore,
    recheck_places: Semaphore,
    pace: Pace,
    failing: AtomicBool,
}

impl CachedAuthorizer {
    pub fn new(reviewer: Arc<dyn Reviewer>, limits: ReviewLimits) -> Self {
        Self {
            reviewer,
            answers: Answers::new(limits.ttl, limits.bytes, |question| weight(question)),
            request_places: Semaphore::new(limits.in_flight.max(1)),
            recheck_places: Semaphore::new((limits.in_flight / 2).max(1)),
            pace: Pace::per_second(limits.rechecks_per_second),
            failing: AtomicBool::new(false),
        }
    }

    /// The answer of this moment, which is then remembered for others.
    pub async fn fresh(&self, attributes: &Attributes, urgency: Urgency) -> Result<Decision, ReviewError> {
        let timed = self.ask(attributes, urgency).await?;
        let decision = timed.value.clone();
        let mut question = question(attributes);
        question.shrink_to_fit();
        self.answers.put(question, timed).await;
        Ok(decision)
    }

    /// The answer, at most `ttl` old.
    pub async fn recent(&self, attributes: &Attributes) -> Result<Decision, ReviewError> {
        self.answers.get(&question(attributes), || self.ask(attributes, Urgency::Request)).await
    }

    async fn ask(&self, attributes: &Attributes, urgency: Urgency) -> Result<Timed<Decision>, ReviewError> {
        let _place = match urgency {
            Urgency::Request => {
                let place = tokio::time::timeout(PLACE_TIMEOUT, self.request_places.acquire()).await;
                self.pace.spend();
                place.map_err(|_| ReviewError::Busy)?
            }
            Urgency::Recheck => {
                let place = self.recheck_places.acquire().await;
                self.pace.turn().await;
                place
            }
        }
        .expect("the semaphores are never closed");
        let at = Instant::now();
        let answer = self.reviewer.subject_access_review(attributes).await;
        self.note(answer.as_ref().err());
        Ok(Timed::new(answer?, at))
    }

    /// One line when reviews begin to fail and one when they work again.
    fn note(&self, error: Option<&ReviewError>) {
        let was_failing = self.failing.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !was_failing => {
                tracing::warn!(%error, "SubjectAccessReviews fail; requests get 503 until they work again");
            }
            None if was_failing => tracing::info!("SubjectAccessReviews work again"),
            _ => {}
        }
    }
}

#[async_trait]
impl Authorizer for CachedAuthorizer {
    async fn authorize(&self, attributes: &Attributes) -> Result<Decision, ApiError> {
        self.recent(attributes).await.map_err(|_| unreviewed())
    }
}

/// What a client hears when nobody could be asked whether he may.
pub fn unreviewed() -> ApiError {
    ApiError::unavailable("the request could not be authorized, please try again", 1)
}

/// About the bytes a remembered question takes.
fn weight(question: &[u8]) -> u32 {
    u32::try_from(512 + question.len()).unwrap_or(u32::MAX)
}

/// What tells one question from every other, in one piece of memory: to compare two of them part by part would be to
/// wait for memory at each. It is what hashing reads, which for texts and lists is never the beginning of another.
fn question(attributes: &Attributes) -> Vec<u8> {
    struct Bytes(Vec<u8>);
    impl Hasher for Bytes {
        fn write(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut bytes = Bytes(Vec::with_capacity(512));
    attributes.hash(&mut bytes);
    bytes.0
}
