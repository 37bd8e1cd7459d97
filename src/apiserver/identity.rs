//! Who calls and what he may do: the types and traits between filters, handlers and their implementations.
//!
//! Implementations live in `authn` and `authz`; nothing here talks to anybody.

use std::{borrow::Cow, collections::BTreeMap, net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use http::{HeaderMap, HeaderName};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::{
    authn::certificate::Judged, log::ResourceLog, resource::ResourceInfo, scope::Scope, status::ApiError,
};

/// One accepted connection.
#[derive(Debug)]
pub struct Connection {
    pub peer: SocketAddr,
    /// The chain the client presented; possession of the first key is proven, nothing else.
    pub certificates: Arc<[CertificateDer<'static>]>,
    /// What the chain was found to be worth.
    pub(in crate::apiserver) judged: Judged,
}

impl Connection {
    pub fn new(peer: SocketAddr, certificates: Arc<[CertificateDer<'static>]>) -> Self {
        Self { peer, certificates, judged: Judged::default() }
    }
}

/// An authenticated caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct User {
    pub name: String,
    pub uid: String,
    pub groups: Vec<String>,
    pub extra: BTreeMap<String, Vec<String>>,
}

/// How the caller came to his name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A trusted front's certificate and its X-Remote-* headers.
    Front,
    /// A trusted front that named no user: discovery, OpenAPI and health only.
    FrontItself,
    ClientCertificate,
    Token,
}

#[derive(Clone, Debug)]
pub struct Authenticated {
    pub user: Arc<User>,
    pub via: Via,
}

/// What a review asks about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    Resource {
        group: String,
        version: String,
        resource: String,
        subresource: String,
        namespace: String,
        name: String,
    },
    NonResource {
        path: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attributes {
    pub user: Arc<User>,
    pub verb: Cow<'static, str>,
    pub scope: Scope,
    pub target: Arc<Target>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Allow,
    /// With the authorizer's reason, which may be empty.
    Deny {
        reason: String,
    },
}

#[async_trait]
pub trait Authenticator: Send + Sync {
    /// `Err` is a 401, or a 503 when the reviewer cannot be asked. No credentials at all is a 401 too.
    async fn authenticate(
        &self,
        connection: &Connection,
        headers: &HeaderMap,
    ) -> Result<Authenticated, ApiError>;

    /// Whether this connection's certificate is a trusted front's, which gives it wider limits.
    fn is_front(&self, connection: &Connection) -> bool;

    /// Those of the headers that carry identity; they are removed once it is established.
    fn identity_headers(&self, headers: &HeaderMap) -> Vec<HeaderName>;
}

#[async_trait]
pub trait Authorizer: Send + Sync {
    /// `Err` is a 503 with Retry-After: nobody could be asked, so nothing is allowed.
    async fn authorize(&self, attributes: &Attributes) -> Result<Decision, ApiError>;
}

/// What one caller may see of one resource: a fixed set that ends when a re-check finds another.
#[async_trait]
pub trait Access: Send + Sync {
    /// Every row, so no name need be asked about.
    fn all(&self) -> bool;
    /// The answer for a name if it is decided.
    fn peek(&self, name: &str) -> Option<bool>;
    /// Asks about a name that is not decided, and keeps the answer for this set's life.
    async fn decide(&self, name: &str) -> Result<bool, ApiError>;
    /// The oldest version a watch of this caller may resume from, which may be the next one to come; 0 when
    /// he has seen all rows ever since.
    fn since(&self) -> u64;
    /// Resolves once the set is replaced by a different one; the watch then ends with an in-stream 410. What was
    /// read from the log before this has resolved is older than the next set's `since`, so look here after
    /// reading and before sending.
    async fn changed(&self);
}

#[async_trait]
pub trait AccessControl: Send + Sync {
    /// The caller's present set for a list or watch whose door (`list`, `watch`) is open already.
    /// `attributes` is that request's: with a name in it, only this name matters.
    async fn access(
        &self,
        resource: &Arc<ResourceInfo>,
        attributes: &Attributes,
        log: &Arc<ResourceLog>,
    ) -> Result<Arc<dyn Access>, ApiError>;
}
