//! TLS of the serving side: what the listener offers, and the certificate it shows.
//!
//! Fed by files or by whoever mints certificates, through [`ServingCertificate`]. It proves that a client
//! holds the key of the certificate it shows and nothing more: chain, name and validity are judged per
//! request, by who authenticates.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use tokio_rustls::rustls::{
    self, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

mod client;
mod files;

pub use files::{CertificateFiles, RELOAD_EVERY, read_pem};

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} holds no {what} in PEM form", path.display())]
    Missing { path: PathBuf, what: &'static str },
    #[error("the certificate in {} expired on {not_after}", path.display())]
    Expired { path: PathBuf, not_after: String },
    #[error("{} is not a certificate that can be used: {reason}", path.display())]
    Certificate { path: PathBuf, reason: String },
    #[error("the private key in {} does not belong to the certificate in {}", key.display(), cert.display())]
    Mismatch { cert: PathBuf, key: PathBuf },
    #[error("the private key in {} cannot be used: {reason}", path.display())]
    Key { path: PathBuf, reason: String },
    #[error("the serving certificate cannot be used")]
    Rejected(#[source] rustls::Error),
}

/// The certificate new connections see; replaced without touching those that are open.
#[derive(Debug)]
pub struct ServingCertificate(ArcSwap<CertifiedKey>);

impl ServingCertificate {
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self(ArcSwap::from_pointee(certified(chain, key).map_err(TlsError::Rejected)?))))
    }

    /// On an error the present certificate stays.
    pub fn replace(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<(), TlsError> {
        self.0.store(Arc::new(certified(chain, key).map_err(TlsError::Rejected)?));
        Ok(())
    }

    /// The chain that is shown now.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.0.load().cert.clone()
    }
}

impl ResolvesServerCert for ServingCertificate {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Checks that the key belongs to the certificate.
fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, rustls::Error> {
    CertifiedKey::from_der(chain, key, &provider())
}

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, a client certificate if there is one.
pub fn server_config(certificate: Arc<ServingCertificate>) -> Arc<ServerConfig> {
    let provider = provider();
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .expect("aws-lc-rs has cipher suites for TLS 1.2 and 1.3")
        .with_client_cert_verifier(Arc::new(client::AnyClientCertificate::new(provider)))
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

#[cfg(test)]
mod tests;
