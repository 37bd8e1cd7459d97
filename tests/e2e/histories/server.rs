//! One question to a control plane, whether it runs in this process or behind TLS. Knows HTTP, no resource.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use axum::body::Body;
use futures::FutureExt;
use http::{HeaderMap, HeaderName, Request, header};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::body::Bytes;
use kube::Client;
use serde_json::Value;
use tmc::apiserver::access::Everything;
use tmc::apiserver::{
    encoded::EncodedCache,
    filters::Service,
    health::{Check, Health},
    identity::{Authenticated, Authenticator, Connection, User, Via},
    metrics::Metrics,
    rest::Shared,
    server::{ApiServer, Limits},
    status::ApiError,
    version::Version,
};
use tmc::controlplane::{catalog::Extra, plane::Plane, rbac::Door, tokens::Tokens};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(30);

type Stream = UnsyncBoxBody<Bytes, anyhow::Error>;

#[derive(Clone)]
pub enum Server {
    Inside {
        service: Service,
        /// Owns the controllers.
        _tasks: Arc<JoinSet<()>>,
    },
    Outside(Client),
}

impl Server {
    /// A control plane of this process, its controllers running.
    pub fn inside() -> Self {
        let plane = Plane::new(Door::Access);
        let metrics = Arc::new(Metrics::new(prometheus::Registry::new()));
        let watches = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for (_, task) in plane.tasks("https://localhost", &watches) {
            tasks.spawn(task);
        }
        let shared = Shared {
            access: Arc::new(Everything),
            encoded: Arc::new(EncodedCache::new(16 << 20)),
            observer: metrics.clone(),
            shutdown: watches.clone(),
        };
        let api = ApiServer {
            catalog: Arc::new(plane.catalog(shared, Arc::new(Tokens::default()), Extra::default())),
            authenticator: Arc::new(Administrator),
            authorizer: plane.authorizer.clone(),
            workspaces: Some(plane.workspaces.clone()),
            watches,
            version: Version::new("v1.36.3"),
            health: Health::new(vec![Check::readiness("store", || true)]),
            metrics,
            limits: Limits::default(),
        };
        Self::Inside { service: api.into_service(), _tasks: Arc::new(tasks) }
    }

    /// The server of a kubeconfig's current context, whatever workspace that names.
    pub async fn outside(kubeconfig: &Path) -> Result<Self> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let kubeconfig = kube::config::Kubeconfig::read_from(kubeconfig)?;
        let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await?;
        config.cluster_url =
            config.cluster_url.to_string().split("/clusters/").next().unwrap_or("").parse()?;
        config.read_timeout = None;
        Ok(Self::Outside(Client::try_from(config)?))
    }

    /// The status and the JSON of the whole answer.
    pub async fn ask(&self, method: &str, path: &str, media: &str, body: &Value) -> Result<(u16, Value)> {
        // An answer from inside may need no wait at all; others want to run, too.
        tokio::task::yield_now().await;
        let bytes = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
        let (status, bytes) = self.send_bytes(method, path, media, bytes).await?;
        let value = serde_json::from_slice(&bytes)
            .with_context(|| format!("{method} {path}: {}", String::from_utf8_lossy(&bytes)))?;
        Ok((status, value))
    }

    /// The same with any body and whatever is answered.
    pub async fn send_bytes(
        &self,
        method: &str,
        path: &str,
        media: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Bytes)> {
        let answer = self.send(method, path, [(header::CONTENT_TYPE, media)], body);
        let (status, stream) =
            timeout(LIMIT, answer).await.with_context(|| format!("{method} {path}: no answer"))??;
        Ok((status, timeout(LIMIT, stream.collect()).await.context("the answer does not end")??.to_bytes()))
    }

    /// Opens a watch.
    pub async fn watch(&self, path: &str, accept: &str) -> Result<Lines> {
        let (status, stream) = self.send("GET", path, [(header::ACCEPT, accept)], Vec::new()).await?;
        ensure!(status == 200, "watch {path}: {status}");
        Ok(Lines { stream, buffer: Vec::new() })
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: [(HeaderName, &str); 1],
        body: Vec<u8>,
    ) -> Result<(u16, Stream)> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        match self {
            Self::Inside { service, .. } => {
                let peer = SocketAddr::from(([127, 0, 0, 1], 1));
                let connection = Connection::new(peer, Arc::new([]));
                let request = request.body(Body::from(body))?;
                // The chain's own future is too deep a type for one that goes on.
                let answer = service.answer(&connection, Box::new(request)).boxed().await;
                Ok((answer.status().as_u16(), answer.into_body().map_err(Into::into).boxed_unsync()))
            }
            Self::Outside(client) => {
                let answer = client.send(request.body(body.into())?).await?;
                Ok((answer.status().as_u16(), answer.into_body().map_err(Into::into).boxed_unsync()))
            }
        }
    }
}

/// The lines of a body, one after the other.
pub struct Lines {
    stream: Stream,
    buffer: Vec<u8>,
}

impl Lines {
    /// The next event; none at the end.
    pub async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<_> = self.buffer.drain(..=end).collect();
                return Ok(Some(serde_json::from_slice(&line)?));
            }
            match timeout(LIMIT, self.stream.frame()).await.context("a watch is silent")? {
                Some(frame) => {
                    if let Ok(data) = frame?.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
                None => return Ok(None),
            }
        }
    }
}

/// Everybody is the administrator.
struct Administrator;

#[async_trait]
impl Authenticator for Administrator {
    async fn authenticate(&self, _: &Connection, _: &HeaderMap) -> Result<Authenticated, ApiError> {
        let groups = vec!["system:masters".to_owned(), "system:authenticated".to_owned()];
        let user = User { name: "admin".to_owned(), groups, ..User::default() };
        Ok(Authenticated { user: Arc::new(user), via: Via::ClientCertificate })
    }

    fn is_front(&self, _: &Connection) -> bool {
        false
    }

    fn identity_headers(&self, _: &HeaderMap) -> Vec<HeaderName> {
        Vec::new()
    }
}
