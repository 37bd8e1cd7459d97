//! Whom the cluster itself trusts: ConfigMap `kube-system/extension-apiserver-authentication`, with what the flags
//! put in its place.
//!
//! Read every few seconds and handed to the authenticator when it has changed, so that a rotated authority counts
//! without a restart. The last good answer is kept while none comes.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use http::HeaderName;
use k8s_openapi::api::core::v1::ConfigMap;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::{Upstream, UpstreamError};
use crate::apiserver::authn::{
    RequestAuthenticator, Trust,
    authority::{Authority, BundleError},
    front::{Front, FrontHeaders, FrontKind},
};

const CONFIG_MAP: &str = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
/// How long a rotated authority may go unnoticed.
const PERIOD: Duration = Duration::from_secs(10);
/// The longest file of certificates; a ConfigMap is never longer.
const FILE_LIMIT: u64 = 1 << 20;

/// What the flags say instead of the ConfigMap.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--client-ca-file`
    pub client_ca_file: Option<PathBuf>,
    /// `--requestheader-client-ca-file`
    pub requestheader_client_ca_file: Option<PathBuf>,
    /// `--requestheader-allowed-names`
    pub requestheader_allowed_names: Option<Vec<String>>,
}

impl Overrides {
    /// Whether the files can be used now. At the start a wrong one is a mistake; later it may be half of a
    /// rotation, and the last good one stays.
    pub async fn check(&self) -> Result<(), AuthenticationError> {
        let Self { client_ca_file, requestheader_client_ca_file, .. } = self;
        let front = ("--requestheader-client-ca-file", requestheader_client_ca_file);
        for (flag, path) in [("--client-ca-file", client_ca_file), front] {
            if let Some(source) = file(flag, path.as_ref()).await? {
                authority(&source)?;
            }
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    #[error("cannot read ConfigMap kube-system/extension-apiserver-authentication")]
    ConfigMap(#[source] UpstreamError),
    #[error("{flag}: cannot read {}", path.display())]
    File {
        flag: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{name}: cannot use the certificates")]
    Certificates {
        name: String,
        #[source]
        source: BundleError,
    },
    #[error("ConfigMap kube-system/extension-apiserver-authentication: {0} cannot be read")]
    Key(&'static str),
}

/// The texts a [`Trust`] is made of; equal ones are not handed on twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Texts {
    client_ca: Option<Source>,
    front_ca: Option<Source>,
    config: BTreeMap<String, String>,
    allowed_names: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    name: String,
    pem: Vec<u8>,
}

pub struct AuthenticationConfig {
    upstream: Upstream,
    overrides: Overrides,
    authenticator: Arc<RequestAuthenticator>,
    last: Mutex<Option<Texts>>,
}

impl AuthenticationConfig {
    pub fn new(upstream: Upstream, overrides: Overrides, authenticator: Arc<RequestAuthenticator>) -> Self {
        Self { upstream, overrides, authenticator, last: Mutex::new(None) }
    }

    /// Reads everything once and hands it to the authenticator if it differs from the last time.
    pub async fn load(&self) -> Result<(), AuthenticationError> {
        let texts = self.read().await?;
        if self.last.lock().as_ref() == Some(&texts) {
            return Ok(());
        }
        self.authenticator.replace(trust(&texts)?);
        let again = self.last.lock().replace(texts).is_some();
        if again {
            tracing::info!("the trusted certificate authorities have changed");
        }
        Ok(())
    }

    /// Reads again and again until `shutdown`; a failure is logged once, and once more when it is over.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut failing = false;
        loop {
            let outcome = tokio::select! {
                () = shutdown.cancelled() => return,
                outcome = self.load() => outcome,
            };
            match &outcome {
                Err(error) if !failing => {
                    let source =
                        std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
                    tracing::warn!(%error, source, "the trusted certificate authorities cannot be read; the last known ones stay");
                }
                Ok(()) if failing => tracing::info!("the trusted certificate authorities can be read again"),
                _ => {}
            }
            failing = outcome.is_err();
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(PERIOD) => {}
            }
        }
    }

    async fn read(&self) -> Result<Texts, AuthenticationError> {
        let Overrides { client_ca_file, requestheader_client_ca_file, requestheader_allowed_names } =
            &self.overrides;
        let client = file("--client-ca-file", client_ca_file.as_ref()).await?;
        let front = file("--requestheader-client-ca-file", requestheader_client_ca_file.as_ref()).await?;
        let config = match self.upstream.get::<ConfigMap>(CONFIG_MAP).await {
            Ok(map) => map.data.unwrap_or_default(),
            // With both authorities given nothing is needed from it.
            Err(_) if client.is_some() && front.is_some() => BTreeMap::new(),
            Err(error) => return Err(AuthenticationError::ConfigMap(error)),
        };
        let key = |name: &str| {
            let pem = config.get(name).filter(|pem| !pem.trim().is_empty())?;
            Some(Source { name: format!("ConfigMap key {name}"), pem: pem.clone().into_bytes() })
        };
        Ok(Texts {
            client_ca: client.or_else(|| key("client-ca-file")),
            front_ca: front.or_else(|| key("requestheader-client-ca-file")),
            allowed_names: requestheader_allowed_names.clone(),
            config,
        })
    }
}

async fn file(flag: &'static str, path: Option<&PathBuf>) -> Result<Option<Source>, AuthenticationError> {
    use tokio::io::AsyncReadExt;
    let Some(path) = path else { return Ok(None) };
    let failed = |source| AuthenticationError::File { flag, path: path.clone(), source };
    let mut pem = Vec::new();
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let length = file.take(FILE_LIMIT + 1).read_to_end(&mut pem).await.map_err(failed)?;
    if length as u64 > FILE_LIMIT {
        return Err(failed(std::io::Error::other("it is longer than 1 MiB")));
    }
    Ok(Some(Source { name: format!("{flag} {}", path.display()), pem }))
}

fn authority(source: &Source) -> Result<Authority, AuthenticationError> {
    let unusable = |error| AuthenticationError::Certificates { name: source.name.clone(), source: error };
    Authority::from_pem(&source.pem).map_err(unusable)
}

fn trust(texts: &Texts) -> Result<Trust, AuthenticationError> {
    let client_ca = texts.client_ca.as_ref().map(authority).transpose()?;
    let fronts = match &texts.front_ca {
        None => Vec::new(),
        Some(source) => {
            let names = list(&texts.config, "requestheader-allowed-names")?.unwrap_or_default();
            vec![Front {
                kind: FrontKind::Aggregator,
                authority: authority(source)?,
                allowed_names: texts.allowed_names.clone().unwrap_or(names),
                headers: headers(&texts.config)?,
            }]
        }
    };
    Ok(Trust { client_ca, fronts })
}

/// The header names of the ConfigMap; without it kube-apiserver's usual ones.
fn headers(config: &BTreeMap<String, String>) -> Result<FrontHeaders, AuthenticationError> {
    let usual = FrontHeaders::default();
    let names = |key| -> Result<Option<Vec<HeaderName>>, AuthenticationError> {
        let Some(names) = list(config, key)? else { return Ok(None) };
        let names: Result<Vec<_>, _> = names.iter().map(|name| HeaderName::try_from(name.as_str())).collect();
        names.map(Some).map_err(|_| AuthenticationError::Key(key))
    };
    // A cluster that names its headers but no uid header has none.
    let usual_uid = if config.is_empty() { usual.uid } else { Vec::new() };
    let prefixes = list(config, "requestheader-extra-headers-prefix")?;
    let prefixes = prefixes.map(|all| all.iter().map(|prefix| prefix.to_ascii_lowercase()).collect());
    Ok(FrontHeaders {
        username: names("requestheader-username-headers")?.unwrap_or(usual.username),
        uid: names("requestheader-uid-headers")?.unwrap_or(usual_uid),
        group: names("requestheader-group-headers")?.unwrap_or(usual.group),
        extra_prefix: prefixes.unwrap_or(usual.extra_prefix),
    })
}

/// A JSON array of strings under `key`; absent and empty text are the same.
fn list(
    config: &BTreeMap<String, String>,
    key: &'static str,
) -> Result<Option<Vec<String>>, AuthenticationError> {
    let Some(text) = config.get(key).filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    serde_json::from_str(text).map(Some).map_err(|_| AuthenticationError::Key(key))
}

#[cfg(test)]
mod tests;
