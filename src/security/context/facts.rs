//! What is looked at. Everything is plain data, times are absolute, and no secret is in it: of a token only its
//! claims, of a key only whether it fits.

use std::{net::SocketAddr, path::PathBuf};

use jiff::Timestamp;

use super::Code;
use crate::security::rules::{Permission, syncer::Need};

/// All of it, as it was at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub now: Timestamp,
    pub sides: Vec<Side>,
    pub files: Vec<FileFact>,
    /// The effective user of the process; also whose files are trusted, beside root.
    pub process: Process,
    pub listeners: Vec<Listener>,
    pub identity: Identity,
    /// `--allow-same-cluster`
    pub allow_same_cluster: bool,
    /// `--allow-exec-plugin`
    pub allow_exec_plugin: bool,
    pub tls: TlsFacts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SideName {
    #[default]
    Upstream,
    Downstream,
}

impl std::fmt::Display for SideName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Upstream => "upstream",
            Self::Downstream => "downstream",
        })
    }
}

/// One connection, as it is configured and as it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    pub name: SideName,
    /// Where it is configured, as a user knows it: `--kubeconfig /etc/tmc/kubeconfig`.
    pub source: String,
    /// Why no connection can be made, in which case nothing else is known of it.
    pub unusable: Vec<(Code, String)>,
    /// URL of the API.
    pub server: String,
    pub skip_verify: bool,
    pub authorities: Authorities,
    pub certificate: ClientCertificate,
    pub token: Token,
    /// `exec` or `auth-provider` is in use.
    pub exec_plugin: bool,
    /// Uid of namespace `kube-system`, where it could be read.
    pub cluster_uid: Option<String>,
    /// What the rule table asks for; empty while nobody could be asked.
    pub rights: Vec<Right>,
}

/// What the server's certificate is judged by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Authorities {
    /// The machine's own.
    #[default]
    System,
    /// It cannot be read, or holds no certificate.
    Invalid { file: String, why: String },
    /// When each one holds, and a digest of all.
    Given { file: String, validity: Vec<Validity>, fingerprint: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificate {
    #[default]
    None,
    /// One of the two is absent, or cannot be read.
    Unusable { file: String, why: String },
    Given {
        file: String,
        validity: Validity,
        /// The key is that of the certificate.
        key_fits: bool,
        /// Extended key usage is absent, or holds clientAuth.
        client_auth: bool,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Token {
    #[default]
    None,
    Missing {
        file: String,
        why: String,
    },
    Empty {
        file: String,
    },
    /// Not a JWT: nothing can be known of it.
    Opaque {
        file: String,
    },
    Jwt {
        file: String,
        not_before: Option<Timestamp>,
        expires: Option<Timestamp>,
        audiences: Vec<String>,
        /// What the API takes, where that is known; else any audience is fine.
        accepted: Vec<String>,
        /// The file was last written then; `None` for a token that is in no file of its own.
        written: Option<Timestamp>,
    },
}

/// What a file holds decides how closed it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holds {
    /// A key, a token, a kubeconfig: nobody else reads or writes it.
    Secret,
    /// A CA or certificate: nobody else writes it.
    Public,
}

/// A file, after links were followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFact {
    /// As it was configured.
    pub path: PathBuf,
    pub holds: Holds,
    /// Permission bits.
    pub mode: u32,
    pub owner: u32,
    /// Kubernetes projected it: the kubelet owns it, and its group is the pod's.
    pub projected: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Effective user; `None` where the machine does not say.
    pub uid: Option<u32>,
    /// `CapEff`
    pub capabilities: Option<u64>,
    /// `NoNewPrivs`
    pub no_new_privileges: Option<bool>,
    pub writable_root: Option<bool>,
}

/// A port that answers without asking who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// `--metrics-port`
    pub flag: String,
    pub address: String,
    pub loopback: bool,
    /// By TLS with authentication.
    pub protected: bool,
}

impl Listener {
    /// A port that speaks plain HTTP.
    pub fn plain(flag: &str, address: SocketAddr) -> Self {
        let loopback = address.ip().is_loopback();
        Self { flag: flag.to_owned(), address: address.to_string(), loopback, protected: false }
    }
}

/// Which SyncTarget this is, as it was told and as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub target: String,
    /// `--sync-target-uid`
    pub expected_uid: Option<String>,
    /// `None` while the SyncTarget could not be read.
    pub uid: Option<String>,
    /// `--workspace`
    pub expected_workspace: Option<String>,
    /// `spec.kcpCluster`
    pub workspace: Option<String>,
}

/// One right of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    pub permission: Permission,
    pub kind: Wanted,
    /// `None`: the question was not answered.
    pub allowed: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Needed(Need),
    /// Whoever may do this has too much.
    Excessive,
}

/// What a TLS connection may be made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFacts {
    /// `--tls-min-version`, where given.
    pub min_version: Option<String>,
    /// `--tls-cipher-suites`
    pub cipher_suites: Vec<String>,
}
