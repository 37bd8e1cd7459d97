//! HTTP/1.1 over TLS by hand, for what kubectl cannot send or will not do: odd certificates, odd headers,
//! a reader that does not read. Knows no API.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::pki::Identity;

#[derive(Clone)]
pub struct Server {
    port: u16,
    name: ServerName<'static>,
    tls: Arc<ClientConfig>,
}

pub struct Answer {
    pub status: u16,
    /// The lines after the status line.
    head: String,
    pub body: String,
}

impl Answer {
    /// The values of a header as one list, each once: the aggregator adds its own to ours. Empty without it.
    pub fn header(&self, name: &str) -> String {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut values: Vec<_> = lines
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect();
        values.dedup();
        values.join(", ")
    }
}

impl Server {
    /// A server on loopback that proves `name` by `authority`; `client` is this side's certificate.
    pub fn new(port: u16, name: &'static str, authority: &str, client: Option<&Identity>) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let tls = match client {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes())
                    .collect::<Result<Vec<_>, _>>()?;
                builder
                    .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?)?
            }
        };
        Ok(Self { port, name: ServerName::try_from(name)?, tls: Arc::new(tls) })
    }

    /// Sends a GET and leaves the answer to be read; asks for the connection's end unless `headers` speak
    /// of the connection themselves.
    pub async fn open(&self, path: &str, headers: &[(&str, &str)]) -> Result<TlsStream<TcpStream>> {
        self.send("GET", path, headers).await
    }

    /// A connection on which nothing was said yet, `protocol` agreed by ALPN unless it is empty.
    pub async fn connect(&self, protocol: &str) -> Result<TlsStream<TcpStream>> {
        let socket = self.socket().await?;
        let mut tls = self.tls.clone();
        if !protocol.is_empty() {
            Arc::make_mut(&mut tls).alpn_protocols = vec![protocol.as_bytes().to_vec()];
        }
        Ok(TlsConnector::from(tls).connect(self.name.clone(), socket).await?)
    }

    /// Not even a handshake.
    pub async fn socket(&self) -> Result<TcpStream> {
        Ok(TcpStream::connect(("127.0.0.1", self.port)).await?)
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<TlsStream<TcpStream>> {
        let mut stream = self.connect("").await?;
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        if !headers.iter().any(|(name, _)| *name == "Connection") {
            request.push_str("Connection: close\r\n");
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        Ok(stream)
    }

    /// The whole answer. A server that keeps the connection open gets 20 s.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        self.request("GET", path, headers).await
    }

    /// The same with any method, without a body.
    pub async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        self.until(None, method, path, headers).await
    }

    /// The answer up to the first line that has `mark`; the whole one when there is none.
    pub async fn until(
        &self,
        mark: Option<&str>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answer> {
        let mut stream = self.send(method, path, headers).await?;
        let mut bytes = Vec::new();
        // A server that closes without TLS' own goodbye still answered.
        let end = timeout(Duration::from_secs(20), async {
            while stream.read_buf(&mut bytes).await? > 0 {
                if mark.is_some_and(|mark| has_line(&bytes, mark)) {
                    break;
                }
            }
            std::io::Result::Ok(())
        })
        .await;
        let so_far = || String::from_utf8_lossy(&bytes).into_owned();
        anyhow::ensure!(end.is_ok(), "{method} {path}: the connection stays open after {}", so_far());
        parse(&bytes).with_context(|| format!("{method} {path}: {end:?}"))
    }
}

/// Whether a whole line with `mark` came.
fn has_line(bytes: &[u8], mark: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.split_once(mark).is_some_and(|(_, rest)| rest.contains('\n'))
}

fn parse(bytes: &[u8]) -> Result<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").context("an answer without a head")?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("a status line")?;
    let lines = head.split_once("\r\n").map_or("", |(_, lines)| lines);
    let head = head.to_ascii_lowercase();
    let chunked = head.contains("\r\ntransfer-encoding: chunked");
    let body = if chunked { dechunk(body) } else { body.to_owned() };
    Ok(Answer { status, head: lines.to_owned(), body })
}

fn dechunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || rest.len() < size {
            break;
        }
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}
