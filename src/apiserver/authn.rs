//! Who calls: a trusted front's word, a client certificate, or a bearer token, in this order.
//!
//! The TLS handshake proves possession of a key and nothing else, so chain, validity, usage and name are judged
//! here, for each request, against the certificate authorities of this moment. Fed by the connection and by
//! whoever reads the authorities ([`RequestAuthenticator::replace`]); it must not know where they come from.

pub mod authority;
pub mod certificate;
pub mod front;
mod rate;
#[cfg(test)]
mod tests;
mod token;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use http::{HeaderMap, HeaderName};
use tokio_rustls::rustls::pki_types::UnixTime;

use self::{front::Front, token::Tokens};
use super::{
    authz::Reviewer,
    identity::{Authenticated, Authenticator, Connection, User, Via},
    status::ApiError,
};

/// The time that certificates and tokens are judged by.
pub type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;

pub fn system_clock() -> Clock {
    Arc::new(|| UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
}

/// Whom we believe: the authorities of client certificates, and the fronts.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    pub client_ca: Option<authority::Authority>,
    pub fronts: Vec<Front>,
}

/// A [`Trust`] in use. A front that is not safe to believe has been taken out.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) client_ca: Option<authority::Authority>,
    pub(crate) fronts: Vec<Front>,
}

/// The bounds of token reviews.
#[derive(Clone, Debug)]
pub struct TokenLimits {
    /// How long acceptance and rejection hold; zero remembers nothing.
    pub ttl: Duration,
    pub entries: u64,
    /// Reviews that are upstream at a time.
    pub in_flight: usize,
    /// Reviews a second of all peers, and of one.
    pub per_second: u32,
    pub per_peer_per_second: u32,
    /// If not empty, a token must be meant for one of these.
    pub audiences: Vec<String>,
}

impl Default for TokenLimits {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(10),
            entries: 8192,
            in_flight: 50,
            per_second: 50,
            per_peer_per_second: 25,
            audiences: Vec::new(),
        }
    }
}

/// The [`Authenticator`] of a server behind fronts.
pub struct RequestAuthenticator {
    trust: ArcSwapOption<Generation>,
    tokens: Tokens,
    clock: Clock,
}

impl RequestAuthenticator {
    pub fn new(reviewer: Arc<dyn Reviewer>, limits: TokenLimits, clock: Clock) -> Self {
        Self { trust: ArcSwapOption::empty(), tokens: Tokens::new(reviewer, limits, clock.clone()), clock }
    }

    /// Believes `trust` from the next request on, on open connections too.
    pub fn replace(&self, trust: Trust) {
        let Trust { client_ca, fronts } = trust;
        let fronts: Vec<Front> =
            fronts.into_iter().filter(|front| front.is_safe_beside(client_ca.as_ref())).collect();
        let next = |old: &Option<Arc<Generation>>| {
            let number = old.as_ref().map_or(1, |generation| generation.number + 1);
            let (client_ca, fronts) = (client_ca.clone(), fronts.clone());
            Some(Arc::new(Generation { number, client_ca, fronts }))
        };
        self.trust.rcu(next);
    }

    /// Whether anybody has said yet whom to believe; before that the server is not ready.
    pub fn is_loaded(&self) -> bool {
        self.trust.load().is_some()
    }

    /// Whom the presented chain makes the caller now.
    fn certified(&self, connection: &Connection, headers: &HeaderMap) -> Certified {
        let trust = self.trust.load();
        let Some(generation) = trust.as_ref() else { return Certified::Nobody };
        let now = (self.clock)();
        let judgement = certificate::judge(connection, generation, now);
        let mut nobody = Certified::Nobody;
        for (index, _) in judgement.fronts.iter().filter(|(_, window)| window.holds(now)) {
            nobody = Certified::FrontItself;
            if let Some(user) = generation.fronts[*index].headers.user(headers) {
                return Certified::As(Arc::new(authenticated(user)), Via::Front);
            }
        }
        match &judgement.client {
            Some((user, window)) if window.holds(now) => Certified::As(user.clone(), Via::ClientCertificate),
            _ => nobody,
        }
    }
}

/// What a certificate says of the caller.
enum Certified {
    As(Arc<User>, Via),
    /// A front that names no user.
    FrontItself,
    Nobody,
}

#[async_trait]
impl Authenticator for RequestAuthenticator {
    async fn authenticate(
        &self,
        connection: &Connection,
        headers: &HeaderMap,
    ) -> Result<Authenticated, ApiError> {
        let certified = self.certified(connection, headers);
        if let Certified::As(user, via) = certified {
            return Ok(Authenticated { user, via });
        }
        if let Some(token) = token::bearer(headers) {
            // Boxed: certificates and fronts, which need no room for it, are the usual case.
            let user = Box::pin(self.tokens.user(token, connection.peer.ip())).await?;
            return Ok(Authenticated { user, via: Via::Token });
        }
        if let Certified::FrontItself = certified {
            return Ok(Authenticated { user: Arc::default(), via: Via::FrontItself });
        }
        Err(ApiError::unauthorized())
    }

    fn is_front(&self, connection: &Connection) -> bool {
        let trust = self.trust.load();
        let Some(generation) = trust.as_ref() else { return false };
        let now = (self.clock)();
        certificate::judge(connection, generation, now).fronts.iter().any(|(_, window)| window.holds(now))
    }

    fn identity_headers(&self, headers: &HeaderMap) -> Vec<HeaderName> {
        let trust = self.trust.load();
        let Some(generation) = trust.as_ref() else { return Vec::new() };
        let claims = |name: &&HeaderName| generation.fronts.iter().any(|front| front.headers.has(name));
        headers.keys().filter(claims).cloned().collect()
    }
}

/// Adds the group that everybody who is known has.
pub(crate) fn authenticated(mut user: User) -> User {
    const AUTHENTICATED: &str = "system:authenticated";
    let decided = |group: &String| group == AUTHENTICATED || group == "system:unauthenticated";
    if user.name != "system:anonymous" && !user.groups.iter().any(decided) {
        user.groups.push(AUTHENTICATED.to_owned());
    }
    user
}
