//! Bearer tokens: reviewed upstream, remembered by their digest for a few seconds, never logged.
//!
//! Fed by the authenticator. A flood of made-up tokens must not reach the reviewer, hence the limits per peer, per
//! second and in flight.

use std::{net::IpAddr, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use tokio::{sync::Semaphore, time::Instant};

use super::{Clock, TokenLimits, authenticated, rate::Rates};
use crate::apiserver::{
    authz::{Answers, PLACE_TIMEOUT, ReviewError, Reviewer, Timed, TokenAnswer},
    identity::User,
    status::ApiError,
};

pub(crate) struct Tokens {
    reviewer: Arc<dyn Reviewer>,
    answers: Answers<[u8; 32], Option<Arc<User>>>,
    places: Semaphore,
    rates: Rates,
    audiences: Vec<String>,
    clock: Clock,
}

#[derive(Clone, Debug)]
enum Refused {
    TooMany,
    Unanswered(ReviewError),
}

impl Tokens {
    pub(crate) fn new(reviewer: Arc<dyn Reviewer>, limits: TokenLimits, clock: Clock) -> Self {
        Self {
            reviewer,
            answers: Answers::new(limits.ttl, limits.entries, |_| 1),
            places: Semaphore::new(limits.in_flight.max(1)),
            rates: Rates::new(limits.per_second, limits.per_peer_per_second),
            audiences: limits.audiences,
            clock,
        }
    }

    /// Whose token it is; 401 for a bad one, 429 when there are too many new ones, 503 when nobody could be asked.
    pub(crate) async fn user(&self, token: &str, peer: IpAddr) -> Result<Arc<User>, ApiError> {
        let key: [u8; 32] = Sha256::digest(token).into();
        match self.answers.get(&key, || self.review(token, peer)).await {
            Ok(Some(user)) => Ok(user),
            Ok(None) => Err(ApiError::unauthorized()),
            Err(Refused::TooMany) => Err(ApiError::too_many_requests()),
            Err(Refused::Unanswered(error)) => {
                tracing::debug!(%error, "a token could not be reviewed");
                Err(ApiError::unavailable("the token could not be reviewed, please try again", 1))
            }
        }
    }

    async fn review(&self, token: &str, peer: IpAddr) -> Result<Timed<Option<Arc<User>>>, Refused> {
        if !self.rates.take(peer) {
            return Err(Refused::TooMany);
        }
        let place = tokio::time::timeout(PLACE_TIMEOUT, self.places.acquire()).await;
        let _place = place
            .map_err(|_| Refused::Unanswered(ReviewError::Busy))?
            .expect("the semaphore is never closed");
        let asked = Instant::now();
        let answer = self.reviewer.token_review(token, &self.audiences).await.map_err(Refused::Unanswered)?;
        let left = expiry(token).map(|expiry| expiry.saturating_sub((self.clock)().as_secs()));
        let until = left.and_then(|left| asked.checked_add(Duration::from_secs(left)));
        Ok(Timed::new(self.accept(answer), asked).until(until))
    }

    fn accept(&self, answer: TokenAnswer) -> Option<Arc<User>> {
        let TokenAnswer::Accepted { user, audiences } = answer else { return None };
        let meant = self.audiences.is_empty() || audiences.iter().any(|a| self.audiences.contains(a));
        (meant && !user.name.is_empty()).then(|| Arc::new(authenticated(user)))
    }
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut parts = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split(' ');
    let scheme = parts.next()?;
    parts.next().filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}

/// The `exp` of a JWT, in seconds. Its signature is the reviewer's business: this can only shorten how long his
/// answer is believed.
fn expiry(token: &str) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Claims {
        exp: u64,
    }
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    Some(serde_json::from_slice::<Claims>(&claims).ok()?.exp)
}
