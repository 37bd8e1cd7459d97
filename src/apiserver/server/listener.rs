//! Accepts connections, one task each, and ends them all in good order.

use std::sync::Arc;

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinError, JoinSet},
    time::timeout,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::{ACCEPT_BACKOFF, connection, limits::Limits};
use crate::apiserver::{filters::Service, identity::Authenticator, metrics::Metrics};

/// What every connection shares.
pub struct Server {
    pub tls: Arc<ServerConfig>,
    pub limits: Limits,
    pub authenticator: Arc<dyn Authenticator>,
    pub metrics: Arc<Metrics>,
    pub service: Service,
    /// Cancelled when no connection is taken any more and those that are open shall finish.
    pub closing: CancellationToken,
}

impl Server {
    pub async fn run(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        let closing = self.closing.clone();
        loop {
            tokio::select! {
                biased;
                () = closing.cancelled() => break,
                Some(ended) = connections.join_next() => report(ended),
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) if connections.len() >= self.limits.connections => {
                        self.metrics.connections_refused.inc();
                        drop(stream);
                    }
                    Ok((stream, peer)) => {
                        prepare(&stream);
                        connections.spawn(connection::serve(self.clone(), stream, peer));
                    }
                    Err(error) => refused(error).await,
                },
            }
        }
        drop(listener);
        self.drain(connections).await;
    }

    /// Waits for the connections, which know that they shall close, and cuts the last ones.
    async fn drain(&self, mut connections: JoinSet<()>) {
        tracing::info!(connections = connections.len(), "the listener is closed; finishing open requests");
        let all = async {
            while let Some(ended) = connections.join_next().await {
                report(ended);
            }
        };
        if timeout(self.limits.drain, all).await.is_err() {
            tracing::warn!(connections = connections.len(), "cutting the connections that did not finish");
            connections.shutdown().await;
        }
    }
}

/// Small frames, as watch events are, leave at once.
fn prepare(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
}

/// A peer that gave up in the queue is nothing; out of descriptors, accepting again at once only burns.
async fn refused(error: std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
        return;
    }
    tracing::warn!(%error, "cannot accept connections");
    tokio::time::sleep(ACCEPT_BACKOFF).await;
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection's task panicked");
    }
}
