//! How a syncer logs in upstream: a kubeconfig whose token and CA lie beside it as files of their own, so that a new
//! token is a new value in a Secret and nothing starts anew.

use std::fmt;

use serde_json::{Value, json};

use super::{kinds, namespace, syncers};

/// The name of the Secret.
pub const SECRET: &str = "upstream";
/// Where the Deployment mounts it.
pub const FOLDER: &str = "/etc/tmc/upstream";
pub const KUBECONFIG: &str = "kubeconfig";

/// What the syncer needs to reach its workspace.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// URL, with the path of the workspace.
    pub server: String,
    /// PEM; empty: the machine's own.
    pub authorities: String,
    /// The name in the server's certificate, where it is not that of the URL.
    pub server_name: Option<String>,
    pub token: String,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Access {
    fn kubeconfig(&self) -> Value {
        let mut cluster = json!({"server": self.server});
        if !self.authorities.is_empty() {
            cluster["certificate-authority"] = json!("ca.crt");
        }
        if let Some(name) = &self.server_name {
            cluster["tls-server-name"] = json!(name);
        }
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "upstream",
            "clusters": [{"name": "upstream", "cluster": cluster}],
            "users": [{"name": "syncer", "user": {"tokenFile": "token"}}],
            "contexts": [{"name": "upstream", "context": {"cluster": "upstream", "user": "syncer"}}],
        })
    }

    /// The Secret that holds all of it.
    pub fn secret(&self, target: &str) -> Value {
        let mut secret = syncers(target, kinds::SECRET, &namespace(target), SECRET);
        secret["type"] = json!("Opaque");
        secret["stringData"] = json!({KUBECONFIG: self.kubeconfig().to_string(), "token": self.token});
        if !self.authorities.is_empty() {
            secret["stringData"]["ca.crt"] = json!(self.authorities);
        }
        secret
    }
}
