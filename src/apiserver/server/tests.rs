//! Connections on loopback sockets: TLS, limits, deadlines, the end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rcgen::{CertificateParams, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    },
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::apiserver::{
    log::ResourceLog,
    testing::{COLLECTION, limits, log_of, server},
    tls::{ServingCertificate, server_config},
};

mod deadlines;
mod shutdown;
mod tls;

const SOON: Duration = Duration::from_secs(20);

/// A certificate for `localhost` that signed itself.
fn identity() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

/// A server on a free port, and what its clients need.
struct Running {
    address: SocketAddr,
    certificate: Arc<ServingCertificate>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
    task: JoinSet<()>,
}

async fn start(log: Arc<ResourceLog>, limits: Limits) -> Running {
    let (chain, key) = identity();
    let certificate = ServingCertificate::new(vec![chain], key).unwrap();
    let listener = bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = server(log, limits);
    let metrics = server.metrics.clone();
    let stop = CancellationToken::new();
    let mut task = JoinSet::new();
    task.spawn(server.serve(listener, server_config(certificate.clone()), stop.clone()));
    Running { address, certificate, metrics, stop, task }
}

impl Running {
    /// Trusts exactly the certificate the server shows now.
    async fn connect(&self, alpn: &str, client: Option<()>) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.chain()[0].clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(crate::apiserver::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match client.map(|()| identity()) {
            Some((chain, key)) => builder.with_client_auth_cert(vec![chain], key).unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    async fn http1(&self) -> TlsStream<TcpStream> {
        self.connect("http/1.1", None).await.unwrap()
    }

    fn open(&self) -> i64 {
        ["h2", "http/1.1"].iter().map(|name| self.metrics.connections.with_label_values(&[name]).get()).sum()
    }
}

/// Sends a GET and reads until the whole head of the answer is there.
async fn get(stream: &mut TlsStream<TcpStream>, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nx-user: jane\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the connection ended: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(answer).unwrap()
}

/// Reads what is left, however the connection ends.
async fn rest(stream: &mut TlsStream<TcpStream>) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut text)).await;
    let _how_it_ended = read.expect("the server ends the connection");
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits for a condition that no event tells of.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, wait).await.unwrap_or_else(|_| panic!("never {what}"));
}
