//! A small HTTP/1 server without TLS for one port: a bounded number of connections, each for a bounded time.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::{HeaderValue, Method, Request, StatusCode, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{sleep, timeout},
};

/// Open at a time; more are closed as soon as they are accepted.
const CONNECTIONS: usize = 64;
/// Until a request's head is there.
const HEAD: Duration = Duration::from_secs(10);
/// The whole life of a connection; whoever asks every few seconds makes a new one now and then.
const LIFE: Duration = Duration::from_secs(120);
const HEADER_BYTES: usize = 16 << 10;
/// How long a refused accept is left alone: descriptors may have come free by then.
const REFUSED: Duration = Duration::from_millis(50);

/// What is answered for a path and its query; `None` for a path that there is not.
pub type Answer = dyn Fn(&str, &str) -> Option<Response> + Send + Sync;

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, answer: Arc<Answer>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() < CONNECTIONS => {
                    let answer = answer.clone();
                    connections.spawn(async move { drop(timeout(LIFE, one(TokioIo::new(stream), answer)).await) });
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "cannot accept connections");
                    sleep(REFUSED).await;
                }
            },
        }
    }
}

async fn one(io: TokioIo<tokio::net::TcpStream>, answer: Arc<Answer>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = respond(&request, &*answer);
        async { Ok::<_, Infallible>(response) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEADER_BYTES);
    if let Err(error) = builder.serve_connection(io, service).await {
        tracing::debug!(%error, "a connection to the health or metrics port ended");
    }
}

fn respond<B>(request: &Request<B>, answer: &Answer) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
    }
    let uri = request.uri();
    answer(uri.path(), uri.query().unwrap_or_default())
        .unwrap_or_else(|| text(StatusCode::NOT_FOUND, "there is no such path here\n"))
}

fn text(code: StatusCode, body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = code;
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

#[cfg(test)]
mod tests;
