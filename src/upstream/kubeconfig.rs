//! Reads kubeconfigs. A complaint names the file and the place in it and never shows what stands there:
//! that may be a token or a key.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use kube::{
    Config,
    config::{KubeConfigOptions, Kubeconfig, KubeconfigError},
};

use super::{Login, LoginUser, settings::Role};

/// The longest kubeconfig that is read.
const LONGEST: u64 = 16 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    #[error("it is not a regular file")]
    NoFile,
    #[error("it is not a kubeconfig{}", place(.0))]
    Malformed(Option<(u64, u64)>),
    #[error("cannot read {path}: {source}", path = .1.display(), source = .0)]
    Read(std::io::Error, PathBuf),
    #[error("cannot read {path}: {source}", path = .0.display(), source = .1)]
    Of(PathBuf, Box<ReadError>),
    #[error("the token holds a character that cannot be sent, such as a line break")]
    Token,
    /// About the CAs.
    #[error("{0}")]
    Authorities(String),
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
            KubeconfigError::LoadCertificateAuthority(_) | KubeconfigError::ParseCertificates(_) => {
                Self::Authorities(error.to_string())
            }
            // Its text holds its causes already.
            other => Self::Other(other.to_string()),
        }
    }
}

/// A file, or once what a pipe or a device gives, up to [`LONGEST`] bytes.
pub fn read(path: &Path) -> Result<Kubeconfig, ReadError> {
    let failed = |error| ReadError::Read(error, path.to_owned());
    let about = std::fs::metadata(path).map_err(failed)?;
    if about.len() > LONGEST {
        return Err(ReadError::TooLong);
    }
    if about.is_file() || about.is_dir() {
        return Ok(Kubeconfig::read_from(path)?);
    }
    // It has no length to look at, and nothing lies beside it that a relative path could mean.
    let mut text = Vec::new();
    File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut text)).map_err(failed)?;
    if text.len() as u64 > LONGEST {
        return Err(ReadError::TooLong);
    }
    let text = String::from_utf8(text).map_err(|_| ReadError::Malformed(None))?;
    Ok(Kubeconfig::from_yaml(&text)?)
}

/// What a connection needs, and the files it came from.
#[derive(Debug)]
pub struct Configured {
    pub config: Config,
    pub files: Vec<(Role, PathBuf)>,
    pub in_cluster: bool,
}

impl Configured {
    /// That the kubeconfig itself came from.
    pub fn with(mut self, kubeconfig: &Path) -> Self {
        self.files.push((Role::Kubeconfig, kubeconfig.to_owned()));
        self
    }
}

/// The files that the context in use names; kube reads them whole.
fn files(kubeconfig: &Kubeconfig, options: &KubeConfigOptions) -> Vec<(Role, PathBuf)> {
    let chosen = options.context.as_ref().or(kubeconfig.current_context.as_ref());
    let context = kubeconfig.contexts.iter().find(|context| Some(&context.name) == chosen);
    let Some(context) = context.and_then(|context| context.context.as_ref()) else { return Vec::new() };
    let cluster = kubeconfig.clusters.iter().find(|cluster| cluster.name == context.cluster);
    let user = kubeconfig.auth_infos.iter().find(|user| Some(&user.name) == context.user.as_ref());
    let cluster = cluster.and_then(|cluster| cluster.cluster.as_ref());
    let user = user.and_then(|user| user.auth_info.as_ref());
    let of_user = user.into_iter().flat_map(|user| {
        // What stands in the kubeconfig itself wins.
        let unless = |data: bool, file: &Option<String>| file.clone().filter(|_| !data);
        [
            (Role::Token, unless(user.token.is_some(), &user.token_file)),
            (Role::Certificate, unless(user.client_certificate_data.is_some(), &user.client_certificate)),
            (Role::Key, unless(user.client_key_data.is_some(), &user.client_key)),
        ]
    });
    let of_cluster = cluster.into_iter().map(|cluster| {
        let inline = cluster.certificate_authority_data.is_some();
        (Role::Authorities, cluster.certificate_authority.clone().filter(|_| !inline))
    });
    let named = |(role, file): (Role, Option<String>)| file.map(|file| (role, PathBuf::from(file)));
    of_user.chain(of_cluster).filter_map(named).collect()
}

/// One that is absent is named by who reads it.
fn check(file: &Path) -> Result<(), ReadError> {
    match std::fs::metadata(file) {
        Ok(about) if !about.is_file() => Err(ReadError::Of(file.to_owned(), Box::new(ReadError::NoFile))),
        Ok(about) if about.len() > LONGEST => {
            Err(ReadError::Of(file.to_owned(), Box::new(ReadError::TooLong)))
        }
        _ => Ok(()),
    }
}

pub async fn configure(kubeconfig: Kubeconfig, options: &KubeConfigOptions) -> Result<Configured, ReadError> {
    let files = files(&kubeconfig, options);
    for (_, file) in &files {
        check(file)?;
    }
    let config = Config::from_custom_kubeconfig(kubeconfig, options).await?;
    // kube's client panics on such a token. Its type shows it to a serializer alone.
    let user = serde_json::to_value(&config.auth_info).unwrap_or_default();
    let token = user["token"].as_str().unwrap_or_default();
    if http::HeaderValue::from_str(token).is_err() {
        return Err(ReadError::Token);
    }
    Ok(Configured { config, files, in_cluster: false })
}

/// The CAs of a file, in DER form.
pub fn authorities(file: &Path) -> Result<Vec<Vec<u8>>, ReadError> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let wrong = |why: &dyn std::fmt::Display| ReadError::Authorities(format!("{}: {why}", file.display()));
    check(file).map_err(|error| wrong(&error))?;
    let bytes = std::fs::read(file).map_err(|error| wrong(&error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = found.map_err(|_| wrong(&"it is not PEM"))?;
    if found.is_empty() {
        return Err(wrong(&"it holds no certificate in PEM form"));
    }
    Ok(found.into_iter().map(|der| der.to_vec()).collect())
}

/// The ServiceAccount of the pod.
pub fn in_cluster() -> Result<Configured, ReadError> {
    let config = Config::incluster().map_err(|error| ReadError::Other(error.to_string()))?;
    let token = config.auth_info.token_file.clone().map(|file| (Role::Token, PathBuf::from(file)));
    let authorities = config.root_cert_file.clone().map(|file| (Role::Authorities, file));
    let files = token.into_iter().chain(authorities).collect();
    Ok(Configured { config, files, in_cluster: true })
}

/// One that stands in no file.
pub fn in_memory(login: &Login<'_>) -> Result<Kubeconfig, ReadError> {
    let base64 = |pem: &str| BASE64_STANDARD.encode(pem);
    let user = match login.user {
        LoginUser::Certificate { certificate, key } => serde_json::json!({
            "client-certificate-data": base64(certificate), "client-key-data": base64(key),
        }),
        LoginUser::Token(token) => serde_json::json!({"token": token}),
    };
    let config = serde_json::json!({
        "clusters": [{"name": "", "cluster": {
            "server": login.url, "certificate-authority-data": base64(login.ca),
        }}],
        "users": [{"name": "", "user": user}],
        "contexts": [{"name": "", "context": {"cluster": "", "user": ""}}],
        "current-context": "",
    });
    serde_json::from_value(config).map_err(|error| ReadError::Other(super::redacted(&error)))
}

/// The files that `$KUBECONFIG` or else the home names.
fn default_files() -> Result<Vec<PathBuf>, ReadError> {
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let mut files: Vec<_> =
        std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect();
    if files.is_empty() {
        files.extend(std::env::home_dir().map(|home| home.join(".kube/config")));
    }
    if files.is_empty() { Err(KubeconfigError::FindPath.into()) } else { Ok(files) }
}

pub fn read_default() -> Result<Kubeconfig, ReadError> {
    merged(&default_files()?)
}

/// What `$KUBECONFIG` or else `~/.kube/config` says.
pub async fn default(options: &KubeConfigOptions) -> Result<Configured, ReadError> {
    let files = default_files()?;
    let read = configure(merged(&files)?, options).await?;
    Ok(files.iter().fold(read, |read, file| read.with(file)))
}

/// The first file that says something wins; a complaint names the file it is about.
fn merged(files: &[PathBuf]) -> Result<Kubeconfig, ReadError> {
    files.iter().try_fold(Kubeconfig::default(), |merged, file| {
        let next = read(file).map_err(|error| match error {
            ReadError::Read(..) => error,
            other => ReadError::Of(file.clone(), Box::new(other)),
        })?;
        Ok(merged.merge(next)?)
    })
}

/// The same, and where there is none, the ServiceAccount of the pod.
pub async fn infer(options: &KubeConfigOptions) -> Result<Configured, ReadError> {
    match default(options).await {
        Ok(read) => Ok(read),
        Err(error) => in_cluster().map_err(|_| error),
    }
}

#[cfg(test)]
mod tests;
