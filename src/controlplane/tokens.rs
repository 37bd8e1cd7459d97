//! The bearer tokens of one run: those that were made when it started, compared in constant time, kept as digests and
//! never shown again; and those of ServiceAccounts, see [`accounts`].
//!
//! Read by the authenticator and by TokenReviews.

pub mod accounts;
pub mod requests;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use rand::RngExt;
use sha2::{Digest, Sha256};

use self::accounts::AccountTokens;
use super::reviews;
use crate::apiserver::{
    authn::{TokenLimits, authenticated},
    authz::{ReviewError, Reviewer, TokenAnswer},
    identity::{Attributes, Authorizer, Decision, User},
};

const BYTES: usize = 32;

#[derive(Default)]
pub struct Tokens {
    /// By digest, so that a comparison takes as long for every token.
    known: Vec<([u8; 32], User)>,
    accounts: Option<Arc<AccountTokens>>,
}

impl Tokens {
    /// Lets a given token stand for a user.
    pub fn add(&mut self, token: &str, user: User) {
        self.known.push((digest(token), authenticated(user)));
    }

    /// Lets the ServiceAccounts of a control plane in.
    pub fn with_accounts(self, accounts: Arc<AccountTokens>) -> Self {
        Self { accounts: Some(accounts), ..self }
    }
}

/// A token that nobody guesses.
pub fn random() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; BYTES]>())
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

impl reviews::Tokens for Tokens {
    fn user(&self, token: &str) -> Option<User> {
        let asked = digest(token);
        // All of them are compared, whichever it is.
        let same = |known: &[u8; 32]| verify_slices_are_equal(known, &asked).is_ok();
        let known =
            self.known.iter().fold(None, |found, (known, user)| if same(known) { Some(user) } else { found });
        known.cloned().or_else(|| self.accounts.as_ref()?.user(token, Timestamp::now()))
    }
}

/// Whom the library's own authenticator asks: nobody but this process.
pub struct Own {
    pub tokens: Arc<Tokens>,
    pub authorizer: Arc<dyn Authorizer>,
}

#[async_trait]
impl Reviewer for Own {
    async fn token_review(&self, token: &str, _: &[String]) -> Result<TokenAnswer, ReviewError> {
        Ok(match reviews::Tokens::user(&*self.tokens, token) {
            Some(user) => TokenAnswer::Accepted { user, audiences: Vec::new() },
            None => TokenAnswer::Rejected,
        })
    }

    async fn subject_access_review(&self, attributes: &Attributes) -> Result<Decision, ReviewError> {
        let answer = self.authorizer.authorize(attributes).await;
        answer.map_err(|error| ReviewError::Unanswered(error.message))
    }
}

/// For an authenticator that asks [`Own`]: an answer costs nothing, so none is remembered and none is put off.
pub fn limits() -> TokenLimits {
    TokenLimits {
        ttl: Duration::ZERO,
        entries: 1,
        in_flight: 1024,
        per_second: u32::MAX,
        per_peer_per_second: u32::MAX,
        audiences: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
