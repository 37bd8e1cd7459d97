//! Flags that `register` and `manifests` share, and how they become an installation.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;

use crate::{
    apiserver::tls::read_pem,
    registration::{
        ca::Certificate,
        installation::{Installation, ServiceReference, ServingCa, external_name},
    },
};

#[derive(Clone, Debug, Args)]
pub struct InstallationArgs {
    /// The Service in front of the server, as namespace/name:port
    #[arg(long, value_name = "NS/NAME:PORT", default_value_t)]
    pub service: ServiceReference,

    /// Host of a server outside the cluster: the Service becomes `type: ExternalName`
    #[arg(long, value_name = "HOST", value_parser = external_name)]
    pub external_name: Option<String>,

    /// PEM bundle of the CAs that sign the server's certificate, where `tmc serve` runs with --tls-cert-file
    #[arg(long, value_name = "FILE", conflicts_with = "cert_manager")]
    pub ca_file: Option<PathBuf>,

    /// Let cert-manager make the certificate and keep the APIService's bundle
    #[arg(long)]
    pub cert_manager: bool,

    /// Do not bind the door role to system:authenticated; docs/access.md says what that means
    #[arg(long)]
    pub no_door: bool,
}

impl InstallationArgs {
    pub fn installation(&self) -> anyhow::Result<Installation> {
        let (serving_ca, ca_bundle) = match &self.ca_file {
            Some(file) => (ServingCa::File, read_bundle(file)?),
            None if self.cert_manager => (ServingCa::CertManager, String::new()),
            None => (ServingCa::Secret, String::new()),
        };
        Ok(Installation {
            service: self.service.clone(),
            external_name: self.external_name.clone(),
            serving_ca,
            ca_bundle,
            door: !self.no_door,
        })
    }
}

/// The certificates of the file and nothing else of it: a key that lies beside them stays where it is.
fn read_bundle(file: &Path) -> anyhow::Result<String> {
    let shown = file.display();
    let bytes = read_pem(file).with_context(|| format!("--ca-file: cannot read {shown}"))?;
    let certificates = Certificate::parse_pem(&bytes)
        .with_context(|| format!("--ca-file: cannot use {shown}: give certificates in PEM"))?;
    ensure!(!certificates.is_empty(), "--ca-file: {shown} holds no certificate in PEM");
    let now = jiff::Timestamp::now();
    ensure!(
        certificates.iter().any(|certificate| !certificate.expired(now)),
        "--ca-file: every certificate of {shown} has expired: give the CA that is in use"
    );
    Ok(certificates.iter().map(Certificate::to_pem).collect())
}

#[cfg(test)]
mod tests;
