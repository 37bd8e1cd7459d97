//! What is being registered: the Service in front of the server and how its certificate is trusted.
//!
//! Fed by command line flags, which it checks. It sends nothing.

use std::{fmt, str::FromStr};

#[cfg(test)]
mod tests;

/// `namespace/name:port` of the Service that kube-aggregator calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceReference {
    pub namespace: String,
    pub name: String,
    pub port: u16,
}

/// The port of a Service when none is named, as kube-aggregator has it.
pub const DEFAULT_PORT: u16 = 443;

impl Default for ServiceReference {
    fn default() -> Self {
        Self { namespace: "tmc-system".to_owned(), name: "tmc".to_owned(), port: DEFAULT_PORT }
    }
}

impl fmt::Display for ServiceReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.namespace, self.name, self.port)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceReferenceError {
    #[error("give namespace/name:port, for example tmc-system/tmc:443")]
    Shape,
    #[error("the port {0:?} is not a number from 1 to 65535")]
    Port(String),
    #[error("{part} {value:?} is not a DNS label: use at most 63 of a-z, 0-9 and '-'")]
    Label { part: &'static str, value: String },
}

impl FromStr for ServiceReference {
    type Err = ServiceReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (namespace, rest) = text.split_once('/').ok_or(ServiceReferenceError::Shape)?;
        let (name, port) = match rest.split_once(':') {
            Some((name, port)) => (name, port_number(port)?),
            None => (rest, DEFAULT_PORT),
        };
        for (part, value) in [("namespace", namespace), ("name", name)] {
            if !is_dns_label(value) {
                return Err(ServiceReferenceError::Label { part, value: value.to_owned() });
            }
        }
        Ok(Self { namespace: namespace.to_owned(), name: name.to_owned(), port })
    }
}

/// `namespace/name` alone, where no port means anything.
pub fn service_name(text: &str) -> Result<ServiceReference, String> {
    match text.rsplit_once(':') {
        Some((name, _)) => Err(format!(
            "give namespace/name without a port, for example {name}; --secure-port is the port to listen on"
        )),
        None => text.parse().map_err(|error: ServiceReferenceError| error.to_string()),
    }
}

fn port_number(text: &str) -> Result<u16, ServiceReferenceError> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(ServiceReferenceError::Port(text.to_owned())),
    }
}

/// RFC 1123: what a namespace's and a Service's name must be.
fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl ServiceReference {
    /// The names a serving certificate must have. The first is what kube-aggregator verifies.
    pub fn certificate_names(&self) -> Vec<String> {
        let host = format!("{}.{}.svc", self.name, self.namespace);
        vec![host.clone(), format!("{host}.cluster.local"), "localhost".to_owned(), "127.0.0.1".to_owned()]
    }
}

/// A host outside the cluster that a Service of type ExternalName may point to.
pub fn external_name(text: &str) -> Result<String, String> {
    let labels_hold = text.split('.').all(is_dns_label);
    if text.len() <= 253 && labels_hold {
        return Ok(text.to_owned());
    }
    Err("give a host name without scheme and port, for example tmc.example.com; the port belongs to --service"
        .to_owned())
}

/// Who signs the certificate that the server shows, so what the APIService has to trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServingCa {
    /// Its own CA, kept in one Secret and rotated by the server.
    Secret,
    /// A bundle that somebody else keeps up to date.
    File,
    CertManager,
}

impl ServingCa {
    /// Noted on the APIService, so that the server knows whose bundle it is.
    pub const ANNOTATION: &str = "views.workload.kcp.io/serving-ca";

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::File => "file",
            Self::CertManager => "cert-manager",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Secret, Self::File, Self::CertManager].into_iter().find(|ca| ca.as_str() == text)
    }
}

/// Everything the manifests depend on.
#[derive(Clone, Debug)]
pub struct Installation {
    pub service: ServiceReference,
    /// The Service becomes `type: ExternalName`: the server runs outside of the cluster.
    pub external_name: Option<String>,
    pub serving_ca: ServingCa,
    /// PEM; empty while nobody has made it yet.
    pub ca_bundle: String,
    /// Whether every authenticated user gets the door role.
    pub door: bool,
}

impl Default for Installation {
    fn default() -> Self {
        Self {
            service: ServiceReference::default(),
            external_name: None,
            serving_ca: ServingCa::Secret,
            ca_bundle: String::new(),
            door: true,
        }
    }
}
