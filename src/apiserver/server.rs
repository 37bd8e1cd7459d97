//! One API server: what it serves, who may, and how its connections live and end.
//!
//! Fed by `cli` with storages, identity and documents. It owns the tasks of its connections and no other.

use std::{sync::Arc, time::Duration};

use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::{
    catalog::Catalog,
    filters::{self, Chain, Places, Service},
    health::Health,
    identity::{Authenticator, Authorizer},
    metrics::Metrics,
    routes::Routes,
    scope::Workspaces,
    version::Version,
};

mod body;
mod connection;
mod io;
mod limits;
mod listener;
mod requests;
mod tracker;

pub use limits::{Deadlines, Limits, Protocol};

/// Everything a server is made of.
pub struct ApiServer {
    pub catalog: Arc<dyn Catalog>,
    pub authenticator: Arc<dyn Authenticator>,
    pub authorizer: Arc<dyn Authorizer>,
    /// Of a server with logical clusters.
    pub workspaces: Option<Arc<dyn Workspaces>>,
    /// Ends every watch of the catalog's handlers once the server closes.
    pub watches: CancellationToken,
    pub version: Version,
    pub health: Health,
    pub metrics: Arc<Metrics>,
    pub limits: Limits,
}

impl ApiServer {
    /// The server without a listener. Each request carries its [`Connection`](super::identity::Connection)
    /// as an extension.
    pub fn into_service(self) -> Service {
        let metrics = self.metrics;
        filters::stack(Arc::new(Chain {
            authenticator: self.authenticator,
            authorizer: self.authorizer,
            workspaces: self.workspaces,
            routes: Routes::new(self.catalog, self.version, self.health, metrics.clone()),
            metrics,
            inflight: Places::new(self.limits.requests_in_flight),
            timeout: self.limits.request_timeout,
        }))
    }

    /// Serves until `stop` is cancelled and the end that follows is complete: readiness fails, the shutdown
    /// delay passes, the listener closes, connections finish what they have, watches end, and what is left
    /// after the drain deadline is cut.
    pub async fn serve(self, listener: TcpListener, tls: Arc<ServerConfig>, stop: CancellationToken) {
        let health = self.health.clone();
        let delay = self.limits.shutdown_delay;
        let watches = self.watches.clone();
        let closing = CancellationToken::new();
        let server = listener::Server {
            tls,
            limits: self.limits.clone(),
            authenticator: self.authenticator.clone(),
            metrics: self.metrics.clone(),
            service: self.into_service(),
            closing: closing.clone(),
        };
        let lifecycle = async {
            stop.cancelled().await;
            health.stop();
            tracing::info!(?delay, "not ready any more; still serving until clients have noticed");
            tokio::time::sleep(delay).await;
            closing.cancel();
            watches.cancel();
        };
        tokio::join!(Arc::new(server).run(listener), lifecycle);
    }
}

/// How many connections may wait to be accepted. The system's own limit may be lower. One that does not fit is made
/// again by its client's system only after seconds, and a crowd of a thousand is nothing unusual after a restart.
const BACKLOG: u32 = 4096;

/// Binds, with an error that names the address.
pub async fn bind(address: std::net::SocketAddr) -> Result<TcpListener, BindError> {
    listen(address).map_err(|source| BindError { address, source })
}

/// As `TcpListener::bind`, with a longer queue.
fn listen(address: std::net::SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    pub address: std::net::SocketAddr,
    pub source: std::io::Error,
}

/// How long a refused accept is left alone: descriptors may have come free by then.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
