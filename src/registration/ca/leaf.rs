//! The serving certificate: a key that never leaves the process, signed by the CA for the Service's names.

use jiff::Timestamp;
use rcgen::{ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{BACKDATE, CaError, Certificate, LEAF_LIFETIME, authority::Authority, params};
use crate::registration::installation::ServiceReference;

/// Has no `Debug`: it holds a key.
pub struct Leaf {
    pub certificate: Certificate,
    pub key: PrivateKeyDer<'static>,
    /// The CA that signed it.
    pub issuer: CertificateDer<'static>,
}

impl Leaf {
    /// Signed by the CA that signs now; never holds longer than that CA.
    pub fn issue(authority: &Authority, service: &ServiceReference, now: Timestamp) -> Result<Self, CaError> {
        let signer = authority.signing();
        let names = service.certificate_names();
        let not_before = (now - BACKDATE).max(signer.certificate.not_before);
        let not_after = (now + LEAF_LIFETIME).min(signer.certificate.not_after);
        let mut params = params(common_name(&names), not_before, not_after)?;
        params.subject_alt_names = names.into_iter().map(alternative_name).collect::<Result<_, _>>()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let issuer = Issuer::from_ca_cert_der(&signer.certificate.der, signer.key.as_ref())?;
        let certificate = Certificate::parse(params.signed_by(&key, &issuer)?.der().clone())?;
        Ok(Self {
            certificate,
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            issuer: signer.certificate.der.clone(),
        })
    }

    /// What the server shows in a handshake.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.der.clone(), self.issuer.clone()]
    }
}

/// A common name has at most 64 characters; nobody verifies it.
fn common_name(names: &[String]) -> String {
    names.first().filter(|name| name.len() <= 64).cloned().unwrap_or_else(|| "tmc".to_owned())
}

fn alternative_name(name: String) -> Result<SanType, CaError> {
    if let Ok(address) = name.parse() {
        return Ok(SanType::IpAddress(address));
    }
    Ok(SanType::DnsName(name.try_into()?))
}
