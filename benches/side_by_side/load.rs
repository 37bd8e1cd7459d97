//! A closed-loop HTTP/1.1 client over TLS: some connections, each asking again as soon as it is answered.
//!
//! Everybody is asked in the same way: one cipher suite, one client certificate, no compression.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result, ensure};
use bytes::{Bytes, BytesMut};
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::{net::TcpStream, task::JoinSet, time::Instant};
use tokio_rustls::TlsConnector;

use crate::pki::Identity;

/// One server and what is asked of it.
#[derive(Clone)]
pub struct Target {
    pub name: &'static str,
    pub address: SocketAddr,
    /// The name in its certificate.
    pub host: &'static str,
    pub tls: Arc<ClientConfig>,
    pub pid: u32,
    pub path: String,
}

/// Speaks to who proves himself by `authority`, as `identity`.
pub fn tls(authority: &str, identity: &Identity) -> Result<Arc<ClientConfig>> {
    let suites = vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256];
    let provider = Arc::new(CryptoProvider { cipher_suites: suites, ..aws_lc_rs::default_provider() });
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
        roots.add(certificate?)?;
    }
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    Ok(Arc::new(config))
}

impl Target {
    /// The same server asked for something else.
    pub fn at(&self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self.clone() }
    }

    /// One answer, on a connection of its own.
    pub async fn get(&self) -> Result<Bytes> {
        let mut connection = Connection::open(self).await?;
        let mut body = BytesMut::new();
        connection.ask(self, |piece| body.extend_from_slice(piece)).await?;
        Ok(body.freeze())
    }
}

/// Open connections to one server, so that handshakes stay outside of what is measured.
pub struct Connections {
    target: Target,
    open: Vec<Connection>,
}

impl Connections {
    pub async fn open(target: &Target, count: usize) -> Result<Self> {
        let mut open = Vec::new();
        for _ in 0..count {
            open.push(Connection::open(target).await?);
        }
        Ok(Self { target: target.clone(), open })
    }

    /// Asks until then and returns the number of answers, each a 200 of `length` bytes.
    pub async fn run(self, until: Instant, length: usize) -> Result<u64> {
        let mut clients = JoinSet::new();
        for mut connection in self.open {
            let target = self.target.clone();
            clients.spawn(async move {
                let mut answers = 0;
                while Instant::now() < until {
                    let mut got = 0;
                    connection.ask(&target, |piece| got += piece.len()).await?;
                    ensure!(got == length, "{} sent {got} bytes, not {length}", target.name);
                    answers += 1;
                }
                Ok(answers)
            });
        }
        let mut total = 0;
        while let Some(answers) = clients.join_next().await {
            total += answers??;
        }
        Ok(total)
    }
}

struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    /// Drives the connection; dropped with it.
    _driver: JoinSet<hyper::Result<()>>,
}

impl Connection {
    async fn open(target: &Target) -> Result<Self> {
        let tcp = TcpStream::connect(target.address).await.context(target.name)?;
        tcp.set_nodelay(true)?;
        let host = ServerName::try_from(target.host)?;
        let tls = TlsConnector::from(target.tls.clone()).connect(host, tcp).await.context(target.name)?;
        let (sender, connection) = handshake(TokioIo::new(tls)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Ok(Self { sender, _driver: driver })
    }

    async fn ask(&mut self, target: &Target, mut piece: impl FnMut(&Bytes)) -> Result<()> {
        let request = Request::get(&target.path)
            .header(header::HOST, target.host)
            .header(header::ACCEPT, "application/json")
            .body(Empty::new())?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        ensure!(status == 200, "{} answered {status} to {}", target.name, target.path);
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            if let Some(data) = frame?.data_ref() {
                piece(data);
            }
        }
        Ok(())
    }
}
