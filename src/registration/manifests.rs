//! Every object of an installation, in the order in which it has to be applied.
//!
//! Made from the [`Installation`] and the rule table of `security::rules`, as JSON values: one source for
//! `tmc register`, `tmc manifests` and the files in `apiservice/` and `deploy/`. It sends nothing and holds no key.

use serde_json::{Value, json};

use super::{
    installation::{Installation, ServingCa},
    kinds::Kind,
};
use crate::security::rules;

mod apiservice;
mod cert_manager;
mod rbac;
#[cfg(test)]
mod tests;

pub use apiservice::api_service;
pub use cert_manager::{CERTIFICATE_NAME, SERVING_SECRET};
pub use rbac::rbac;

/// Who owns the fields that registration applies.
pub const FIELD_MANAGER: &str = "tmc";
/// Set on everything that registration makes, so that it can tell its own objects.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "tmc");

/// All objects but the CRDs.
pub fn objects(installation: &Installation) -> Vec<Value> {
    let mut objects = namespaces(installation);
    objects.extend(rbac(installation));
    objects.push(service(installation));
    match installation.serving_ca {
        ServingCa::Secret => objects.push(serving_ca_secret(installation)),
        ServingCa::CertManager => objects.extend(cert_manager::objects(installation)),
        ServingCa::File => {}
    }
    objects.push(api_service(installation));
    objects
}

/// An object with its labels; `namespace` empty for a cluster-scoped one.
pub(super) fn object(kind: Kind, namespace: &str, name: &str) -> Value {
    let mut metadata = json!({
        "name": name,
        "labels": {"app.kubernetes.io/name": "tmc", MANAGED_BY.0: MANAGED_BY.1},
    });
    if kind.namespaced {
        metadata["namespace"] = json!(namespace);
    }
    json!({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata})
}

/// The server's namespace, and the leases' where that is another one.
fn namespaces(installation: &Installation) -> Vec<Value> {
    let mut names = vec![installation.service.namespace.as_str()];
    if installation.service.namespace != rules::LEASE_NAMESPACE {
        names.push(rules::LEASE_NAMESPACE);
    }
    names.into_iter().map(|name| object(super::kinds::NAMESPACE, "", name)).collect()
}

fn service(installation: &Installation) -> Value {
    let reference = &installation.service;
    let mut service = object(super::kinds::SERVICE, &reference.namespace, &reference.name);
    let port = json!({"name": "https", "port": reference.port, "protocol": "TCP"});
    service["spec"] = match &installation.external_name {
        Some(host) => json!({"type": "ExternalName", "externalName": host, "ports": [port]}),
        None => {
            let mut port = port;
            port["targetPort"] = json!("https");
            json!({"type": "ClusterIP", "selector": {"app.kubernetes.io/name": "tmc"}, "ports": [port]})
        }
    };
    service
}

/// Without data: whoever finds it empty, `tmc register` or `tmc serve`, fills it with a new CA.
fn serving_ca_secret(installation: &Installation) -> Value {
    let namespace = &installation.service.namespace;
    let mut secret = object(super::kinds::SECRET, namespace, rules::SERVING_CA_SECRET);
    secret["type"] = json!("Opaque");
    secret
}

/// The objects as one YAML stream.
pub fn yaml(objects: &[Value]) -> Result<String, serde_saphyr::SerializeError> {
    let mut text = String::new();
    for object in objects {
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(object)?);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}
