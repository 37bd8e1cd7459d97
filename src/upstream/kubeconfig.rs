//! Reads kubeconfigs. A complaint names the file and the place in it and never shows what stands there:
//! that may be a token or a key.

use std::path::Path;

use kube::{
    Config,
    config::{KubeConfigOptions, Kubeconfig, KubeconfigError},
};

/// The longest kubeconfig that is read.
const LONGEST: u64 = 16 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    #[error("it is not a kubeconfig{}", place(.0))]
    Malformed(Option<(u64, u64)>),
    #[error("cannot read {path}: {source}", path = .1.display(), source = .0)]
    Read(std::io::Error, std::path::PathBuf),
    #[error("{0}")]
    Other(String),
}

fn place(place: &Option<(u64, u64)>) -> String {
    place.map_or_else(String::new, |(line, column)| format!(": look at line {line} column {column}"))
}

impl From<KubeconfigError> for ReadError {
    fn from(error: KubeconfigError) -> Self {
        match error {
            KubeconfigError::Parse(error) => {
                Self::Malformed(error.location().map(|at| (at.line(), at.column())))
            }
            KubeconfigError::ReadConfig(error, path) => Self::Read(error, path),
            // Its text holds its causes already.
            other => Self::Other(other.to_string()),
        }
    }
}

pub fn read(path: &Path) -> Result<Kubeconfig, ReadError> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() > LONGEST) {
        return Err(ReadError::TooLong);
    }
    Ok(Kubeconfig::read_from(path)?)
}

pub async fn configure(kubeconfig: Kubeconfig, options: &KubeConfigOptions) -> Result<Config, ReadError> {
    Ok(Config::from_custom_kubeconfig(kubeconfig, options).await?)
}

/// What `$KUBECONFIG` or else `~/.kube/config` says.
pub async fn default(options: &KubeConfigOptions) -> Result<Config, ReadError> {
    configure(Kubeconfig::read()?, options).await
}

/// The same, and where there is none, the ServiceAccount of the pod.
pub async fn infer(options: &KubeConfigOptions) -> Result<Config, ReadError> {
    match default(options).await {
        Ok(config) => Ok(config),
        Err(error) => Config::incluster().map_err(|_| error),
    }
}

#[cfg(test)]
mod tests;
