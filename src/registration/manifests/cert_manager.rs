//! Issuers and certificates for clusters whose certificates come from cert-manager.
//!
//! A self-signed issuer makes a CA, the CA's issuer makes the serving certificate; cert-manager's injector
//! keeps the APIService's bundle. The server gets the certificate as files.

use serde_json::{Value, json};

use super::{super::kinds, object};
use crate::registration::installation::Installation;

/// The serving certificate, which the APIService's annotation names.
pub const CERTIFICATE_NAME: &str = "tmc-serving";
/// The Secret that holds its `tls.crt` and `tls.key`.
pub const SERVING_SECRET: &str = "tmc-serving-cert";

const SELF_SIGNED: &str = "tmc-self-signed";
const CA: &str = "tmc-cert-manager-ca";

pub fn objects(installation: &Installation) -> Vec<Value> {
    let namespace = &installation.service.namespace;
    let mut self_signed = object(kinds::ISSUER, namespace, SELF_SIGNED);
    self_signed["spec"] = json!({"selfSigned": {}});
    let mut ca = object(kinds::CERTIFICATE, namespace, CA);
    ca["spec"] = json!({
        "isCA": true, "commonName": CA, "secretName": CA, "duration": "8760h",
        "privateKey": {"algorithm": "ECDSA", "size": 256}, "issuerRef": issuer(SELF_SIGNED),
    });
    let mut ca_issuer = object(kinds::ISSUER, namespace, CA);
    ca_issuer["spec"] = json!({"ca": {"secretName": CA}});
    let mut serving = object(kinds::CERTIFICATE, namespace, CERTIFICATE_NAME);
    let (addresses, names): (Vec<_>, Vec<_>) = installation
        .service
        .certificate_names()
        .into_iter()
        .partition(|name| name.parse::<std::net::IpAddr>().is_ok());
    serving["spec"] = json!({
        "secretName": SERVING_SECRET, "duration": "720h", "dnsNames": names, "ipAddresses": addresses,
        "usages": ["server auth"], "privateKey": {"algorithm": "ECDSA", "size": 256},
        "issuerRef": issuer(CA),
    });
    vec![self_signed, ca, ca_issuer, serving]
}

fn issuer(name: &str) -> Value {
    json!({"group": "cert-manager.io", "kind": "Issuer", "name": name})
}
