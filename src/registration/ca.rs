//! The server's own serving CA: made once, kept in one Secret, rotated without a moment of distrust.
//!
//! `authority` is the CA and what the Secret holds of it, `leaf` the serving certificate, `plan` the pure
//! decision, `serving` the task that carries it out. No key leaves the Secret and the process's memory.

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DistinguishedName, DnType};
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

mod authority;
mod leaf;
mod plan;
mod serving;
mod store;
#[cfg(test)]
mod tests;

pub use authority::{Authority, SecretData};
pub use leaf::Leaf;
pub use plan::{Step, plan};
pub use serving::ServingCertificates;
pub use store::{Store, StoreError, bundle_of};

pub const CA_LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);
pub const LEAF_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a new CA is trusted by the APIService before anything is signed by it: kube-apiservers of a
/// highly available control plane learn of it at different times.
pub const TRUST_DELAY: SignedDuration = SignedDuration::from_mins(10);
/// Certificates begin in the past, for clients whose clock is behind.
const BACKDATE: SignedDuration = SignedDuration::from_hours(1);
/// The most CAs a bundle may hold; a rotation leaves two.
pub const BUNDLE_LIMIT: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum CaError {
    #[error("cannot make a key or certificate")]
    Make(#[from] rcgen::Error),
    /// What is wrong, never the text itself.
    #[error("{0}")]
    Malformed(String),
}

/// One certificate and when it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub der: CertificateDer<'static>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub subject: String,
    /// Subject alternative names, as text.
    pub names: Vec<String>,
    /// `subjectPublicKey`, to match a key with.
    public_key: Vec<u8>,
}

impl Certificate {
    pub fn parse(der: CertificateDer<'static>) -> Result<Self, CaError> {
        let malformed = || CaError::Malformed("a certificate is not X.509".to_owned());
        let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| malformed())?;
        let time = |seconds| Timestamp::from_second(seconds).map_err(|_| malformed());
        let validity = parsed.validity();
        let (not_before, not_after) =
            (time(validity.not_before.timestamp())?, time(validity.not_after.timestamp())?);
        let subject = parsed.subject().to_string();
        let names = alternative_names(&parsed);
        let public_key = parsed.public_key().subject_public_key.data.to_vec();
        Ok(Self { not_before, not_after, subject, names, public_key, der })
    }

    /// All certificates of a PEM text, at most [`BUNDLE_LIMIT`].
    pub fn parse_pem(pem: &[u8]) -> Result<Vec<Self>, CaError> {
        use rustls::pki_types::pem::PemObject;
        let mut certificates = Vec::new();
        for der in CertificateDer::pem_slice_iter(pem) {
            let der = der.map_err(|_| CaError::Malformed("the text is not PEM".to_owned()))?;
            if certificates.len() == BUNDLE_LIMIT {
                return Err(CaError::Malformed(format!("more than {BUNDLE_LIMIT} certificates")));
            }
            certificates.push(Self::parse(der)?);
        }
        Ok(certificates)
    }

    pub fn to_pem(&self) -> String {
        to_pem(&self.der)
    }

    pub fn expired(&self, now: Timestamp) -> bool {
        now >= self.not_after
    }

    /// Whether two thirds of its life are over.
    pub fn due(&self, now: Timestamp) -> bool {
        let life = self.not_after.duration_since(self.not_before);
        now.duration_since(self.not_before) >= life * 2 / 3
    }
}

/// A certificate in DER form as a block of a PEM text.
pub fn to_pem(der: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let text = BASE64_STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|&byte| char::from(byte)));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    use x509_parser::extensions::GeneralName;
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(four) => Some(std::net::Ipv4Addr::from(four).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes).ok().map(|six| std::net::Ipv6Addr::from(six).to_string()),
        },
        _ => None,
    };
    extension.value.general_names.iter().filter_map(text).collect()
}

/// What every certificate of ours has in common.
fn params(
    common_name: String,
    not_before: Timestamp,
    not_after: Timestamp,
) -> Result<CertificateParams, CaError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let since_epoch = |time: Timestamp| {
        u64::try_from(time.as_second())
            .map(std::time::Duration::from_secs)
            .map_err(|_| CaError::Malformed("this machine's clock is before 1970".to_owned()))
    };
    params.not_before = epoch + since_epoch(not_before)?;
    params.not_after = epoch + since_epoch(not_after)?;
    Ok(params)
}
