//! What a presented chain is worth: which fronts it is, and which user its own subject names.
//!
//! A judgement is remembered for a few seconds per chain and generation of authorities; the window within which it
//! holds is part of it, and the authenticator asks for each request whether now lies within.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use x509_parser::{
    certificate::X509Certificate,
    der_parser::{Oid, oid},
    prelude::FromDer,
};

use super::{Generation, authenticated, authority::Window};
use crate::apiserver::identity::{Connection, User};

/// Also how long a certificate that is not valid yet stays refused after it has become so.
const REMEMBERED: Duration = Duration::from_secs(10);
const ENTRIES: u64 = 4096;
const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";

#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// Indexes into the generation's fronts, and for how long each.
    pub(crate) fronts: Vec<(usize, Window)>,
    pub(crate) client: Option<(Arc<User>, Window)>,
}

pub(crate) struct Judgements {
    cache: Cache<([u8; 32], u64), Arc<Judgement>>,
}

impl Default for Judgements {
    fn default() -> Self {
        Self { cache: Cache::builder().max_capacity(ENTRIES).time_to_live(REMEMBERED).build() }
    }
}

impl Judgements {
    pub(crate) fn judge(
        &self,
        connection: &Connection,
        generation: &Generation,
        now: UnixTime,
    ) -> Arc<Judgement> {
        let key = (connection.fingerprint, generation.number);
        self.cache.get_with(key, || Arc::new(judge(&connection.certificates, generation, now)))
    }
}

fn judge(chain: &[CertificateDer<'static>], generation: &Generation, now: UnixTime) -> Judgement {
    let Some(subject) = chain.first().and_then(Subject::of) else { return Judgement::default() };
    let fronts = generation.fronts.iter().enumerate();
    let fronts = fronts
        .filter(|(_, front)| front.allows(subject.common_name.as_deref()))
        .filter_map(|(index, front)| Some((index, front.authority.verify(chain, now)?)))
        .collect();
    let client = subject.user.and_then(|user| {
        let window = generation.client_ca.as_ref()?.verify(chain, now)?;
        Some((Arc::new(authenticated(user)), window))
    });
    Judgement { fronts, client }
}

/// What a certificate says of its holder.
struct Subject {
    common_name: Option<String>,
    /// Absent when the certificate names no user or contradicts itself.
    user: Option<User>,
}

impl Subject {
    fn of(certificate: &CertificateDer<'static>) -> Option<Self> {
        const UID: Oid<'static> = oid!(1.3.6.1.4.1.57683.2);
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        let subject = parsed.subject();
        // The last one counts, as in Go, so that both see the same name.
        let common_name = subject.iter_common_name().last().and_then(|name| name.as_str().ok());
        let common_name = common_name.filter(|name| !name.is_empty()).map(str::to_owned);
        let groups = subject.iter_organization().filter_map(|group| group.as_str().ok());
        let groups = groups.map(str::to_owned).collect();
        let uids: Vec<_> = subject.iter_by_oid(&UID).map(|uid| uid.as_str().unwrap_or_default()).collect();
        let uid = match uids.as_slice() {
            [] => Some(String::new()),
            [uid] if !uid.is_empty() => Some((*uid).to_owned()),
            _ => None,
        };
        let credential = format!("X509SHA256={}", hex(&Sha256::digest(certificate)));
        let extra = [(CREDENTIAL_ID.to_owned(), vec![credential])].into();
        let user = common_name.clone().zip(uid).map(|(name, uid)| User { name, uid, groups, extra });
        Some(Self { common_name, user })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
