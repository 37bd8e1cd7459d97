//! The looking: files, certificates, tokens, the process, the answers of both APIs. Judges nothing.

pub mod connection;
pub mod files;
pub mod process;
pub mod rights;

use jiff::Timestamp;

use self::rights::Asked;
use super::facts::{Facts, Identity, Listener, SideName, TlsFacts};
use crate::{
    security::{config::TlsConfig, rules::syncer::Scope, transport::Origin},
    upstream::Upstream,
};

/// What one side is looked at through.
#[derive(Clone)]
pub struct SideSource {
    pub name: SideName,
    pub origin: Origin,
    /// `None`: nothing is asked.
    pub upstream: Option<Upstream>,
    /// Audiences that the API takes, where that is known.
    pub audiences: Vec<String>,
}

/// What is known without looking.
#[derive(Clone, Default)]
pub struct Given {
    pub listeners: Vec<Listener>,
    pub identity: Identity,
    pub allow_same_cluster: bool,
    pub allow_exec_plugin: bool,
    pub tls: TlsConfig,
    /// `None`: rights are not asked about.
    pub scope: Option<Scope>,
}

/// All facts. Answers about rights are taken from `asked` while they are fresh.
pub async fn gather(sides: &[SideSource], given: &Given, asked: &mut Asked) -> Facts {
    let mut facts = Facts {
        now: Timestamp::now(),
        process: process::look(),
        listeners: given.listeners.clone(),
        identity: given.identity.clone(),
        allow_same_cluster: given.allow_same_cluster,
        allow_exec_plugin: given.allow_exec_plugin,
        tls: TlsFacts {
            min_version: given.tls.min_version.clone(),
            cipher_suites: given.tls.cipher_suites.clone(),
        },
        ..Facts::default()
    };
    for source in sides {
        let (mut side, files) = connection::look(source).await;
        for file in files {
            if !facts.files.contains(&file) {
                facts.files.push(file);
            }
        }
        if let Some(upstream) = &source.upstream {
            side.cluster_uid = connection::cluster_uid(upstream).await;
            if let Some(scope) = &given.scope {
                side.rights = asked.of(source.name, upstream, scope).await;
            }
        }
        facts.sides.push(side);
    }
    facts
}
