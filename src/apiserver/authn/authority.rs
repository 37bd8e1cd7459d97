//! A bundle of certificate authorities and the question whether a chain leads to one of them.
//!
//! Fed with PEM. It knows nothing of users: which names count is for [`front`](super::front) and
//! [`certificate`](super::certificate).

use std::{sync::Arc, time::Duration};

use tokio_rustls::rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime, pem::PemObject};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

/// The most certificates of one bundle.
const MAX_CERTIFICATES: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("it holds no PEM certificate")]
    Empty,
    #[error("it holds more than {MAX_CERTIFICATES} certificates")]
    TooMany,
    #[error("its certificate number {0} cannot be read")]
    Unreadable(usize),
}

/// The seconds within which a certificate or a whole chain is valid, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub not_before: u64,
    pub not_after: u64,
}

impl Window {
    pub fn holds(self, now: UnixTime) -> bool {
        (self.not_before..=self.not_after).contains(&now.as_secs())
    }

    fn and(self, other: Self) -> Self {
        Self {
            not_before: self.not_before.max(other.not_before),
            not_after: self.not_after.min(other.not_after),
        }
    }

    fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        let seconds = |time: i64| u64::try_from(time).unwrap_or(0);
        Self {
            not_before: seconds(validity.not_before.timestamp()),
            not_after: seconds(validity.not_after.timestamp()),
        }
    }
}

#[derive(Debug)]
struct Anchor {
    trust: TrustAnchor<'static>,
    window: Window,
}

/// The certificate authorities of one bundle; never empty.
#[derive(Clone, Debug)]
pub struct Authority {
    anchors: Arc<[Anchor]>,
}

impl Authority {
    /// Reads a PEM bundle; one bad certificate spoils it, so that a half-written file is not believed.
    pub fn from_pem(pem: &[u8]) -> Result<Self, BundleError> {
        let mut anchors = Vec::new();
        for (index, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
            if index >= MAX_CERTIFICATES {
                return Err(BundleError::TooMany);
            }
            let unreadable = BundleError::Unreadable(index + 1);
            let der = certificate.map_err(|_| unreadable.clone())?;
            let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| unreadable.clone())?;
            let trust = anchor_from_trusted_cert(&der).map_err(|_| unreadable)?.to_owned();
            anchors.push(Anchor { trust, window: Window::of(&parsed) });
        }
        if anchors.is_empty() {
            return Err(BundleError::Empty);
        }
        Ok(Self { anchors: anchors.into() })
    }

    /// Whether a key that may sign for one may sign for the other.
    pub fn overlaps(&self, other: &Self) -> bool {
        let key = |anchor: &Anchor| anchor.trust.subject_public_key_info.clone();
        self.anchors.iter().any(|a| other.anchors.iter().any(|b| key(a) == key(b)))
    }

    /// The time within which `chain`, the client's own certificate first, leads to one of the authorities and may
    /// be used by a client; `None` when it does not now.
    pub fn verify(&self, chain: &[CertificateDer<'static>], now: UnixTime) -> Option<Window> {
        let (first, intermediates) = chain.split_first()?;
        let valid: Vec<&Anchor> = self.anchors.iter().filter(|anchor| anchor.window.holds(now)).collect();
        let anchors: Vec<TrustAnchor<'_>> = valid.iter().map(|anchor| anchor.trust.clone()).collect();
        let certificate = EndEntityCert::try_from(first).ok()?;
        let usage = KeyUsage::client_auth();
        let path = certificate
            .verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, intermediates, now, usage, None, None)
            .ok()?;
        let mut window = Window::of(&X509Certificate::from_der(first).ok()?.1);
        for intermediate in path.intermediate_certificates() {
            window = window.and(Window::of(&X509Certificate::from_der(&intermediate.der()).ok()?.1));
        }
        let anchor = valid.iter().filter(|anchor| anchor.trust == *path.anchor());
        let anchor = anchor.max_by_key(|anchor| anchor.window.not_after)?;
        Some(window.and(anchor.window))
    }
}

/// A clock's time from seconds since 1970.
pub fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
