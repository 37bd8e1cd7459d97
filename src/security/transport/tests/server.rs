//! A TLS server that says whom it sees: `/who` answers at once, `/stream` begins and ends when it is told.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Request, Response, header};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, X509Certificate};

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// A CA and what it signs, in PEM form.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    fn sign(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> (String, String) {
        let mut params = named(name);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    /// A certificate and its key.
    pub fn client(&self, name: &str) -> (String, String) {
        self.sign(name, ExtendedKeyUsagePurpose::ClientAuth)
    }
}

pub struct Server {
    pub url: String,
    streams: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub async fn start(authority: &Authority) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let acceptor = TlsAcceptor::from(Arc::new(config(authority)));
        let streams = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        let told = streams.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, told) = (acceptor.clone(), told.subscribe());
                connections.spawn(async move {
                    let Ok(tls) = acceptor.accept(socket).await else { return };
                    let name = tls.get_ref().1.peer_certificates().map(subject).unwrap_or_default();
                    let service = service_fn(move |request| {
                        let (name, told) = (name.clone(), told.clone());
                        async move { Ok::<_, Infallible>(answer(&request, &name, told)) }
                    });
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(tls), service).await;
                });
            }
        });
        Self { url, streams, _tasks: tasks }
    }

    pub fn end_streams(&self) {
        self.streams.send_replace(true);
    }
}

fn config(authority: &Authority) -> ServerConfig {
    let (certificate, key) = authority.sign("server", ExtendedKeyUsagePurpose::ServerAuth);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.allow_unauthenticated().build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap()
}

fn subject(chain: &[CertificateDer<'static>]) -> String {
    X509Certificate::from_der(&chain[0]).unwrap().1.subject().to_string()
}

fn answer(
    request: &Request<Incoming>,
    name: &str,
    mut told: watch::Receiver<bool>,
) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    let frame = |text: String| Ok(Frame::data(Bytes::from(text)));
    if request.uri().path() == "/stream" {
        let end = stream::once(async move {
            let _ = told.wait_for(|end| *end).await;
            frame("end".to_owned())
        });
        let body = stream::once(async move { frame("begin".to_owned()) }).chain(end);
        return Response::new(StreamBody::new(body).boxed_unsync());
    }
    let authorization = request.headers().get(header::AUTHORIZATION).map(|value| value.to_str().unwrap());
    let text = serde_json::json!({"authorization": authorization, "certificate": name}).to_string();
    Response::new(StreamBody::new(stream::once(async move { frame(text) })).boxed_unsync())
}
