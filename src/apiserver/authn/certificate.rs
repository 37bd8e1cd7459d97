//! What a presented chain is worth: which fronts it is, and which user its own subject names.
//!
//! A judgement is remembered for a few seconds with the connection, for one generation of authorities; the window within
//! which it holds is part of it, and the authenticator asks for each request whether now lies within.

use std::sync::Arc;

use parking_lot::Mutex;
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
const REMEMBERED: u64 = 10;
const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";

#[derive(Debug, Default)]
pub struct Judgement {
    /// Indexes into the generation's fronts, and for how long each.
    pub(crate) fronts: Vec<(usize, Window)>,
    pub(crate) client: Option<(Arc<User>, Window)>,
}

/// The last judgement of a connection's chain: by which generation, and in which second.
#[derive(Debug, Default)]
pub struct Judged(Mutex<Option<(u64, u64, Arc<Judgement>)>>);

/// What the chain of a connection is worth by this generation.
pub(crate) fn judge(connection: &Connection, generation: &Generation, now: UnixTime) -> Arc<Judgement> {
    let (number, second) = (generation.number, now.as_secs());
    let mut judged = connection.judged.0.lock();
    match &*judged {
        Some((by, at, judgement)) if *by == number && second.abs_diff(*at) < REMEMBERED => judgement.clone(),
        _ => {
            let judgement = Arc::new(worth(&connection.certificates, generation, now));
            *judged = Some((number, second, judgement.clone()));
            judgement
        }
    }
}

fn worth(chain: &[CertificateDer<'static>], generation: &Generation, now: UnixTime) -> Judgement {
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
