//! How a connection is secured, as flags say it. It must not know what is sent over it.

use std::{path::PathBuf, sync::Arc};

use rustls::crypto::{CryptoProvider, aws_lc_rs};

use crate::upstream::settings::Overrides;

/// Puts files and rules in the place of what a kubeconfig says; all of it empty changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityConfig {
    pub tls: TlsConfig,
    /// A bearer token, read again when it changes.
    pub token_path: Option<PathBuf>,
    /// The client certificate and its key, in PEM form: both or none.
    pub cert_path: Option<PathBuf>,
    pub key_path: Option<PathBuf>,
    /// The CAs of the server, in PEM form. Not together with `skip_verify`.
    pub ca_path: Option<PathBuf>,
    /// Believe any server. For a machine that nobody else reaches.
    pub skip_verify: bool,
}

/// What a connection may be made with, by the names that Kubernetes' own flags use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// The name in the server's certificate, where it is not that of the URL.
    pub server_name: Option<String>,
    /// `VersionTLS12` (the default) or `VersionTLS13`.
    pub min_version: Option<String>,
    /// For TLS 1.2, as `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`; empty: all that are good.
    pub cipher_suites: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("--client-certificate and --client-key belong together: give both or none")]
    CertificateWithoutKey,
    #[error("--certificate-authority and --insecure-skip-tls-verify exclude each other: leave one out")]
    AuthorityWithoutVerification,
    #[error("--tls-min-version {0}: give VersionTLS12 or VersionTLS13")]
    Version(String),
    #[error("--tls-cipher-suites {0}: it is unknown or weak: leave it out")]
    CipherSuite(String),
    #[error(
        "--tls-cipher-suites: none of them is for TLS 1.2, which is allowed: give --tls-min-version VersionTLS13"
    )]
    NoCipherSuite,
}

impl SecurityConfig {
    /// Everything that contradicts itself.
    pub fn check(&self) -> Vec<ConfigError> {
        let mut wrong = Vec::new();
        if self.cert_path.is_some() != self.key_path.is_some() {
            wrong.push(ConfigError::CertificateWithoutKey);
        }
        if self.ca_path.is_some() && self.skip_verify {
            wrong.push(ConfigError::AuthorityWithoutVerification);
        }
        wrong.extend(self.tls.check());
        wrong
    }

    pub fn overrides(&self) -> Overrides {
        Overrides {
            server_name: self.tls.server_name.clone(),
            token: self.token_path.clone(),
            certificate: self.cert_path.clone().zip(self.key_path.clone()),
            authorities: self.ca_path.clone(),
            skip_verification: self.skip_verify,
        }
    }
}

impl TlsConfig {
    fn check(&self) -> Vec<ConfigError> {
        let mut wrong = Vec::new();
        if let Some(version) = &self.min_version
            && !["VersionTLS12", "VersionTLS13"].contains(&version.as_str())
        {
            wrong.push(ConfigError::Version(version.clone()));
        }
        let weak = self.cipher_suites.iter().filter(|suite| !is_strong(suite));
        wrong.extend(weak.cloned().map(ConfigError::CipherSuite));
        let chosen = |name: &String| is_strong(name) && !is_of_tls13(name);
        if wrong.is_empty() && !self.cipher_suites.is_empty() && !self.cipher_suites.iter().any(chosen) {
            let needs_one = self.min_version.as_deref() != Some("VersionTLS13");
            wrong.extend(needs_one.then_some(ConfigError::NoCipherSuite));
        }
        wrong
    }

    /// What every connection of the process is made with once it is installed. A TLS version that has no cipher
    /// suite left is not offered.
    pub fn provider(&self) -> Arc<CryptoProvider> {
        let mut provider = aws_lc_rs::default_provider();
        let only_13 = self.min_version.as_deref() == Some("VersionTLS13");
        provider.cipher_suites.retain(|suite| {
            let name = go_name(suite.suite());
            let chosen = self.cipher_suites.is_empty() || self.cipher_suites.contains(&name);
            is_of_tls13(&name) || (!only_13 && chosen)
        });
        Arc::new(provider)
    }
}

/// Those of TLS 1.3 cannot be chosen: all of them are good.
fn is_of_tls13(name: &str) -> bool {
    !name.contains("_WITH_")
}

fn go_name(suite: rustls::CipherSuite) -> String {
    suite.as_str().unwrap_or_default().replacen("TLS13_", "TLS_", 1)
}

/// Whether a connection can be made with it at all: only good ones can.
pub fn is_strong(name: &str) -> bool {
    aws_lc_rs::default_provider().cipher_suites.iter().any(|suite| go_name(suite.suite()) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_named_all_at_once() {
        let path = || Some(PathBuf::from("x"));
        let tls = TlsConfig {
            min_version: Some("VersionTLS11".to_owned()),
            cipher_suites: vec!["TLS_RSA_WITH_RC4_128_SHA".to_owned()],
            server_name: None,
        };
        let config = SecurityConfig {
            tls,
            cert_path: path(),
            ca_path: path(),
            skip_verify: true,
            ..Default::default()
        };
        let said: Vec<_> = config.check().iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 4, "{said:?}");
        for flag in ["--client-key", "--insecure-skip-tls-verify", "--tls-min-version", "RC4"] {
            assert!(said.iter().any(|said| said.contains(flag)), "{flag}: {said:?}");
        }
        assert!(SecurityConfig::default().check().is_empty());
        let both = SecurityConfig { cert_path: path(), key_path: path(), ..Default::default() };
        assert!(both.check().is_empty());
    }

    #[test]
    fn the_least_version_and_the_suites_hold() {
        let versions = |config: &TlsConfig| {
            let provider = config.provider();
            let names: Vec<_> = provider.cipher_suites.iter().map(|suite| go_name(suite.suite())).collect();
            (
                names.iter().any(|name| is_of_tls13(name)),
                names.iter().filter(|name| !is_of_tls13(name)).count(),
            )
        };
        assert!(versions(&TlsConfig::default()).1 > 1);
        let only_13 = TlsConfig { min_version: Some("VersionTLS13".to_owned()), ..TlsConfig::default() };
        assert_eq!(versions(&only_13), (true, 0));
        let suite = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".to_owned();
        let one = TlsConfig { cipher_suites: vec![suite], ..TlsConfig::default() };
        assert!(one.check().is_empty());
        assert_eq!(versions(&one), (true, 1));
        let none =
            TlsConfig { cipher_suites: vec!["TLS_AES_128_GCM_SHA256".to_owned()], ..TlsConfig::default() };
        assert_eq!(none.check(), [ConfigError::NoCipherSuite]);
    }
}
