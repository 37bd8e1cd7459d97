//! The reference: hyper over rustls with the same static bytes and nothing else. Runs as a process of its own.

use std::{convert::Infallible, net::SocketAddr, path::Path, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// Serves `get` under `/get` and `list` under `/list`, prints its address and runs until it is killed.
pub async fn serve(directory: &Path, tls: Arc<ServerConfig>) -> anyhow::Result<()> {
    let get = Bytes::from(std::fs::read(directory.join("get.json"))?);
    let list = Bytes::from(std::fs::read(directory.join("list.json"))?);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("{}", listener.local_addr()?);
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = JoinSet::new();
    loop {
        let (tcp, _) = listener.accept().await?;
        tcp.set_nodelay(true)?;
        let (acceptor, get, list) = (acceptor.clone(), get.clone(), list.clone());
        connections.spawn(async move {
            let Ok(tls) = acceptor.accept(tcp).await else { return };
            let service = service_fn(move |request: Request<Incoming>| {
                let body = if request.uri().path() == "/get" { get.clone() } else { list.clone() };
                async move {
                    let mut response = Response::new(Full::new(body));
                    response
                        .headers_mut()
                        .insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
                    Ok::<_, Infallible>(response)
                }
            });
            // A client that goes away in the middle is none of the reference's business.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(tls), service).await;
        });
    }
}
