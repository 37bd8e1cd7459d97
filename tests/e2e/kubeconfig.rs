//! The text of kubeconfig files, as JSON, which is YAML too. Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::pki::Identity;

pub fn with_certificate(server: &str, authority: &str, identity: &Identity) -> String {
    let certificate = STANDARD.encode(&identity.certificate);
    let key = STANDARD.encode(&identity.key);
    kubeconfig(server, authority, &json!({"client-certificate-data": certificate, "client-key-data": key}))
}

pub fn with_token(server: &str, authority: &str, token: &str) -> String {
    kubeconfig(server, authority, &json!({"token": token}))
}

fn kubeconfig(server: &str, authority: &str, user: &Value) -> String {
    let authority = STANDARD.encode(authority);
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "e2e",
        "clusters": [{"name": "e2e", "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": "e2e", "user": user}],
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "e2e"}}],
    });
    serde_json::to_string_pretty(&config).expect("JSON of strings cannot fail")
}
