//! A secured connection whose credentials are read again when their files change.
//!
//! Every file is looked at by content, so that neither a rewrite in place nor the swap of a projected volume is
//! missed. What cannot be used, half of a rotation perhaps, is told and changes nothing. What is in flight ends as it
//! began. It must not know what is sent.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::config::{ConfigError, SecurityConfig};
use crate::upstream::{
    Flags, Target, Upstream,
    settings::{RenewError, Settings},
};

/// How long a changed file may go unnoticed.
pub const LOOK_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Config(Vec<ConfigError>),
    #[error("{0:#}")]
    Settings(anyhow::Error),
    #[error(transparent)]
    Renew(#[from] RenewError),
}

/// Where a connection's configuration is.
#[derive(Clone, Debug)]
pub struct Origin {
    /// `None`: `$KUBECONFIG`, then `~/.kube/config`, then in-cluster.
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub flags: Flags,
    /// The pod's ServiceAccount and nothing else.
    pub in_cluster: bool,
    pub security: SecurityConfig,
}

impl Origin {
    pub fn of(target: &Target<'_>) -> Self {
        Self {
            kubeconfig: target.kubeconfig.map(Path::to_owned),
            context: target.context.map(str::to_owned),
            flags: target.flags,
            in_cluster: false,
            security: SecurityConfig::default(),
        }
    }

    pub fn in_cluster() -> Self {
        Self { in_cluster: true, ..Self::of(&Target::default()) }
    }

    /// As a user knows it.
    pub fn shown(&self) -> String {
        match &self.kubeconfig {
            Some(path) => format!("{} {}", self.flags.kubeconfig, path.display()),
            None if self.in_cluster => "the pod's ServiceAccount".to_owned(),
            None => "the kubeconfig".to_owned(),
        }
    }

    /// As the files say now.
    pub async fn settings(&self) -> Result<Settings, TransportError> {
        let wrong = self.security.check();
        if !wrong.is_empty() {
            return Err(TransportError::Config(wrong));
        }
        let settings = if self.in_cluster {
            Settings::in_cluster()
        } else {
            let (kubeconfig, context) = (self.kubeconfig.as_deref(), self.context.as_deref());
            let target = Target { kubeconfig, context, flags: self.flags };
            Settings::read(&target, &self.security.overrides()).await
        };
        settings.map_err(TransportError::Settings)
    }
}

/// Reads the configuration and prepares the connection; nothing is sent yet. The [`Rotation`] has to be run for
/// its credentials to stay fresh.
pub async fn secure_transport(origin: Origin) -> Result<(Upstream, Rotation), TransportError> {
    let (settings, files, seen) = read(&origin).await?;
    let upstream = settings.hold_token().and_then(Settings::connect).map_err(TransportError::Settings)?;
    let rotation = Rotation {
        origin,
        upstream: upstream.clone(),
        files,
        seen,
        changes: watch::Sender::new(0),
        doubted: Arc::new(Notify::new()),
    };
    Ok((upstream, rotation))
}

/// Keeps one connection's credentials fresh.
pub struct Rotation {
    origin: Origin,
    upstream: Upstream,
    files: Vec<PathBuf>,
    seen: Fingerprint,
    changes: watch::Sender<u64>,
    doubted: Arc<Notify>,
}

/// What one look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Same,
    Renewed,
}

type Fingerprint = Vec<Option<[u8; 32]>>;

impl Rotation {
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Changes whenever a file has, whether it can be used or not.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Tells it to look at once: the API has answered 401.
    pub fn doubts(&self) -> Arc<Notify> {
        self.doubted.clone()
    }

    /// Looks again and again until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.doubted.notified() => {}
            }
            match self.look().await {
                Ok(Look::Same) => {}
                Ok(Look::Renewed) => {
                    tracing::info!(server = self.upstream.server, "credentials were read again");
                }
                Err(error) => {
                    let server = &self.upstream.server;
                    tracing::warn!(server, %error, "changed credentials cannot be used, the old ones stay");
                }
            }
        }
    }

    /// One look; a change that cannot be used is told once.
    pub async fn look(&mut self) -> Result<Look, TransportError> {
        let now = fingerprint(&self.files).await;
        if now == self.seen {
            return Ok(Look::Same);
        }
        self.seen = now;
        let renewed = self.renew().await;
        // Told last: who hears of it finds it done.
        self.changes.send_modify(|generation| *generation += 1);
        renewed
    }

    async fn renew(&mut self) -> Result<Look, TransportError> {
        let (settings, files, seen) = read(&self.origin).await?;
        (self.files, self.seen) = (files, seen);
        self.upstream.renew(settings.hold_token().map_err(TransportError::Settings)?)?;
        Ok(Look::Renewed)
    }
}

/// The settings with the files they came from. These are looked at before they are read, so that one that changes
/// meanwhile differs from its fingerprint and is read once more by the next look. A pipe can be read only once.
async fn read(origin: &Origin) -> Result<(Settings, Vec<PathBuf>, Fingerprint), TransportError> {
    let settings = origin.settings().await?;
    let files = paths(&settings);
    let seen = fingerprint(&files).await;
    let again = seen.iter().all(Option::is_some);
    let settings = if again { origin.settings().await? } else { settings };
    Ok((settings, files, seen))
}

fn paths(settings: &Settings) -> Vec<PathBuf> {
    settings.files.iter().map(|(_, path)| path.clone()).collect()
}

/// `None` of a file that cannot be read.
async fn fingerprint(files: &[PathBuf]) -> Fingerprint {
    let mut prints = Vec::with_capacity(files.len());
    for file in files {
        // Only a regular file ends for sure.
        let regular = tokio::fs::metadata(file).await.is_ok_and(|about| about.is_file());
        let bytes = if regular { tokio::fs::read(file).await.ok() } else { None };
        prints.push(bytes.map(|bytes| Sha256::digest(bytes).into()));
    }
    prints
}

#[cfg(test)]
mod tests;
