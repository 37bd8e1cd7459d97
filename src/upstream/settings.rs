//! What a connection is made of: a kubeconfig or the pod's ServiceAccount, with what flags put in its place.
//!
//! Read apart from connecting, so that whoever judges a connection, or makes it anew when a file has changed, reads
//! the same. Nothing of a token or key is shown by `Debug`.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use kube::{Config, config::KubeConfigOptions};

use super::{Flags, Target, Upstream, credentials, kubeconfig};

/// What flags say instead of the kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    pub server_name: Option<String>,
    pub token: Option<PathBuf>,
    /// The certificate and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    pub authorities: Option<PathBuf>,
    pub skip_verification: bool,
}

/// What a file of a connection holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Kubeconfig,
    Authorities,
    Certificate,
    Key,
    Token,
}

/// Where a value comes from: a file of its own, or the kubeconfig itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// For messages.
    pub place: String,
    pub path: Option<PathBuf>,
    /// `Err`: the file cannot be read, or what stands there is not base64.
    pub bytes: Result<Vec<u8>, String>,
}

/// All that is needed to connect; nothing is sent yet.
#[derive(Clone)]
pub struct Settings {
    pub(super) config: Config,
    /// As a user knows it: the flag and the file.
    pub source: String,
    /// Every file that was read, with what it holds.
    pub files: Vec<(Role, PathBuf)>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("source", &self.source).field("files", &self.files).finish()
    }
}

impl Settings {
    /// Reads what `target` names.
    pub async fn read(target: &Target<'_>, overrides: &Overrides) -> anyhow::Result<Self> {
        let Flags { kubeconfig: flag, context: context_flag } = target.flags;
        let options =
            KubeConfigOptions { context: target.context.map(str::to_owned), ..KubeConfigOptions::default() };
        let (read, source) = match target.kubeconfig {
            Some(path) => {
                let shown = path.display();
                let file = kubeconfig::read(path).with_context(|| format!("{flag}: cannot read {shown}"))?;
                let read = kubeconfig::configure(file, &options).await.with_context(|| {
                    let context = target.context.map(|name| format!("{context_flag} {name}: "));
                    format!("{}{flag}: cannot use {shown}", context.unwrap_or_default())
                })?;
                (read.with(path), format!("{flag} {shown}"))
            }
            None if target.context.is_some() => {
                let read = kubeconfig::default(&options).await;
                let read =
                    read.with_context(|| format!("{context_flag}: cannot use the default kubeconfig"))?;
                (read, "the kubeconfig".to_owned())
            }
            None => {
                let read = kubeconfig::infer(&options).await;
                let read =
                    read.with_context(|| format!("no usable kubeconfig and not in a cluster: give {flag}"))?;
                let source = if read.in_cluster { "the pod's ServiceAccount" } else { "the kubeconfig" };
                (read, source.to_owned())
            }
        };
        let mut settings = Self { config: read.config, source, files: read.files };
        settings.put(overrides)?;
        Ok(settings)
    }

    /// The ServiceAccount of the pod, whatever kubeconfig there is.
    pub fn in_cluster() -> anyhow::Result<Self> {
        let read = kubeconfig::in_cluster().context("not in a cluster")?;
        Ok(Self { config: read.config, source: "the pod's ServiceAccount".to_owned(), files: read.files })
    }

    fn put(&mut self, overrides: &Overrides) -> anyhow::Result<()> {
        let text = |path: &Path| path.display().to_string();
        let user = &mut self.config.auth_info;
        if let Some(name) = &overrides.server_name {
            self.config.tls_server_name = Some(name.clone());
        }
        if let Some(path) = &overrides.token {
            (user.token, user.token_file) = (None, Some(text(path)));
            self.files.retain(|(role, _)| *role != Role::Token);
            self.files.push((Role::Token, path.clone()));
        }
        if let Some((certificate, key)) = &overrides.certificate {
            (user.client_certificate_data, user.client_certificate) = (None, Some(text(certificate)));
            (user.client_key_data, user.client_key) = (None, Some(text(key)));
            self.files.retain(|(role, _)| !matches!(role, Role::Certificate | Role::Key));
            self.files.extend([(Role::Certificate, certificate.clone()), (Role::Key, key.clone())]);
        }
        if let Some(path) = &overrides.authorities {
            self.config.root_cert = Some(kubeconfig::authorities(path)?);
            self.config.root_cert_file = None;
            self.files.retain(|(role, _)| *role != Role::Authorities);
            self.files.push((Role::Authorities, path.clone()));
        }
        self.config.accept_invalid_certs |= overrides.skip_verification;
        Ok(())
    }

    pub fn connect(self) -> anyhow::Result<Upstream> {
        Upstream::of(self.config)
    }

    pub fn server(&self) -> String {
        self.config.cluster_url.to_string()
    }

    /// The name in the server's certificate, where it is not that of the URL.
    pub fn server_name(&self) -> Option<String> {
        self.config.tls_server_name.clone()
    }

    pub fn skips_verification(&self) -> bool {
        self.config.accept_invalid_certs
    }

    /// A program is asked for credentials.
    pub fn asks_a_program(&self) -> bool {
        self.config.auth_info.exec.is_some() || self.config.auth_info.auth_provider.is_some()
    }

    /// The CAs in DER form; `None`: those of the machine.
    pub fn authorities(&self) -> Option<&[Vec<u8>]> {
        self.config.root_cert.as_deref()
    }

    /// Where the CAs are from, for messages.
    pub fn authorities_place(&self) -> String {
        self.place(Role::Authorities)
    }

    /// The client certificate in PEM form.
    pub fn certificate(&self) -> Option<Part> {
        let user = &self.config.auth_info;
        self.part(
            Role::Certificate,
            user.client_certificate.as_deref(),
            user.client_certificate_data.as_deref(),
        )
    }

    /// Its key. The bytes are secret.
    pub fn key(&self) -> Option<Part> {
        let user = &self.config.auth_info;
        let data = secret(&self.config, "client-key-data");
        self.part(Role::Key, user.client_key.as_deref(), data.as_deref())
    }

    /// The bearer token. The bytes are secret.
    pub fn token(&self) -> Option<Part> {
        let user = &self.config.auth_info;
        match (secret(&self.config, "token"), &user.token_file) {
            (Some(token), _) => {
                Some(Part { place: self.source.clone(), path: None, bytes: Ok(token.into_bytes()) })
            }
            (None, Some(file)) => self.part(Role::Token, Some(file), None),
            (None, None) => None,
        }
    }

    /// Takes the token out of its file, for a caller who sees to it that a new one is read. kube's client would
    /// read the file once a minute, with the line break that an editor leaves at its end.
    pub fn hold_token(mut self) -> anyhow::Result<Self> {
        let Some(Part { place, path: Some(_), bytes }) = self.token() else { return Ok(self) };
        let bytes = bytes.map_err(|why| anyhow::anyhow!("{place}: {why}"))?;
        let token = std::str::from_utf8(&bytes).unwrap_or_default().trim();
        anyhow::ensure!(!token.is_empty(), "{place}: holds no token");
        anyhow::ensure!(
            http::HeaderValue::from_str(token).is_ok(),
            "{place}: the token holds a character that cannot be sent, such as a line break"
        );
        let user: kube::config::AuthInfo = serde_json::from_value(serde_json::json!({"token": token}))
            .map_err(|error| anyhow::anyhow!("{place}: {}", super::redacted(&error)))?;
        self.config.auth_info.token = user.token;
        self.config.auth_info.token_file = None;
        Ok(self)
    }

    fn place(&self, role: Role) -> String {
        let file = self.files.iter().find(|(found, _)| *found == role);
        file.map_or_else(|| self.source.clone(), |(_, path)| path.display().to_string())
    }

    fn part(&self, role: Role, file: Option<&str>, data: Option<&str>) -> Option<Part> {
        use base64::{Engine, prelude::BASE64_STANDARD};
        match (data, file) {
            (Some(data), _) => {
                let bytes = BASE64_STANDARD.decode(data).map_err(|_| "it is not base64".to_owned());
                Some(Part { place: self.source.clone(), path: None, bytes })
            }
            (None, Some(file)) => {
                let bytes = std::fs::read(file).map_err(|error: io::Error| error.to_string());
                Some(Part { place: self.place(role), path: Some(file.into()), bytes })
            }
            (None, None) => None,
        }
    }
}

/// The names of all contexts, in the order of the file; `None`: `$KUBECONFIG`, then `~/.kube/config`.
pub fn contexts(kubeconfig: Option<&Path>) -> anyhow::Result<Vec<String>> {
    let read = match kubeconfig {
        Some(path) => {
            kubeconfig::read(path).with_context(|| format!("--kubeconfig: cannot read {}", path.display()))?
        }
        None => {
            kubeconfig::read_default().context("cannot read the default kubeconfig: give --kubeconfig")?
        }
    };
    Ok(read.contexts.into_iter().map(|context| context.name).collect())
}

/// Whether settings cannot be read because of their CAs.
pub fn is_about_authorities(error: &anyhow::Error) -> bool {
    let cause = error.chain().find_map(|cause| cause.downcast_ref::<kubeconfig::ReadError>());
    matches!(cause, Some(kubeconfig::ReadError::Authorities(_)))
}

/// A secret of the user entry. Its type shows it to a serializer alone.
fn secret(config: &Config, field: &str) -> Option<String> {
    let user = serde_json::to_value(&config.auth_info).ok()?;
    user[field].as_str().map(str::to_owned)
}

impl Upstream {
    /// Goes on with other credentials for the same server; what is in flight ends as it began.
    pub fn renew(&self, settings: Settings) -> Result<(), RenewError> {
        let server = settings.server();
        if server != self.server {
            return Err(RenewError::Elsewhere { old: self.server.clone(), new: server });
        }
        let client = Self::client(settings.config).map_err(RenewError::Unusable)?;
        self.client.store(std::sync::Arc::new(client));
        Ok(())
    }

    pub(super) fn client(mut config: Config) -> anyhow::Result<kube::Client> {
        config.default_retry = false;
        // kube's text holds its causes already.
        kube::Client::try_from(config)
            .map_err(|error| anyhow::anyhow!("cannot make a client: {}", credentials::redacted(error)))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    #[error("the kubeconfig now leads to {new}, not to {old}: start anew to move to another server")]
    Elsewhere { old: String, new: String },
    #[error("{0:#}")]
    Unusable(anyhow::Error),
}

#[cfg(test)]
mod tests;
