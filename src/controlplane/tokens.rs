//! The bearer tokens of one run: made when it starts, compared in constant time, kept as digests and never shown again.
//!
//! Read by the authenticator and by TokenReviews. Nobody issues tokens while the control plane runs: a ServiceAccount
//! can have one made at the start ([`service_account`](super::rbac::service_account) is its user), but no
//! TokenRequest is served.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::RngExt;
use sha2::{Digest, Sha256};

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
}

impl Tokens {
    /// Makes a token for a user; this is the only time it can be seen.
    pub fn issue(&mut self, user: User) -> String {
        let token = random();
        self.add(&token, user);
        token
    }

    /// Lets a given token stand for a user.
    pub fn add(&mut self, token: &str, user: User) {
        self.known.push((digest(token), authenticated(user)));
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
        self.known
            .iter()
            .fold(None, |found, (known, user)| if same(known) { Some(user) } else { found })
            .cloned()
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
mod tests {
    use super::*;
    use crate::controlplane::{rbac::service_account, reviews::Tokens as _};

    #[test]
    fn a_token_stands_for_its_user_alone() {
        let mut tokens = Tokens::default();
        let jane = tokens.issue(User { name: "jane".to_owned(), ..User::default() });
        let robot = tokens.issue(service_account("root", "default", "robot", "u"));
        assert_eq!(jane.len(), 43);
        let found = tokens.user(&jane).unwrap();
        assert_eq!(
            (found.name.as_str(), found.groups.as_slice()),
            ("jane", &["system:authenticated".to_owned()][..])
        );
        assert_eq!(tokens.user(&robot).unwrap().name, "system:serviceaccount:default:robot");
        for wrong in ["", "jane", &jane[1..], &format!("{jane} "), &format!("{jane}{robot}")] {
            assert_eq!(tokens.user(wrong), None, "{wrong:?}");
        }
    }
}
