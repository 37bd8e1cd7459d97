//! What one side's configuration holds: authorities, client certificate, token. Keys and tokens are looked at here
//! and go nowhere.

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::Value;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{SideSource, files};
use crate::{
    security::{
        config::ConfigError,
        context::{
            Code,
            facts::{Authorities, ClientCertificate, FileFact, Side, Token, Validity},
            jwt,
        },
        transport::TransportError,
    },
    upstream::{
        Upstream,
        settings::{Part, Settings, is_about_authorities},
    },
};

/// The side as it is configured now, and its files.
pub async fn look(source: &SideSource) -> (Side, Vec<FileFact>) {
    let mut side = Side { name: source.name, ..Side::default() };
    match source.origin.settings().await {
        Ok(settings) => {
            let found = settings.files.iter().filter_map(|(role, path)| files::look(*role, path)).collect();
            configured(&settings, &mut side, &source.audiences);
            (side, found)
        }
        Err(error) => {
            side.source = source.origin.shown();
            side.unusable = unusable(&error);
            (side, Vec::new())
        }
    }
}

fn unusable(error: &TransportError) -> Vec<(Code, String)> {
    let code = |wrong: &ConfigError| match wrong {
        ConfigError::CertificateWithoutKey => Code::CertKeyMismatch,
        ConfigError::AuthorityWithoutVerification => Code::CAWithInsecure,
        ConfigError::Version(_) | ConfigError::CipherSuite(_) | ConfigError::NoCipherSuite => {
            Code::TLSVersion
        }
    };
    match error {
        TransportError::Config(wrong) => wrong.iter().map(|wrong| (code(wrong), wrong.to_string())).collect(),
        TransportError::Settings(cause) if is_about_authorities(cause) => {
            vec![(Code::CAInvalid, format!("{error}: give the PEM certificates of the CA"))]
        }
        other => vec![(Code::ConfigUnusable, other.to_string())],
    }
}

fn configured(settings: &Settings, side: &mut Side, accepted: &[String]) {
    side.source = settings.source.clone();
    side.server = settings.server();
    side.skip_verify = settings.skips_verification();
    side.exec_plugin = settings.asks_a_program();
    side.authorities = authorities(settings);
    side.certificate = certificate(settings.certificate(), settings.key());
    side.token = settings.token().map_or(Token::None, |part| token(part, accepted));
}

fn authorities(settings: &Settings) -> Authorities {
    let Some(ders) = settings.authorities() else { return Authorities::System };
    let file = settings.authorities_place();
    let validity: Option<Vec<_>> =
        ders.iter().map(|der| validity(der).map(|(validity, _)| validity)).collect();
    match validity {
        Some(validity) if !validity.is_empty() => {
            let mut digest = Sha256::new();
            ders.iter().for_each(|der| digest.update(der));
            let fingerprint = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            Authorities::Given { file, validity, fingerprint }
        }
        _ => Authorities::Invalid { file, why: "it holds no certificate that can be read".to_owned() },
    }
}

/// When the certificate holds, and whether it may be shown by a client.
fn validity(der: &[u8]) -> Option<(Validity, bool)> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let time = |seconds| Timestamp::from_second(seconds).ok();
    let not_before = time(certificate.validity().not_before.timestamp())?;
    let not_after = time(certificate.validity().not_after.timestamp())?;
    let usage = certificate.extended_key_usage().ok()?;
    let client_auth = usage.is_none_or(|usage| usage.value.client_auth || usage.value.any);
    Some((Validity { not_before, not_after }, client_auth))
}

fn certificate(certificate: Option<Part>, key: Option<Part>) -> ClientCertificate {
    let unusable =
        |place: &str, why: &str| ClientCertificate::Unusable { file: place.to_owned(), why: why.to_owned() };
    let (certificate, key) = match (certificate, key) {
        (None, None) => return ClientCertificate::None,
        (Some(one), None) => return unusable(&one.place, "a client certificate is given without its key"),
        (None, Some(one)) => return unusable(&one.place, "a client key is given without its certificate"),
        (Some(certificate), Some(key)) => (certificate, key),
    };
    let pem = match &certificate.bytes {
        Ok(pem) => pem,
        Err(why) => return unusable(&certificate.place, why),
    };
    let key_pem = match &key.bytes {
        Ok(pem) => pem,
        Err(why) => return unusable(&key.place, why),
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect();
    let Some((validity, client_auth)) = chain.first().and_then(|first| validity(first)) else {
        return unusable(&certificate.place, "it holds no certificate that can be read");
    };
    let Ok(parsed) = PrivateKeyDer::from_pem_slice(key_pem) else {
        return unusable(&key.place, "it holds no private key that can be read");
    };
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key_fits = rustls::sign::CertifiedKey::from_der(chain, parsed, &provider).is_ok();
    ClientCertificate::Given { file: certificate.place, validity, key_fits, client_auth }
}

fn token(part: Part, accepted: &[String]) -> Token {
    let Part { place: file, path, bytes } = part;
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(why) => return Token::Missing { file, why },
    };
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    if text.is_empty() {
        return Token::Empty { file };
    }
    let Some(claims) = jwt::claims(text) else { return Token::Opaque { file } };
    let written = path.and_then(|path| std::fs::metadata(path).ok()?.modified().ok());
    Token::Jwt {
        file,
        not_before: claims.not_before,
        expires: claims.expires,
        audiences: claims.audiences,
        accepted: accepted.to_vec(),
        written: written.and_then(|time| Timestamp::try_from(time).ok()),
    }
}

/// Which cluster it is, for whoever may know: two addresses can lead to one.
pub async fn cluster_uid(upstream: &Upstream) -> Option<String> {
    let namespace: Value = upstream.get("/api/v1/namespaces/kube-system").await.ok()?;
    namespace["metadata"]["uid"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
