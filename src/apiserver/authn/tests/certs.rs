//! Certificates of every kind a client may present.

use std::{sync::Arc, time::Duration};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::apiserver::{authn::authority::Authority, identity::Connection};

/// The time of the tests, in seconds since 1970.
pub const NOW: u64 = 1_800_000_000;
const HOUR: u64 = 3600;

pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

pub struct Leaf {
    pub common_name: &'static str,
    pub organizations: &'static [&'static str],
    pub uids: &'static [&'static str],
    pub usage: Option<ExtendedKeyUsagePurpose>,
    pub not_before: u64,
    pub not_after: u64,
}

impl Default for Leaf {
    fn default() -> Self {
        Self {
            common_name: "amy",
            organizations: &[],
            uids: &[],
            usage: Some(ExtendedKeyUsagePurpose::ClientAuth),
            not_before: NOW - HOUR,
            not_after: NOW + HOUR,
        }
    }
}

fn params(common_name: &str, not_before: u64, not_after: u64) -> CertificateParams {
    let at = |seconds| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    if !common_name.is_empty() {
        params.distinguished_name.push(DnType::CommonName, common_name);
    }
    (params.not_before, params.not_after) = (at(not_before), at(not_after));
    params
}

impl Ca {
    pub fn new(name: &str) -> Self {
        Self::valid(name, NOW - 24 * HOUR, NOW + 24 * HOUR)
    }

    pub fn valid(name: &str, not_before: u64, not_after: u64) -> Self {
        let mut params = params(name, not_before, not_after);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate authority below this one, and its own certificate.
    pub fn intermediate(&self, name: &str, not_after: u64) -> (Self, CertificateDer<'static>) {
        let mut params = params(name, NOW - HOUR, not_after);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (Self { issuer: Issuer::new(params, key), pem: certificate.pem() }, certificate.der().clone())
    }

    pub fn authority(&self) -> Authority {
        Authority::from_pem(self.pem.as_bytes()).unwrap()
    }

    pub fn issue(&self, leaf: &Leaf) -> CertificateDer<'static> {
        let mut params = params(leaf.common_name, leaf.not_before, leaf.not_after);
        for organization in leaf.organizations {
            // rcgen keeps one value per type, so only the last organization stays.
            params.distinguished_name.push(DnType::OrganizationName, *organization);
        }
        for uid in leaf.uids {
            let kind = DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 57683, 2]);
            params.distinguished_name.push(kind, *uid);
        }
        params.extended_key_usages.extend(leaf.usage.clone());
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, &self.issuer).unwrap().der().clone()
    }
}

pub fn connection(chain: &[&CertificateDer<'static>]) -> Connection {
    let certificates: Vec<_> = chain.iter().map(|certificate| (*certificate).clone()).collect();
    Connection::new("192.0.2.1:1234".parse().unwrap(), Arc::from(certificates))
}
