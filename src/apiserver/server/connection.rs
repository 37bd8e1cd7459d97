//! One connection: handshake, the limits its certificate earns, requests, and its end.

use std::{
    future::Future,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
};

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    net::TcpStream,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    io::GuardedIo,
    limits::{Deadlines, Protocol},
    listener::Server,
    requests::requests,
    tracker::{Tracker, Verdict},
};
use crate::apiserver::{identity::Connection, metrics::Counted};

/// hyper's smallest buffer for one HTTP/1 request head.
const MIN_BUFFER: usize = 8192;

pub async fn serve(server: Arc<Server>, stream: TcpStream, peer: SocketAddr) {
    let handshake = TlsAcceptor::from(server.tls.clone()).accept(stream);
    let stream = match timeout(server.limits.deadlines.handshake, handshake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return failed_handshake(&server, peer, &error.to_string()),
        Err(_) => return failed_handshake(&server, peer, "the handshake took too long"),
    };
    let connection = identify(&stream, peer);
    let trusted = server.authenticator.is_front(&connection);
    let protocol = if trusted { &server.limits.front } else { &server.limits.others };
    let deadlines = &server.limits.deadlines;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let name = if http2 { "h2" } else { "http/1.1" };
    let _open = Counted::new(server.metrics.connections.with_label_values(&[name]));
    let tracker = Arc::new(Tracker::new(http2));
    let io = TokioIo::new(GuardedIo::new(stream, tracker.clone(), deadlines.stall));
    let requests = requests(server.service.clone(), connection, tracker.clone());
    if http2 {
        let connection = h2(protocol, deadlines).serve_connection(io, requests);
        drive(&server, &tracker, connection, |connection| connection.graceful_shutdown()).await;
    } else {
        let connection = h1(protocol).serve_connection(io, requests);
        drive(&server, &tracker, connection, |connection| connection.graceful_shutdown()).await;
    }
}

fn failed_handshake(server: &Server, peer: SocketAddr, error: &str) {
    server.metrics.tls_handshake_errors.inc();
    tracing::debug!(%peer, error, "TLS handshake failed");
}

fn identify(stream: &TlsStream<TcpStream>, peer: SocketAddr) -> Connection {
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    Connection::new(peer, chain.iter().map(|one| one.clone().into_owned()).collect())
}

/// hyper's own header deadline also counts the wait for the next request, so the tracker judges both apart.
fn h1(protocol: &Protocol) -> http1::Builder {
    let header_bytes = protocol.header_bytes as usize;
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_header_size(header_bytes)
        .max_buf_size(header_bytes.max(MIN_BUFFER));
    if let Some(lines) = protocol.header_lines {
        builder.max_headers(lines);
    }
    builder
}

fn h2(protocol: &Protocol, deadlines: &Deadlines) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(protocol.streams)
        .max_pending_accept_reset_streams(protocol.pending_resets)
        .max_local_error_reset_streams(protocol.local_resets)
        .max_header_list_size(protocol.header_bytes)
        .keep_alive_interval(deadlines.ping_interval)
        .keep_alive_timeout(deadlines.ping_timeout);
    builder
}

/// Polls the connection to its end: its own, an agreed one, or a sudden one when it breaks a deadline.
async fn drive<C>(server: &Server, tracker: &Tracker, connection: C, shutdown: impl Fn(Pin<&mut C>))
where
    C: Future<Output = hyper::Result<()>>,
{
    let deadlines = &server.limits.deadlines;
    let mut connection = pin!(connection);
    let mut closing = false;
    let mut ticks = interval(deadlines.tick());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            () = server.closing.cancelled(), if !closing => {
                closing = true;
                shutdown(connection.as_mut());
            }
            _ = ticks.tick() => match tracker.judge(deadlines, &server.metrics) {
                Verdict::Fine => {}
                Verdict::Close if closing => {}
                Verdict::Close => {
                    closing = true;
                    shutdown(connection.as_mut());
                }
                Verdict::Cut(why) => {
                    tracing::debug!(why, "connection cut");
                    return;
                }
            }
        }
    }
}
