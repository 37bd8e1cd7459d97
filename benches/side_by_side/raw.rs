//! The reference: hyper over rustls with the same static bytes and nothing else. A process of its own.

use std::{convert::Infallible, fs, net::SocketAddr, path::Path, sync::Arc};

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::TlsAcceptor;

pub const HOST: &str = "localhost";
pub const GET: &str = "/get";
pub const LIST: &str = "/list";

/// The names of the files it reads, all in one folder.
pub const GET_FILE: &str = "get.json";
pub const LIST_FILE: &str = "list.json";
pub const CERTIFICATE: &str = "raw";
pub const AUTHORITY_FILE: &str = "ca.crt";

/// Serves the two files, prints its address and runs until it is killed.
pub fn run(folder: &Path) -> Result<()> {
    // The same runtime as `tmc serve` has.
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(folder))
}

async fn serve(folder: &Path) -> Result<()> {
    let get = Bytes::from(fs::read(folder.join(GET_FILE))?);
    let list = Bytes::from(fs::read(folder.join(LIST_FILE))?);
    let acceptor = TlsAcceptor::from(tls(folder)?);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("{}", listener.local_addr()?);
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let (tcp, _) = listener.accept().await?;
        tcp.set_nodelay(true)?;
        let (acceptor, get, list) = (acceptor.clone(), get.clone(), list.clone());
        connections.spawn(async move {
            let Ok(tls) = acceptor.accept(tcp).await else { return };
            let service = service_fn(move |request: Request<Incoming>| {
                let body = if request.uri().path() == GET { get.clone() } else { list.clone() };
                let mut response = Response::new(Full::new(body));
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(header::CONTENT_TYPE, json);
                async { Ok::<_, Infallible>(response) }
            });
            // A client that goes away in the middle is none of the reference's business.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(tls), service).await;
        });
    }
}

/// Client certificates are verified here too, once per connection.
fn tls(folder: &Path) -> Result<Arc<ServerConfig>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(folder.join(AUTHORITY_FILE))? {
        roots.add(certificate?)?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build()?;
    let file = |extension| folder.join(format!("{CERTIFICATE}.{extension}"));
    let chain = CertificateDer::pem_file_iter(file("crt"))?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(file("key"))?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}
