//! The CA itself, and what a Secret holds of it.
//!
//! `ca.crt` is the bundle of every CA to be trusted, `ca.key` the key that signs now, `next.key` the key that
//! will sign once its certificate, already in the bundle, is trusted everywhere.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use rcgen::{BasicConstraints, IsCa, KeyPair, KeyUsagePurpose};
use serde_json::{Map, Value, json};

use super::{BACKDATE, BUNDLE_LIMIT, CA_LIFETIME, CaError, Certificate, params};

const BUNDLE: &str = "ca.crt";
const KEY: &str = "ca.key";
const NEXT_KEY: &str = "next.key";

/// `data` of the Secret, decoded. Has no `Debug`: it holds keys.
#[derive(Clone, Default)]
pub struct SecretData(BTreeMap<String, Vec<u8>>);

impl SecretData {
    pub fn of(secret: &Value) -> Result<Self, CaError> {
        let Some(data) = secret["data"].as_object() else { return Ok(Self::default()) };
        let decode = |(key, value): (&String, &Value)| {
            let bytes = value.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
            bytes
                .map(|bytes| (key.clone(), bytes))
                .ok_or_else(|| CaError::Malformed(format!("{key} is not base64")))
        };
        data.iter().filter(|(_, value)| !value.is_null()).map(decode).collect::<Result<_, _>>().map(Self)
    }

    pub fn is_empty(&self) -> bool {
        !self.0.contains_key(BUNDLE) && !self.0.contains_key(KEY)
    }

    pub fn bundle(&self) -> &[u8] {
        self.0.get(BUNDLE).map_or(&[], Vec::as_slice)
    }

    fn key(&self, name: &str) -> Result<Option<KeyPair>, CaError> {
        let Some(pem) = self.0.get(name) else { return Ok(None) };
        let malformed = || CaError::Malformed(format!("{name} is not a PEM private key"));
        let text = std::str::from_utf8(pem).map_err(|_| malformed())?;
        KeyPair::from_pem(text).map(Some).map_err(|_| malformed())
    }
}

/// A CA certificate with its key.
#[derive(Clone)]
pub struct Signer {
    pub certificate: Certificate,
    pub key: Arc<KeyPair>,
}

impl Signer {
    fn new(now: Timestamp) -> Result<Self, CaError> {
        // A name of its own: a verifier that finds two CAs of one name has to try both.
        let mut params =
            params(format!("tmc-serving-ca@{}", now.as_millisecond()), now - BACKDATE, now + CA_LIFETIME)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = Certificate::parse(params.self_signed(&key)?.der().clone())?;
        Ok(Self { certificate, key: Arc::new(key) })
    }
}

/// The CA that signs, the one that will, and those that did.
#[derive(Clone)]
pub struct Authority {
    signing: Signer,
    next: Option<Signer>,
    retired: Vec<Certificate>,
}

impl Authority {
    /// A new CA. Certificates of `old` stay trusted while they hold, for the leaves that they signed.
    pub fn found(now: Timestamp, old: Vec<Certificate>) -> Result<Self, CaError> {
        let mut authority = Self { signing: Signer::new(now)?, next: None, retired: old };
        authority.prune(now);
        Ok(authority)
    }

    pub fn of(data: &SecretData) -> Result<Self, CaError> {
        let mut bundle = Certificate::parse_pem(data.bundle())?;
        let mut signer = |key: KeyPair, name: &str| {
            let found = bundle.iter().position(|ca| ca.public_key == key.public_key_raw());
            match found {
                Some(index) => Ok(Signer { certificate: bundle.remove(index), key: Arc::new(key) }),
                None => Err(CaError::Malformed(format!("{BUNDLE} has no certificate of {name}"))),
            }
        };
        let key = data.key(KEY)?.ok_or_else(|| CaError::Malformed(format!("{KEY} is missing")))?;
        let signing = signer(key, KEY)?;
        let next = data.key(NEXT_KEY)?.map(|key| signer(key, NEXT_KEY)).transpose()?;
        Ok(Self { signing, next, retired: bundle })
    }

    pub fn signing(&self) -> &Signer {
        &self.signing
    }

    /// The CA that will sign next, while a rotation is under way.
    pub fn next(&self) -> Option<&Certificate> {
        self.next.as_ref().map(|next| &next.certificate)
    }

    /// First half of a rotation: a new CA that is trusted, but signs nothing yet.
    pub fn with_next(mut self, now: Timestamp) -> Result<Self, CaError> {
        self.next = Some(Signer::new(now)?);
        self.prune(now);
        Ok(self)
    }

    /// Second half: the new CA signs, the old one stays trusted until it expires.
    pub fn switched(mut self, now: Timestamp) -> Self {
        if let Some(next) = self.next.take() {
            let old = std::mem::replace(&mut self.signing, next);
            self.retired.push(old.certificate);
        }
        self.prune(now);
        self
    }

    fn prune(&mut self, now: Timestamp) {
        self.retired.retain(|ca| !ca.expired(now));
        let room = BUNDLE_LIMIT - 2;
        if self.retired.len() > room {
            self.retired.sort_by_key(|ca| std::cmp::Reverse(ca.not_after));
            self.retired.truncate(room);
        }
    }

    /// Every certificate to be trusted.
    pub fn bundle(&self) -> String {
        let next = self.next.iter().map(|next| &next.certificate);
        std::iter::once(&self.signing.certificate)
            .chain(next)
            .chain(&self.retired)
            .map(Certificate::to_pem)
            .collect()
    }

    /// `data` for a merge patch: a key that is not ours any more is taken out.
    pub fn to_json(&self) -> Value {
        let encoded = |text: String| json!(BASE64_STANDARD.encode(text));
        let mut data = Map::new();
        data.insert(BUNDLE.to_owned(), encoded(self.bundle()));
        data.insert(KEY.to_owned(), encoded(self.signing.key.serialize_pem()));
        let next = self.next.as_ref().map(|next| encoded(next.key.serialize_pem()));
        data.insert(NEXT_KEY.to_owned(), next.unwrap_or(Value::Null));
        Value::Object(data)
    }
}
