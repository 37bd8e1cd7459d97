//! A closed-loop HTTP/1.1 client over TLS: some connections, each asking again as soon as it is answered.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet, time::Instant};
use tokio_rustls::{TlsConnector, rustls::ClientConfig, rustls::pki_types::ServerName};

/// One server under load and what is asked of it.
#[derive(Clone)]
pub struct Target {
    pub name: &'static str,
    pub address: SocketAddr,
    pub tls: Arc<ClientConfig>,
    pub pid: u32,
    pub path: String,
}

/// Answers in one slice, and the bytes of the last.
pub struct Served {
    pub requests: u64,
    pub bytes: usize,
}

/// Asks for `duration` on `connections` connections. Every answer must be a 200.
pub async fn run(target: &Target, connections: usize, duration: Duration) -> anyhow::Result<Served> {
    let until = Instant::now() + duration;
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        clients.spawn(client(target.clone(), until));
    }
    let mut total = Served { requests: 0, bytes: 0 };
    while let Some(served) = clients.join_next().await {
        let served = served??;
        total.requests += served.requests;
        total.bytes = served.bytes;
    }
    Ok(total)
}

async fn client(target: Target, until: Instant) -> anyhow::Result<Served> {
    let tcp = TcpStream::connect(target.address).await?;
    tcp.set_nodelay(true)?;
    let tls = TlsConnector::from(target.tls).connect(ServerName::try_from("localhost")?, tcp).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls)).await?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let mut served = Served { requests: 0, bytes: 0 };
    while Instant::now() < until {
        let request = Request::get(&target.path)
            .header(header::HOST, "localhost")
            .header(header::ACCEPT, "application/json")
            .body(Empty::<Bytes>::new())?;
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let mut body = response.into_body();
        served.bytes = 0;
        while let Some(frame) = body.frame().await {
            served.bytes += frame?.data_ref().map_or(0, Bytes::len);
        }
        anyhow::ensure!(status == 200, "{} answered {status} to {}", target.name, target.path);
        served.requests += 1;
    }
    Ok(served)
}
