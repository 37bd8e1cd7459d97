//! A serving certificate and its key in two PEM files, and the task that follows their changes.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio_rustls::rustls::{
    self,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::{ServingCertificate, TlsError, certified};

/// How often the files are compared with what was read last.
pub const RELOAD_EVERY: Duration = Duration::from_secs(10);

/// The longest file of certificates or keys.
const LONGEST: u64 = 1 << 20;

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Where a certificate chain and its key lie.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Reads and checks both files.
    pub fn load(&self) -> Result<Arc<ServingCertificate>, TlsError> {
        let (chain, key) = self.parse(&self.read()?)?;
        ServingCertificate::new(chain, key)
    }

    /// Follows the files until cancelled. What cannot be used, as half-written files, changes nothing.
    pub async fn follow(self, certificate: Arc<ServingCertificate>, every: Duration) {
        let mut seen = None;
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let files = self.clone();
            let read = tokio::task::spawn_blocking(move || files.read()).await;
            let Ok(content) = read else { continue };
            self.apply(content, &mut seen, &certificate);
        }
    }

    /// Each content is tried, and complained of, once.
    fn apply(
        &self,
        content: Result<(Vec<u8>, Vec<u8>), TlsError>,
        seen: &mut Option<(Vec<u8>, Vec<u8>)>,
        certificate: &ServingCertificate,
    ) {
        let content = match content {
            Ok(content) => content,
            Err(error) => {
                tracing::warn!(error = %describe(&error), "the serving certificate's files cannot be read; the old one stays");
                return;
            }
        };
        if seen.as_ref() == Some(&content) {
            return;
        }
        let parsed = self.parse(&content);
        *seen = Some(content);
        let changed = parsed.and_then(|(chain, key)| {
            let changed = chain != certificate.chain();
            certificate.replace(chain, key).map(|()| changed)
        });
        match changed {
            Ok(true) => tracing::info!(file = %self.cert.display(), "the serving certificate was replaced"),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = %describe(&error), "the new serving certificate cannot be used; the old one stays");
            }
        }
    }

    fn read(&self) -> Result<(Vec<u8>, Vec<u8>), TlsError> {
        let read =
            |path: &PathBuf| read_pem(path).map_err(|source| TlsError::Read { path: path.clone(), source });
        Ok((read(&self.cert)?, read(&self.key)?))
    }

    fn parse(&self, (cert, key): &(Vec<u8>, Vec<u8>)) -> Result<Identity, TlsError> {
        let missing = |path: &PathBuf, what| TlsError::Missing { path: path.clone(), what };
        let chain = CertificateDer::pem_slice_iter(cert)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| missing(&self.cert, "certificate"))?;
        let leaf = chain.first().ok_or_else(|| missing(&self.cert, "certificate"))?;
        self.check_validity(leaf)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| missing(&self.key, "private key"))?;
        certified(chain.clone(), key.clone_key()).map_err(|error| self.rejected(&error))?;
        Ok((chain, key))
    }

    fn check_validity(&self, leaf: &CertificateDer<'_>) -> Result<(), TlsError> {
        let (_, leaf) = x509_parser::parse_x509_certificate(leaf)
            .map_err(|error| TlsError::Certificate { path: self.cert.clone(), reason: error.to_string() })?;
        let not_after = leaf.validity().not_after.timestamp();
        if not_after >= jiff::Timestamp::now().as_second() {
            return Ok(());
        }
        let not_after = jiff::Timestamp::from_second(not_after)
            .map_or_else(|_| not_after.to_string(), |date| date.to_string());
        Err(TlsError::Expired { path: self.cert.clone(), not_after })
    }

    fn rejected(&self, error: &rustls::Error) -> TlsError {
        match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Mismatch { cert: self.cert.clone(), key: self.key.clone() }
            }
            rustls::Error::InvalidCertificate(_) => {
                TlsError::Certificate { path: self.cert.clone(), reason: error.to_string() }
            }
            _ => TlsError::Key { path: self.key.clone(), reason: error.to_string() },
        }
    }
}

/// What a file holds, up to 1 MiB: more is no PEM, and a device never ends.
pub fn read_pem(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(std::io::Error::other("it is longer than 1 MiB"));
    }
    Ok(bytes)
}

/// The error with what caused it, on one line.
fn describe(error: &TlsError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
