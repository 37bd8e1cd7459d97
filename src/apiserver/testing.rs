//! A small server for tests: one resource, a caller named by a header, and an authorizer that can be told.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use prometheus::Registry;
use tokio_util::sync::CancellationToken;

use super::{
    access::Everything,
    catalog::Fixed,
    encoded::EncodedCache,
    health::{Check, Health},
    identity::{Attributes, Authenticated, Authenticator, Authorizer, Connection, Decision, User, Via},
    log::{ResourceLog, RingLimits},
    metrics::Metrics,
    object::{Key, Object, Parts},
    openapi::OpenApi,
    resource::{Column, READ_VERBS, ResourceInfo},
    rest::{Rest, Shared},
    scope::Scope,
    server::{ApiServer, Limits},
    snapshot::Snapshot,
    status::ApiError,
    storage::Storage,
    version::Version,
};

pub static THINGS: LazyLock<Arc<ResourceInfo>> = LazyLock::new(|| {
    Arc::new(ResourceInfo {
        group: "views.example.io".into(),
        version: "v1alpha1".into(),
        resource: "things".into(),
        singular: "thing".into(),
        kind: "Thing".into(),
        list_kind: "ThingList".into(),
        short_names: vec!["th".into()],
        categories: vec![],
        namespaced: false,
        verbs: READ_VERBS.into(),
        reader_role: "thing-reader",
        columns: vec![Column::new("Name", "string", "name", "Name", 0)].into(),
        subresources: Vec::new(),
        warning: None,
    })
});

pub const COLLECTION: &str = "/apis/views.example.io/v1alpha1/things";

/// Serves `THINGS`; a thing named `panics` has its handler panic, one named `hangs` never answers.
pub struct Things(pub Arc<ResourceLog>);

impl Storage for Things {
    fn info(&self) -> &Arc<ResourceInfo> {
        &THINGS
    }

    fn log(&self, _scope: &Scope) -> Result<Arc<ResourceLog>, ApiError> {
        Ok(self.0.clone())
    }
}

/// A log with things of the given names, each padded to a size.
pub fn log_of(names: &[&str], padding: usize) -> Arc<ResourceLog> {
    let log = Arc::new(ResourceLog::new(RingLimits::default()));
    let mut snapshot = Snapshot::default();
    for (at, name) in names.iter().enumerate() {
        let metadata = format!(r#""name":"{name}""#);
        let rest = format!(r#""data":"{}""#, "x".repeat(padding));
        snapshot.put(Arc::new(Object::new(Parts {
            api_version: "views.example.io/v1alpha1",
            kind: "Thing",
            key: Key { namespace: "".into(), name: (*name).into() },
            resource_version: at as u64 + 1,
            labels: BTreeMap::new(),
            cells: vec![],
            metadata: metadata.as_bytes(),
            rest: rest.as_bytes(),
        })));
    }
    log.reset(snapshot, names.len() as u64 + 1);
    log
}

/// Believes the header `x-user`; `front` there is a front that names no user.
pub struct ByHeader;

#[async_trait]
impl Authenticator for ByHeader {
    async fn authenticate(&self, _: &Connection, headers: &HeaderMap) -> Result<Authenticated, ApiError> {
        let name = headers.get("x-user").and_then(|value| value.to_str().ok());
        let name = name.ok_or_else(ApiError::unauthorized)?.to_owned();
        let via = if name == "front" { Via::FrontItself } else { Via::Token };
        Ok(Authenticated { user: Arc::new(User { name, ..User::default() }), via })
    }

    fn is_front(&self, connection: &Connection) -> bool {
        !connection.certificates.is_empty()
    }

    fn identity_headers(&self, _: &HeaderMap) -> Vec<HeaderName> {
        vec![HeaderName::from_static("x-user")]
    }
}

/// Allows everything to everybody but to `nobody`; for `panicker` it panics, for `waiter` it never answers,
/// and for `unlucky` it has nobody to ask.
pub struct ByName;

#[async_trait]
impl Authorizer for ByName {
    async fn authorize(&self, attributes: &Attributes) -> Result<Decision, ApiError> {
        match attributes.user.name.as_str() {
            "nobody" => Ok(Decision::Deny { reason: "no role".to_owned() }),
            "panicker" => panic!("a bug"),
            "waiter" => std::future::pending().await,
            "unlucky" => Err(ApiError::unavailable("nobody can be asked", 1)),
            _ => Ok(Decision::Allow),
        }
    }
}

/// The server of all this.
pub fn server(log: Arc<ResourceLog>, limits: Limits) -> ApiServer {
    let v3 = BTreeMap::from([("apis/views.example.io/v1alpha1".to_owned(), Bytes::from_static(b"{}"))]);
    let watches = CancellationToken::new();
    let metrics = Arc::new(Metrics::new(Registry::new()));
    let shared = Shared {
        access: Arc::new(Everything),
        encoded: Arc::new(EncodedCache::new(1 << 20)),
        observer: metrics.clone(),
        shutdown: watches.clone(),
    };
    let rest = Rest::new(Arc::new(Things(log)), shared);
    let openapi = OpenApi::new(Bytes::from_static(b"{}"), v3);
    ApiServer {
        catalog: Arc::new(Fixed::new(vec![rest], openapi)),
        authenticator: Arc::new(ByHeader),
        workspaces: None,
        authorizer: Arc::new(ByName),
        watches,
        version: Version::new("v0.0.0"),
        health: Health::new(vec![Check::readiness("informer-sync", || true)]),
        metrics,
        limits,
    }
}

/// Limits that let a test end soon.
pub fn limits() -> Limits {
    Limits { shutdown_delay: Duration::ZERO, ..Limits::default() }
}

/// A connection without a certificate.
pub fn connection() -> Connection {
    Connection::new(([127, 0, 0, 1], 1).into(), Arc::new([]))
}

/// A request of `user`.
pub fn request(method: &str, uri: &str, user: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
    if !user.is_empty() {
        request.headers_mut().insert("x-user", HeaderValue::from_str(user).unwrap());
    }
    request
}
